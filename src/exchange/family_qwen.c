/* family_qwen.c - Qwen2 (arXiv 2407.10671), which is LLaMA with biases on
 * queries, keys and values, and Qwen3 (arXiv 2505.09388), which has a norm of
 * each head's queries and keys instead. Both may have windows in some layers.
 */
#include "exchange/llama_like.h"

static const char *const qwen2_types[] = { "qwen2", NULL };
static const char *const qwen3_types[] = { "qwen3", NULL };

static void read_qwen2(struct asked *a)
{
    idx layers = llama_read_sizes(a);
    llama_read_rms(a, 1e-6);
    asked_put(a, "model.biases=yes");
    asked_put(a, "model.biases_on=qkv");
    llama_read_windows(a, layers);
}

static const char *refuses_qwen2(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    return o->norm != NORM_RMS          ? "model.norm"
           : o->norm_place != PLACE_PRE ? "model.norm_place"
           : llama_refuses(m)           ? llama_refuses(m)
           : !o->biases                 ? "model.biases"
           : o->biases_on != BIASES_QKV ? "model.biases_on"
                                        : llama_refuses_width(m);
}

static void write_qwen2(struct json *j, const struct model *m)
{
    llama_write_sizes(j, m);
    llama_write_windows(j, m);
}

static void read_qwen3(struct asked *a)
{
    idx layers = llama_read_sizes(a);
    double eps = llama_read_rms(a, 1e-6);
    llama_read_biases(a, asked_bool(a, "attention_bias", false), false);
    asked_put(a, "attention.qk_norm=rms");
    asked_put(a, "attention.qk_norm_eps=%.17g", eps);
    llama_read_windows(a, layers);
}

static const char *refuses_qwen3(const struct model *m)
{
    const struct model_options *o = &m->spec.model;
    const char *key = o->norm != NORM_RMS          ? "model.norm"
                      : o->norm_place != PLACE_PRE ? "model.norm_place"
                                                   : llama_refuses(m);
    if (!key)
        key = llama_refuses_biases(m, true, false);
    return key ? key : llama_refuses_qk_norm(m, QK_NORM_RMS);
}

static void write_qwen3(struct json *j, const struct model *m)
{
    llama_write_sizes(j, m);
    json_put_bool(j, "attention_bias", llama_biases_attention(m));
    llama_write_windows(j, m);
}

static const char *const qwen2_attention[] = { "window", "window_layers",
                                               NULL };
static const char *const qwen3_attention[] = { "qk_norm", "qk_norm_eps",
                                               "window", "window_layers",
                                               NULL };

const struct family family_qwen2 = {
    .title = "Qwen2",
    .types = qwen2_types,
    .prefix = "model.",
    .read = read_qwen2,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "Qwen2ForCausalLM",
    .attention = qwen2_attention,
    .refuses = refuses_qwen2,
    .write = write_qwen2,
};

const struct family family_qwen3 = {
    .title = "Qwen3",
    .types = qwen3_types,
    .prefix = "model.",
    .read = read_qwen3,
    .link = llama_link,
    .passed_over = llama_passed_over,
    .architecture = "Qwen3ForCausalLM",
    .attention = qwen3_attention,
    .refuses = refuses_qwen3,
    .write = write_qwen3,
};
