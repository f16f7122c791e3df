/* family_llama.c - LLaMA (arXiv 2302.13971), and Mistral (arXiv 2310.06825),
 * which is LLaMA with a window. */
#include "exchange/llama_like.h"

static const char *const llama_types[] = { "llama", NULL };
static const char *const mistral_types[] = { "mistral", NULL };

static void read_llama(struct asked *a)
{
    llama_read_sizes(a);
    llama_read_rms(a, 1e-6);
    llama_read_biases(a, asked_bool(a, "attention_bias", false),
                      asked_bool(a, "mlp_bias", false));
}

static const char *refuses_llama(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->norm != NORM_RMS          ? "model.norm"
           : o->norm_place != PLACE_PRE ? "model.norm_place"
           : llama_refuses(m)           ? llama_refuses(m)
                                        : llama_refuses_biases(m, true, true);
}

static void write_llama(struct json *j, const struct model *m)
{
    llama_write_sizes(j, m);
    json_put_bool(j, "attention_bias", llama_biases_attention(m));
    json_put_bool(j, "mlp_bias", llama_biases_ffn(m));
}

/* Without the key theirs is 4096 tokens wide. */
static void read_mistral(struct asked *a)
{
    struct windows w = { .layers = llama_read_sizes(a) };
    llama_read_rms(a, 1e-6);
    llama_read_biases(a, false, false);
    if (json_value_member(a->json, "sliding_window"))
        w.size = asked_count(a, "sliding_window", 0);
    else
        w.size = 4096;
    if (w.size < 1 && asked_find(a, "sliding_window")) /* null is none */
        asked_refuse(a, "sliding_window", "0");
    for (idx i = 0; i < w.layers && i < KEY_LIST_MAX; i++)
        w.has[i] = true;
    asked_window_types(&w, a, "layer_types", "sliding_attention",
                       "full_attention");
    asked_put_windows(a, &w);
}

static const char *refuses_mistral(const struct model *m)
{
    const char *key = refuses_llama(m);
    return key ? key : llama_refuses_biases(m, false, false);
}

static void write_mistral(struct json *j, const struct model *m)
{
    llama_write_sizes(j, m);
    json_put_count(j, "sliding_window", m->spec.attention.window);
}

static const char *const mistral_attention[] = { "window", NULL };

const struct family family_llama = {
    .title = "LLaMA",
    .types = llama_types,
    .prefix = "model.",
    .read = read_llama,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "LlamaForCausalLM",
    .refuses = refuses_llama,
    .write = write_llama,
};

const struct family family_mistral = {
    .title = "Mistral",
    .types = mistral_types,
    .prefix = "model.",
    .read = read_mistral,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "MistralForCausalLM",
    .attention = mistral_attention,
    .refuses = refuses_mistral,
    .write = write_mistral,
};
