/* family_llama.c - LLaMA (arXiv 2302.13971) and what is built like it: Qwen2
 * (biases on queries, keys, values), OLMo 1 (norms that learn nothing). */
#include "exchange/family.h"

static const char *const llama_types[] = { "llama", NULL };
static const char *const qwen2_types[] = { "qwen2", NULL };
static const char *const olmo_types[] = { "olmo", NULL };

static void read_sizes(struct asked *a)
{
    idx H = asked_need(a, "num_attention_heads");
    idx C = asked_need(a, "hidden_size");
    idx D = asked_count(a, "head_dim", 0);
    const char *act = asked_text(a, "hidden_act", "silu");
    const char *ffn = family_ffn(act, true);
    double part = 1, base = asked_rope_base(a, "rope_theta", &part);
    if (!ffn)
        asked_refuse(a, "hidden_act", act);
    if (part != 1) /* theirs turn all, whatever it says */
        asked_refuse(a, "partial_rotary_factor", "other than 1");
    asked_put(a, "model.layers=%td", asked_need(a, "num_hidden_layers"));
    asked_put(a, "model.width=%td", C);
    asked_put(a, "model.heads=%td", H);
    if (D && (C % idx_max(H, 1) || D != C / idx_max(H, 1)))
        asked_put(a, "model.head_width=%td", D);
    asked_put(a, "model.context=%td", asked_need(a, "max_position_embeddings"));
    asked_put(a, "model.ffn_width=%td", asked_need(a, "intermediate_size"));
    asked_put(a, "model.ffn=%s", ffn ? ffn : "swiglu");
    asked_put(a, "model.position=rope");
    asked_put(a, "model.rope_base=%.17g", base);
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", false) ? "yes" : "no");
    idx K = asked_count(a, "num_key_value_heads", H);
    if (K < 1)
        asked_refuse(a, "num_key_value_heads", "0");
    if (K != H)
        asked_put(a, "attention.kv_heads=%td", K);
    asked_put_tokens(a, asked_need(a, "vocab_size"));
}

static void put_rms(struct asked *a)
{
    asked_put(a, "model.norm=rmsnorm");
    asked_put(a, "model.norm_eps=%.17g", asked_number(a, "rms_norm_eps", 1e-6));
}

static void put_biases(struct asked *a, bool attention, bool ffn)
{
    asked_put(a, "model.biases=%s", attention || ffn ? "yes" : "no");
    if (attention != ffn)
        asked_put(a, "model.biases_on=%s", attention ? "attention" : "ffn");
}

static void read_llama(struct asked *a)
{
    read_sizes(a);
    put_rms(a);
    put_biases(a, asked_bool(a, "attention_bias", false),
               asked_bool(a, "mlp_bias", false));
}

static void read_qwen2(struct asked *a)
{
    if (asked_bool(a, "use_sliding_window", false))
        asked_refuse(a, "use_sliding_window", "true");
    read_sizes(a);
    put_rms(a);
    asked_put(a, "model.biases=yes");
    asked_put(a, "model.biases_on=qkv");
}

static void read_olmo(struct asked *a)
{
    if (!json_value_is_null(json_value_member(a->json, "clip_qkv")))
        asked_refuse(a, "clip_qkv", "a bound on queries, keys and values");
    read_sizes(a);
    asked_put(a, "model.norm=layernorm"); /* eps is in its code, not a key */
    put_biases(a, asked_bool(a, "attention_bias", false), false);
}

static void link_norm(struct links *l, idx i, bool learns, const char *gain,
                      const char *shift, const char *theirs)
{
    links_add_of(l, learns ? LINK_AS_IS : LINK_ONES, i, gain,
                 learns ? theirs : "", 0, -1);
    if (l->m->spec.model.norm == NORM_LAYER)
        links_add_of(l, LINK_ZEROS, i, shift, "", 0, -1);
}

static void link_blocks(struct links *l, bool learns)
{
    const struct model *m = l->m;
    static const enum link_kind A = LINK_AS_IS;
    idx q = m->H * m->D, k = m->K * m->D, F = m->F;
    links_add(l, A, "token.weight", "embed_tokens.weight", 0, -1);
    for (idx i = 0; i < m->L; i++) {
        link_norm(l, i, learns, "norm1.gain", "norm1.shift",
                  "layers.%td.input_layernorm.weight");
        links_add_linear(l, A, i, "attention.qkv",
                         "layers.%td.self_attn.q_proj", 0, q);
        links_add_linear(l, A, i, "attention.qkv",
                         "layers.%td.self_attn.k_proj", q, k);
        links_add_linear(l, A, i, "attention.qkv",
                         "layers.%td.self_attn.v_proj", q + k, k);
        links_add_linear(l, A, i, "attention.out",
                         "layers.%td.self_attn.o_proj", 0, -1);
        link_norm(l, i, learns, "norm2.gain", "norm2.shift",
                  "layers.%td.post_attention_layernorm.weight");
        links_add_linear(l, A, i, "ffn.up", "layers.%td.mlp.gate_proj", 0, F);
        links_add_linear(l, A, i, "ffn.up", "layers.%td.mlp.up_proj", F, F);
        links_add_linear(l, A, i, "ffn.down", "layers.%td.mlp.down_proj", 0,
                         -1);
    }
    links_add(l, learns ? A : LINK_ONES, "final.gain",
              learns ? "norm.weight" : "", 0, -1);
    if (!learns)
        links_add(l, LINK_ZEROS, "final.shift", "", 0, -1);
    if (m->unembed_w != m->token_w)
        links_add(l, A, "head.weight", "lm_head.weight", 0, -1);
}

static void link_llama(struct links *l)
{
    link_blocks(l, true);
}

static void link_olmo(struct links *l)
{
    link_blocks(l, false);
}

static const char *refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    bool is_gated =
        o->ffn == FFN_SWIGLU || o->ffn == FFN_GEGLU || o->ffn == FFN_REGLU;
    return o->norm != NORM_RMS                       ? "model.norm"
           : o->norm_place != PLACE_PRE              ? "model.norm_place"
           : o->parallel                             ? "model.parallel"
           : !is_gated                               ? "model.ffn"
           : o->position != POSITION_ROPE            ? "model.position"
           : o->rope_part < 1                        ? "model.rope_part"
           : o->biases && o->biases_on == BIASES_QKV ? "model.biases_on"
                                                     : NULL;
}

static void write(struct json *j, const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    bool all = o->biases && o->biases_on == BIASES_ALL;
    json_put_count(j, "hidden_size", m->C);
    json_put_count(j, "num_hidden_layers", m->L);
    json_put_count(j, "num_attention_heads", m->H);
    json_put_count(j, "num_key_value_heads", m->K);
    json_put_count(j, "head_dim", m->D);
    json_put_count(j, "intermediate_size", m->F);
    json_put_count(j, "max_position_embeddings", m->T);
    json_put_text(j, "hidden_act", family_act(o->ffn));
    json_put_number(j, "rms_norm_eps", o->norm_eps);
    json_put_number(j, "rope_theta", o->rope_base);
    json_begin_object(j, "rope_parameters"); /* transformers 5 */
    json_put_text(j, "rope_type", "default");
    json_put_number(j, "rope_theta", o->rope_base);
    json_end(j);
    json_put_bool(j, "attention_bias",
                  all || (o->biases && o->biases_on == BIASES_ATTENTION));
    json_put_bool(j, "mlp_bias",
                  all || (o->biases && o->biases_on == BIASES_FFN));
}

static const char *const passed_over[] = { ".rotary_emb.inv_freq", NULL };

const struct family family_llama = {
    .title = "LLaMA",
    .types = llama_types,
    .prefix = "model.",
    .read = read_llama,
    .link = link_llama,
    .passed_over = passed_over,
    .architecture = "LlamaForCausalLM",
    .refuses = refuses,
    .write = write,
};

const struct family family_qwen2 = {
    .title = "Qwen2",
    .types = qwen2_types,
    .prefix = "model.",
    .read = read_qwen2,
    .link = link_llama,
    .passed_over = passed_over,
};

const struct family family_olmo = {
    .title = "OLMo",
    .types = olmo_types,
    .prefix = "model.",
    .read = read_olmo,
    .link = link_olmo,
    .passed_over = passed_over,
};
