/* family_opt.c - OPT (arXiv 2205.01068). Its table of positions begins two rows
 * early. */
#include "exchange/family.h"

static const char *const types[] = { "opt", NULL };

static const double OPT_EPS = 1e-5; /* in its code, not a key */

static void read(struct asked *a)
{
    const char *act = asked_text(a, "activation_function", "relu");
    const char *ffn = family_ffn(act, false);
    idx C = asked_need(a, "hidden_size");
    if (!ffn)
        asked_refuse(a, "activation_function", act);
    if (!asked_bool(a, "do_layer_norm_before", true))
        asked_refuse(a, "do_layer_norm_before", "false");
    if (asked_bool(a, "_remove_final_layer_norm", false))
        asked_refuse(a, "_remove_final_layer_norm", "true");
    if (!asked_bool(a, "layer_norm_elementwise_affine", true))
        asked_refuse(a, "layer_norm_elementwise_affine", "false");
    if (asked_count(a, "word_embed_proj_dim", C) != C)
        asked_refuse(a, "word_embed_proj_dim", "not hidden_size");
    asked_put(a, "model.layers=%td", asked_need(a, "num_hidden_layers"));
    asked_put(a, "model.width=%td", C);
    asked_put(a, "model.heads=%td", asked_need(a, "num_attention_heads"));
    asked_put(a, "model.context=%td", asked_need(a, "max_position_embeddings"));
    asked_put(a, "model.ffn_width=%td", asked_need(a, "ffn_dim"));
    asked_put(a, "model.norm=layernorm");
    asked_put(a, "model.norm_eps=%.17g", OPT_EPS);
    asked_put(a, "model.ffn=%s", ffn ? ffn : "relu");
    asked_put(a, "model.position=learned");
    asked_put(a, "model.biases=%s",
              asked_bool(a, "enable_bias", true) ? "yes" : "no");
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", true) ? "yes" : "no");
    asked_put_tokens(a, asked_need(a, "vocab_size"));
}

static void link(struct links *l)
{
    static const enum link_kind A = LINK_AS_IS;
    idx C = l->m->C;
    links_add(l, A, "token.weight", "decoder.embed_tokens.weight", 0, -1);
    links_add(l, LINK_BEHIND_2, "position.weight",
              "decoder.embed_positions.weight", 0, -1);
    for (idx i = 0; i < l->m->L; i++) {
        links_add_of(l, A, i, "norm1.gain",
                     "decoder.layers.%td.self_attn_layer_norm.weight", 0, -1);
        links_add_of(l, A, i, "norm1.shift",
                     "decoder.layers.%td.self_attn_layer_norm.bias", 0, -1);
        links_add_linear(l, A, i, "attention.qkv",
                         "decoder.layers.%td.self_attn.q_proj", 0, C);
        links_add_linear(l, A, i, "attention.qkv",
                         "decoder.layers.%td.self_attn.k_proj", C, C);
        links_add_linear(l, A, i, "attention.qkv",
                         "decoder.layers.%td.self_attn.v_proj", 2 * C, C);
        links_add_linear(l, A, i, "attention.out",
                         "decoder.layers.%td.self_attn.out_proj", 0, -1);
        links_add_of(l, A, i, "norm2.gain",
                     "decoder.layers.%td.final_layer_norm.weight", 0, -1);
        links_add_of(l, A, i, "norm2.shift",
                     "decoder.layers.%td.final_layer_norm.bias", 0, -1);
        links_add_linear(l, A, i, "ffn.up", "decoder.layers.%td.fc1", 0, -1);
        links_add_linear(l, A, i, "ffn.down", "decoder.layers.%td.fc2", 0, -1);
    }
    links_add(l, A, "final.gain", "decoder.final_layer_norm.weight", 0, -1);
    links_add(l, A, "final.shift", "decoder.final_layer_norm.bias", 0, -1);
    if (l->m->unembed_w != l->m->token_w)
        links_add(l, A, "head.weight", "lm_head.weight", 0, -1);
}

static const char *refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->norm != NORM_LAYER                     ? "model.norm"
           : o->norm_eps != OPT_EPS                  ? "model.norm_eps"
           : o->norm_place != PLACE_PRE              ? "model.norm_place"
           : o->parallel                             ? "model.parallel"
           : !family_is_plain(o->ffn)                ? "model.ffn"
           : o->position != POSITION_LEARNED         ? "model.position"
           : o->biases && o->biases_on != BIASES_ALL ? "model.biases_on"
           : m->H * m->D != m->C                     ? "model.head_width"
           : m->K != m->H                            ? "attention.kv_heads"
                                                     : NULL;
}

static void write(struct json *j, const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    json_put_count(j, "hidden_size", m->C);
    json_put_count(j, "word_embed_proj_dim", m->C);
    json_put_count(j, "num_hidden_layers", m->L);
    json_put_count(j, "num_attention_heads", m->H);
    json_put_count(j, "ffn_dim", m->F);
    json_put_count(j, "max_position_embeddings", m->T);
    json_put_text(j, "activation_function", family_act(o->ffn));
    json_put_bool(j, "do_layer_norm_before", true);
    json_put_bool(j, "enable_bias", o->biases);
    json_put_number(j, "dropout", 0);
}

static const char *const passed_over[] = { NULL };

const struct family family_opt = {
    .title = "OPT",
    .types = types,
    .prefix = "model.",
    .read = read,
    .link = link,
    .passed_over = passed_over,
    .architecture = "OPTForCausalLM",
    .refuses = refuses,
    .write = write,
};
