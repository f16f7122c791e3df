/* family_neox.c - GPT-NeoX, as Pythia is (arXiv 2304.01373): rotary positions
 * on a part of a head, both halves of a block beside each other. Queries, keys
 * and values of a head lie together. */
#include "exchange/family.h"

static const char *const types[] = { "gpt_neox", NULL };

static void read(struct asked *a)
{
    const char *act = asked_text(a, "hidden_act", "gelu");
    const char *ffn = family_ffn(act, false);
    double part = asked_number(a, "rotary_pct", 0.25);
    if (!ffn)
        asked_refuse(a, "hidden_act", act);
    asked_put(a, "model.layers=%td", asked_need(a, "num_hidden_layers"));
    asked_put(a, "model.width=%td", asked_need(a, "hidden_size"));
    asked_put(a, "model.heads=%td", asked_need(a, "num_attention_heads"));
    asked_put(a, "model.context=%td", asked_need(a, "max_position_embeddings"));
    asked_put(a, "model.ffn_width=%td", asked_need(a, "intermediate_size"));
    asked_put(a, "model.norm=layernorm");
    asked_put(a, "model.norm_eps=%.17g",
              asked_number(a, "layer_norm_eps", 1e-5));
    asked_put(a, "model.parallel=%s",
              asked_bool(a, "use_parallel_residual", true) ? "yes" : "no");
    asked_put(a, "model.ffn=%s", ffn ? ffn : "gelu_erf");
    asked_put_rope(a, "rotary_emb_base", &part);
    asked_put(a, "model.rope_part=%.17g", part);
    asked_put(a, "model.biases=yes");
    if (!asked_bool(a, "attention_bias", true))
        asked_put(a, "model.biases_on=ffn");
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", false) ? "yes" : "no");
    asked_put_tokens(a, asked_need(a, "vocab_size"));
}

static void link(struct links *l)
{
    static const enum link_kind A = LINK_AS_IS;
    links_add(l, A, "token.weight", "embed_in.weight", 0, -1);
    for (idx i = 0; i < l->m->L; i++) {
        links_add_of(l, A, i, "norm1.gain", "layers.%td.input_layernorm.weight",
                     0, -1);
        links_add_of(l, A, i, "norm1.shift", "layers.%td.input_layernorm.bias",
                     0, -1);
        links_add_linear(l, LINK_BY_HEAD, i, "attention.qkv",
                         "layers.%td.attention.query_key_value", 0, -1);
        links_add_linear(l, A, i, "attention.out", "layers.%td.attention.dense",
                         0, -1);
        links_add_of(l, A, i, "norm2.gain",
                     "layers.%td.post_attention_layernorm.weight", 0, -1);
        links_add_of(l, A, i, "norm2.shift",
                     "layers.%td.post_attention_layernorm.bias", 0, -1);
        links_add_linear(l, A, i, "ffn.up", "layers.%td.mlp.dense_h_to_4h", 0,
                         -1);
        links_add_linear(l, A, i, "ffn.down", "layers.%td.mlp.dense_4h_to_h", 0,
                         -1);
    }
    links_add(l, A, "final.gain", "final_layer_norm.weight", 0, -1);
    links_add(l, A, "final.shift", "final_layer_norm.bias", 0, -1);
    if (l->m->unembed_w != l->m->token_w)
        links_add(l, A, "head.weight", "embed_out.weight", 0, -1);
}

static const char *refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    bool has_places = o->biases_on == BIASES_ALL || o->biases_on == BIASES_FFN;
    return o->norm != NORM_LAYER          ? "model.norm"
           : o->norm_place != PLACE_PRE   ? "model.norm_place"
           : !family_is_plain(o->ffn)     ? "model.ffn"
           : o->position != POSITION_ROPE ? "model.position"
           : !o->biases                   ? "model.biases"
           : !has_places                  ? "model.biases_on"
           : m->H * m->D != m->C          ? "model.head_width"
           : m->K != m->H                 ? "attention.kv_heads"
                                          : NULL;
}

static void write(struct json *j, const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    json_put_count(j, "hidden_size", m->C);
    json_put_count(j, "num_hidden_layers", m->L);
    json_put_count(j, "num_attention_heads", m->H);
    json_put_count(j, "intermediate_size", m->F);
    json_put_count(j, "max_position_embeddings", m->T);
    json_put_text(j, "hidden_act", family_act(o->ffn));
    json_put_number(j, "layer_norm_eps", o->norm_eps);
    json_put_number(j, "rotary_pct", o->rope_part);
    rope_write(j, o, "rotary_emb_base", true);
    json_put_bool(j, "use_parallel_residual", o->parallel);
    json_put_bool(j, "attention_bias", o->biases_on == BIASES_ALL);
}

static const char *const passed_over[] = { ".attention.bias",
                                           ".attention.masked_bias",
                                           ".rotary_emb.inv_freq", NULL };

const struct family family_neox = {
    .title = "GPT-NeoX",
    .types = types,
    .prefix = "gpt_neox.",
    .read = read,
    .link = link,
    .passed_over = passed_over,
    .architecture = "GPTNeoXForCausalLM",
    .refuses = refuses,
    .write = write,
};
