/* family_gpt_neo.c - GPT-Neo (Black et al., 2021): GPT-2 with a window in some
 * layers, no biases on queries, keys and values, and scores that are not
 * divided. */
#include "exchange/family.h"

static const char *const types[] = { "gpt_neo", NULL };

static void read(struct asked *a)
{
    idx C = asked_need(a, "hidden_size");
    const char *act = asked_text(a, "activation_function", "gelu_new");
    const char *ffn = family_ffn(act, false);
    idx F = asked_count(a, "intermediate_size", 4 * C);
    struct windows w = { .layers = asked_need(a, "num_layers") };
    if (F < 1) /* of ours, 0 is a width by default */
        asked_refuse(a, "intermediate_size", "0");
    if (!ffn)
        asked_refuse(a, "activation_function", act);
    asked_put(a, "model.layers=%td", w.layers);
    asked_put(a, "model.width=%td", C);
    asked_put(a, "model.heads=%td", asked_need(a, "num_heads"));
    asked_put(a, "model.context=%td", asked_need(a, "max_position_embeddings"));
    asked_put(a, "model.ffn_width=%td", F);
    asked_put(a, "model.norm=layernorm");
    asked_put(a, "model.norm_eps=%.17g",
              asked_number(a, "layer_norm_epsilon", 1e-5));
    asked_put(a, "model.ffn=%s", ffn ? ffn : "gelu");
    asked_put(a, "model.position=learned");
    asked_put(a, "model.biases=yes");
    asked_put(a, "model.biases_on=not_qkv");
    asked_put(a, "model.tied_head=%s",
              asked_bool(a, "tie_word_embeddings", true) ? "yes" : "no");
    asked_put(a, "attention.score_scale=1");
    w.size = asked_count(a, "window_size", 256);
    if (w.size < 1)
        asked_refuse(a, "window_size", "0");
    if (!asked_find(a, "attention_layers"))
        asked_wrong(a, "attention_layers",
                    "is not there: want global or local of each layer");
    asked_window_types(&w, a, "attention_layers", "local", "global");
    asked_put_windows(a, &w);
    asked_put_tokens(a, asked_need(a, "vocab_size"));
}

static void link(struct links *l)
{
    static const enum link_kind A = LINK_AS_IS;
    idx C = l->m->C;
    links_add(l, A, "token.weight", "wte.weight", 0, -1);
    links_add(l, A, "position.weight", "wpe.weight", 0, -1);
    for (idx i = 0; i < l->m->L; i++) {
        links_add_of(l, A, i, "norm1.gain", "h.%td.ln_1.weight", 0, -1);
        links_add_of(l, A, i, "norm1.shift", "h.%td.ln_1.bias", 0, -1);
        links_add_linear(l, A, i, "attention.qkv",
                         "h.%td.attn.attention.q_proj", 0, C);
        links_add_linear(l, A, i, "attention.qkv",
                         "h.%td.attn.attention.k_proj", C, C);
        links_add_linear(l, A, i, "attention.qkv",
                         "h.%td.attn.attention.v_proj", 2 * C, C);
        links_add_linear(l, A, i, "attention.out",
                         "h.%td.attn.attention.out_proj", 0, -1);
        links_add_of(l, A, i, "norm2.gain", "h.%td.ln_2.weight", 0, -1);
        links_add_of(l, A, i, "norm2.shift", "h.%td.ln_2.bias", 0, -1);
        links_add_linear(l, A, i, "ffn.up", "h.%td.mlp.c_fc", 0, -1);
        links_add_linear(l, A, i, "ffn.down", "h.%td.mlp.c_proj", 0, -1);
    }
    links_add(l, A, "final.gain", "ln_f.weight", 0, -1);
    links_add(l, A, "final.shift", "ln_f.bias", 0, -1);
    if (l->m->unembed_w != l->m->token_w)
        links_add(l, A, "head.weight", "lm_head.weight", 0, -1);
}

static const char *refuses(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->norm != NORM_LAYER                ? "model.norm"
           : o->norm_place != PLACE_PRE         ? "model.norm_place"
           : o->parallel                        ? "model.parallel"
           : !family_is_plain(o->ffn)           ? "model.ffn"
           : o->position != POSITION_LEARNED    ? "model.position"
           : !o->biases                         ? "model.biases"
           : o->biases_on != BIASES_NOT_QKV     ? "model.biases_on"
           : m->H * m->D != m->C                ? "model.head_width"
           : m->K != m->H                       ? "attention.kv_heads"
           : m->spec.attention.score_scale != 1 ? "attention.score_scale"
                                                : NULL;
}

static void put_layers(struct json *j, const struct model *m)
{
    for (idx i = 0; i < m->L; i++)
        json_put_text(j, NULL,
                      m->blocks[i].attention.window ? "local" : "global");
}

static void write(struct json *j, const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    json_put_count(j, "hidden_size", m->C);
    json_put_count(j, "num_layers", m->L);
    json_put_count(j, "num_heads", m->H);
    json_put_count(j, "intermediate_size", m->F);
    json_put_count(j, "max_position_embeddings", m->T);
    json_put_text(j, "activation_function", family_act(o->ffn));
    json_put_number(j, "layer_norm_epsilon", o->norm_eps);
    json_put_count(j, "window_size", idx_max(m->spec.attention.window, 1));
    json_begin_array(j,
                     "attention_types"); /* of them it makes the other list */
    json_begin_array(j, NULL);
    json_begin_array(j, NULL);
    put_layers(j, m);
    json_end(j);
    json_put_count(j, NULL, 1);
    json_end(j);
    json_end(j);
    json_begin_array(j, "attention_layers");
    put_layers(j, m);
    json_end(j);
    json_put_number(j, "attention_dropout", 0);
    json_put_number(j, "embed_dropout", 0);
    json_put_number(j, "resid_dropout", 0);
}

/* Masks, which older versions stored. */
static const char *const passed_over[] = { ".attention.bias",
                                           ".attention.masked_bias", NULL };

static const char *const attention[] = { "window", "window_layers",
                                         "score_scale", NULL };

const struct family family_gpt_neo = {
    .title = "GPT-Neo",
    .types = types,
    .prefix = "transformer.",
    .read = read,
    .link = link,
    .passed_over = passed_over,
    .architecture = "GPTNeoForCausalLM",
    .attention = attention,
    .refuses = refuses,
    .write = write,
};
