/* family_gpt2.c - GPT-2 (Radford et al., 2019). Its linear layers are stored
 * as (in, out). */
#include "exchange/family.h"

static const char *const types[] = { "gpt2", NULL };

static void read(struct asked *a)
{
    idx C = asked_need(a, "n_embd"), V = asked_need(a, "vocab_size");
    const char *act = asked_text(a, "activation_function", "gelu_new");
    const char *ffn = family_ffn(act, false);
    idx F = asked_count(a, "n_inner", 4 * C);
    if (F < 1) /* of ours, 0 is a width by default */
        asked_refuse(a, "n_inner", "0");
    if (!ffn)
        asked_refuse(a, "activation_function", act);
    if (!asked_bool(a, "scale_attn_weights", true))
        asked_refuse(a, "scale_attn_weights", "false");
    if (asked_bool(a, "scale_attn_by_inverse_layer_idx", false))
        asked_refuse(a, "scale_attn_by_inverse_layer_idx", "true");
    if (asked_bool(a, "add_cross_attention", false))
        asked_refuse(a, "add_cross_attention", "true");
    asked_put(a, "model.layers=%td", asked_need(a, "n_layer"));
    asked_put(a, "model.width=%td", C);
    asked_put(a, "model.heads=%td", asked_need(a, "n_head"));
    asked_put(a, "model.context=%td", asked_need(a, "n_positions"));
    asked_put(a, "model.ffn_width=%td", F);
    asked_put(a, "model.norm=layernorm");
    asked_put(a, "model.norm_eps=%.17g",
              asked_number(a, "layer_norm_epsilon", 1e-5));
    asked_put(a, "model.ffn=%s", ffn ? ffn : "gelu");
    asked_put(a, "model.position=learned");
    asked_put(a, "model.biases=yes");
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", true) ? "yes" : "no");
    asked_put_tokens(a, V);
}

static void link(struct links *l)
{
    static const enum link_kind T = LINK_TRANSPOSED, A = LINK_AS_IS;
    links_add(l, A, "token.weight", "wte.weight", 0, -1);
    links_add(l, A, "position.weight", "wpe.weight", 0, -1);
    for (idx i = 0; i < l->m->L; i++) {
        links_add_of(l, A, i, "norm1.gain", "h.%td.ln_1.weight", 0, -1);
        links_add_of(l, A, i, "norm1.shift", "h.%td.ln_1.bias", 0, -1);
        links_add_linear(l, T, i, "attention.qkv", "h.%td.attn.c_attn", 0, -1);
        links_add_linear(l, T, i, "attention.out", "h.%td.attn.c_proj", 0, -1);
        links_add_of(l, A, i, "norm2.gain", "h.%td.ln_2.weight", 0, -1);
        links_add_of(l, A, i, "norm2.shift", "h.%td.ln_2.bias", 0, -1);
        links_add_linear(l, T, i, "ffn.up", "h.%td.mlp.c_fc", 0, -1);
        links_add_linear(l, T, i, "ffn.down", "h.%td.mlp.c_proj", 0, -1);
    }
    links_add(l, A, "final.gain", "ln_f.weight", 0, -1);
    links_add(l, A, "final.shift", "ln_f.bias", 0, -1);
    if (l->m->unembed_w != l->m->token_w)
        links_add(l, A, "head.weight", "lm_head.weight", 0, -1);
}

static const char *refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->norm != NORM_LAYER             ? "model.norm"
           : o->norm_place != PLACE_PRE      ? "model.norm_place"
           : o->parallel                     ? "model.parallel"
           : !family_is_plain(o->ffn)        ? "model.ffn"
           : o->position != POSITION_LEARNED ? "model.position"
           : !o->biases                      ? "model.biases"
           : o->biases_on != BIASES_ALL      ? "model.biases_on"
           : m->H * m->D != m->C             ? "model.head_width"
           : m->K != m->H                    ? "attention.kv_heads"
                                             : NULL;
}

static void write(struct json *j, const struct model *m)
{
    json_put_count(j, "n_embd", m->C);
    json_put_count(j, "n_layer", m->L);
    json_put_count(j, "n_head", m->H);
    json_put_count(j, "n_inner", m->F);
    json_put_count(j, "n_positions", m->T);
    json_put_text(j, "activation_function", family_act(m->spec.model.ffn));
    json_put_number(j, "layer_norm_epsilon", m->spec.model.norm_eps);
    json_put_number(j, "attn_pdrop", 0);
    json_put_number(j, "embd_pdrop", 0);
    json_put_number(j, "resid_pdrop", 0);
}

/* Masks, which older versions stored. */
static const char *const passed_over[] = { ".attn.bias", ".attn.masked_bias",
                                           NULL };

const struct family family_gpt2 = {
    .title = "GPT-2",
    .types = types,
    .prefix = "transformer.",
    .read = read,
    .link = link,
    .passed_over = passed_over,
    .architecture = "GPT2LMHeadModel",
    .refuses = refuses,
    .write = write,
};
