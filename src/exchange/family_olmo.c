/* family_olmo.c - OLMo 1 (arXiv 2402.00838), LLaMA with layer norms that learn
 * nothing, and OLMo 2 (arXiv 2501.00656), whose norms stand behind attention
 * and feed-forward, and over all queries and all keys of a token. */
#include "exchange/llama_like.h"

static const char *const olmo_types[] = { "olmo", NULL };
static const char *const olmo2_types[] = { "olmo2", NULL };

static const double OLMO_EPS = 1e-5; /* in its code, not a key */

static void read_olmo(struct asked *a)
{
    if (!json_value_is_null(json_value_member(a->json, "clip_qkv")))
        asked_refuse(a, "clip_qkv", "a bound on queries, keys and values");
    llama_read_sizes(a);
    asked_put(a, "model.norm=layernorm");
    asked_put(a, "model.norm_eps=%.17g", OLMO_EPS);
    llama_read_biases(a, asked_bool(a, "attention_bias", false), false);
}

/* That its norms have learned nothing, the weights say (model_tensors.c). */
static const char *refuses_olmo(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    const char *key = o->norm != NORM_LAYER        ? "model.norm"
                      : o->norm_eps != OLMO_EPS    ? "model.norm_eps"
                      : o->norm_place != PLACE_PRE ? "model.norm_place"
                                                   : llama_refuses(m);
    if (!key)
        key = llama_refuses_biases(m, true, false);
    return key ? key : llama_refuses_width(m);
}

static void read_olmo2(struct asked *a)
{
    llama_read_sizes(a);
    double eps = llama_read_rms(a, 1e-5);
    asked_put(a, "model.norm_place=behind");
    llama_read_biases(a, asked_bool(a, "attention_bias", false), false);
    asked_put(a, "attention.qk_norm=rms_wide");
    asked_put(a, "attention.qk_norm_eps=%.17g", eps);
}

static const char *refuses_olmo2(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    const char *key = o->norm != NORM_RMS             ? "model.norm"
                      : o->norm_place != PLACE_BEHIND ? "model.norm_place"
                                                      : llama_refuses(m);
    if (!key)
        key = llama_refuses_biases(m, true, false);
    if (!key)
        key = llama_refuses_qk_norm(m, QK_NORM_RMS_WIDE);
    return key ? key : llama_refuses_width(m);
}

static void write(struct json *j, const struct model *m)
{
    llama_write_sizes(j, m);
    json_put_bool(j, "attention_bias", llama_biases_attention(m));
}

static const char *const olmo2_attention[] = { "qk_norm", "qk_norm_eps", NULL };

const struct family family_olmo = {
    .title = "OLMo",
    .types = olmo_types,
    .prefix = "model.",
    .read = read_olmo,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "OlmoForCausalLM",
    .refuses = refuses_olmo,
    .write = write,
};

const struct family family_olmo2 = {
    .title = "OLMo 2",
    .types = olmo2_types,
    .prefix = "model.",
    .read = read_olmo2,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "Olmo2ForCausalLM",
    .attention = olmo2_attention,
    .refuses = refuses_olmo2,
    .write = write,
};
