#include "exchange/llama_like.h"

#include <string.h>

/* ---- config.json to settings --------------------------------------------- */

idx llama_read_sizes(struct asked *a)
{
    idx L = asked_need(a, "num_hidden_layers");
    idx H = asked_need(a, "num_attention_heads");
    idx C = asked_need(a, "hidden_size");
    idx D = asked_count(a, "head_dim", 0);
    const char *act = asked_text(a, "hidden_act", "silu");
    const char *ffn = family_ffn(act, true);
    double part = 1;
    if (!ffn)
        asked_refuse(a, "hidden_act", act);
    asked_put(a, "model.layers=%td", L);
    asked_put(a, "model.width=%td", C);
    asked_put(a, "model.heads=%td", H);
    if (D && (C % idx_max(H, 1) || D != C / idx_max(H, 1)))
        asked_put(a, "model.head_width=%td", D);
    asked_put(a, "model.context=%td", asked_need(a, "max_position_embeddings"));
    asked_put(a, "model.ffn_width=%td", asked_need(a, "intermediate_size"));
    asked_put(a, "model.ffn=%s", ffn ? ffn : "swiglu");
    asked_put_rope(a, "rope_theta", &part);
    if (part != 1) /* theirs turn all, whatever it says */
        asked_refuse(a, "partial_rotary_factor", "other than 1");
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", false) ? "yes" : "no");
    idx K = asked_count(a, "num_key_value_heads", H);
    if (K < 1)
        asked_refuse(a, "num_key_value_heads", "0");
    if (K != H)
        asked_put(a, "attention.kv_heads=%td", K);
    asked_put_tokens(a, asked_need(a, "vocab_size"));
    return L;
}

double llama_read_rms(struct asked *a, double eps)
{
    eps = asked_number(a, "rms_norm_eps", eps);
    asked_put(a, "model.norm=rmsnorm");
    asked_put(a, "model.norm_eps=%.17g", eps);
    return eps;
}

void llama_read_biases(struct asked *a, bool attention, bool ffn)
{
    asked_put(a, "model.biases=%s", attention || ffn ? "yes" : "no");
    if (attention != ffn)
        asked_put(a, "model.biases_on=%s", attention ? "attention" : "ffn");
}

void llama_read_windows(struct asked *a, idx layers)
{
    struct windows w = { .layers = layers };
    if (!asked_bool(a, "use_sliding_window", false))
        return;
    w.size = asked_count(a, "sliding_window", 4096);
    idx from = asked_count(a, "max_window_layers", 28);
    for (idx i = 0; i < layers && i < KEY_LIST_MAX; i++)
        w.has[i] = i >= from;
    asked_window_types(&w, a, "layer_types", "sliding_attention",
                       "full_attention");
    asked_put_windows(a, &w);
}

/* ---- links --------------------------------------------------------------- */

/* The gain, and the shift of a norm that has one. */
static void link_norm(struct links *l, idx layer, const char *ours,
                      const char *theirs)
{
    bool learns = l->m->spec.model.norm == NORM_RMS;
    char gain[PARAM_NAME_MAX], shift[PARAM_NAME_MAX];
    snprintf(gain, sizeof gain, "%s.gain", ours);
    snprintf(shift, sizeof shift, "%s.shift", ours);
    links_add_of(l, learns ? LINK_AS_IS : LINK_ONES, layer, gain,
                 learns ? theirs : "", 0, -1);
    if (!learns)
        links_add_of(l, LINK_ZEROS, layer, shift, "", 0, -1);
}

static void link_attention(struct links *l, idx i)
{
    const struct model *m = l->m;
    static const enum link_kind A = LINK_AS_IS;
    idx q = m->H * m->D, k = m->K * m->D;
    links_add_linear(l, A, i, "attention.qkv", "layers.%td.self_attn.q_proj", 0,
                     q);
    links_add_linear(l, A, i, "attention.qkv", "layers.%td.self_attn.k_proj", q,
                     k);
    links_add_linear(l, A, i, "attention.qkv", "layers.%td.self_attn.v_proj",
                     q + k, k);
    if (m->blocks[i].attention.qk_norm != QK_NORM_NONE) {
        links_add_of(l, A, i, "attention.qk_norm.query",
                     "layers.%td.self_attn.q_norm.weight", 0, -1);
        links_add_of(l, A, i, "attention.qk_norm.key",
                     "layers.%td.self_attn.k_norm.weight", 0, -1);
    }
    links_add_linear(l, A, i, "attention.out", "layers.%td.self_attn.o_proj", 0,
                     -1);
}

/* The second of theirs in front is called post_attention_layernorm, too. */
static void link_norms(struct links *l, idx i)
{
    bool is_behind = l->m->spec.model.norm_place == PLACE_BEHIND;
    link_norm(l, i, is_behind ? "norm1_behind" : "norm1",
              is_behind ? "layers.%td.post_attention_layernorm.weight"
                        : "layers.%td.input_layernorm.weight");
    link_norm(l, i, is_behind ? "norm2_behind" : "norm2",
              is_behind ? "layers.%td.post_feedforward_layernorm.weight"
                        : "layers.%td.post_attention_layernorm.weight");
}

void llama_link(struct links *l)
{
    const struct model *m = l->m;
    static const enum link_kind A = LINK_AS_IS;
    bool learns = m->spec.model.norm == NORM_RMS;
    idx F = m->F;
    links_add(l, A, "token.weight", "embed_tokens.weight", 0, -1);
    for (idx i = 0; i < m->L; i++) {
        link_norms(l, i);
        link_attention(l, i);
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

/* ---- for export ---------------------------------------------------------- */

const char *llama_refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    bool is_gated =
        o->ffn == FFN_SWIGLU || o->ffn == FFN_GEGLU || o->ffn == FFN_REGLU;
    return o->parallel                    ? "model.parallel"
           : !is_gated                    ? "model.ffn"
           : o->position != POSITION_ROPE ? "model.position"
           : o->rope_part < 1             ? "model.rope_part"
                                          : NULL;
}

const char *llama_refuses_width(const struct model *m)
{
    return m->H * m->D != m->C ? "model.head_width" : NULL;
}

const char *llama_refuses_qk_norm(const struct model *m, int kind)
{
    const struct attention_options *a = &m->spec.attention;
    return a->qk_norm != kind                         ? "attention.qk_norm"
           : a->qk_norm_eps != m->spec.model.norm_eps ? "attention.qk_norm_eps"
                                                      : NULL;
}

bool llama_biases_attention(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->biases &&
           (o->biases_on == BIASES_ALL || o->biases_on == BIASES_ATTENTION);
}

bool llama_biases_ffn(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->biases &&
           (o->biases_on == BIASES_ALL || o->biases_on == BIASES_FFN);
}

const char *llama_refuses_biases(const struct model *m, bool attention,
                                 bool ffn)
{
    const struct model_options *o = &m->spec.model;
    bool are_other =
        o->biases_on == BIASES_QKV || o->biases_on == BIASES_NOT_QKV;
    if (!o->biases)
        return NULL;
    if (are_other || (llama_biases_attention(m) && !attention) ||
        (llama_biases_ffn(m) && !ffn))
        return attention ? "model.biases_on" : "model.biases";
    return NULL;
}

void llama_write_sizes(struct json *j, const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    json_put_count(j, "hidden_size", m->C);
    json_put_count(j, "num_hidden_layers", m->L);
    json_put_count(j, "num_attention_heads", m->H);
    json_put_count(j, "num_key_value_heads", m->K);
    json_put_count(j, "head_dim", m->D);
    json_put_count(j, "intermediate_size", m->F);
    json_put_count(j, "max_position_embeddings", m->T);
    json_put_text(j, "hidden_act", family_act(o->ffn));
    if (o->norm == NORM_RMS)
        json_put_number(j, "rms_norm_eps", o->norm_eps);
    rope_write(j, o, "rope_theta", false);
}

/* Both spellings: layer_types has it in newer versions, the last of them from a
 * layer on in older ones, if that says the same. */
void llama_write_windows(struct json *j, const struct model *m)
{
    idx window = m->spec.attention.window, from = m->L;
    while (from > 0 && m->blocks[from - 1].attention.window)
        from--;
    json_put_bool(j, "use_sliding_window", window > 0);
    if (!window)
        return;
    json_put_count(j, "sliding_window", window);
    json_put_count(j, "max_window_layers", from);
    json_begin_array(j, "layer_types");
    for (idx i = 0; i < m->L; i++)
        json_put_text(j, NULL,
                      m->blocks[i].attention.window ? "sliding_attention"
                                                    : "full_attention");
    json_end(j);
}

const char *const llama_passed_over[] = { ".rotary_emb.inv_freq", NULL };
