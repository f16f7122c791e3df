/* model_keys.c - the [model] keys, presets, and what one key cannot say. */
#include "nn/options.h"

#include <string.h>

#include "nn/ffns.h"
#include "nn/norms.h"
#include "base/op_text.h"
#include "nn/param.h"

static const struct op_text gpt2 = { .name = "gpt2",
                                     .source = "Radford et al., 2019" },
                            llama = { .name = "llama",
                                      .source = "arXiv 2302.13971" };
const struct op_text *const preset_texts[] = { &gpt2, &llama, NULL };

static const char *preset_name(int i)
{
    return op_text_name(preset_texts, i);
}

STATIC_NAMED(biases_on_name, [BIASES_ALL] = "all", [BIASES_QKV] = "qkv",
             [BIASES_ATTENTION] = "attention", [BIASES_FFN] = "ffn",
             [BIASES_NOT_QKV] = "not_qkv")

STATIC_NAMED(rope_scaling_name, [ROPE_PLAIN] = "none", [ROPE_LINEAR] = "linear",
             [ROPE_LLAMA3] = "llama3")

static const char *position_name(int i)
{
    return op_text_name(position_texts, i);
}

#define FIELD(f) offsetof(struct model_options, f)
const struct key model_keys[] = {
    { "preset", KEY_CHOICE, FIELD(preset), "gpt2", 0, 0, preset_name,
      KEY_COSMETIC | KEY_STAYS,
      "sets norm, ffn, position, biases, tied_head and init together, as far "
      "as they are given nowhere, before or behind it",
      NULL },
    { "layers", KEY_INT, FIELD(layers), "1", 1, MODEL_LAYERS_MAX, NULL, 0,
      "blocks of attention and feed-forward", NULL },
    { "width", KEY_INT, FIELD(width), "64", 1, 65536, NULL, 0,
      "size of the residual stream; divisible by heads, unless head_width is "
      "given",
      NULL },
    { "heads", KEY_INT, FIELD(heads), "1", 1, 1024, NULL, 0,
      "attention heads a block", NULL },
    { "head_width", KEY_INT, FIELD(head_width), "0", 0, 65536, NULL, 0,
      "dimensions of a head's queries, keys and values; 0: width / heads",
      NULL },
    { "context", KEY_INT, FIELD(context), "64", 1, 1048576, NULL, 0,
      "tokens a training sequence", NULL },
    { "ffn_width", KEY_INT, FIELD(ffn_width), "0", 0, 1048576, NULL, 0,
      "inner size of the feed-forward; 0: 4 x width, or 8/3 x width rounded "
      "up to a multiple of 32 if it is gated",
      NULL },
    { "norm", KEY_CHOICE, FIELD(norm), "layernorm", 0, 0, norm_name, 0,
      "normalisation of the residual stream", "model.norm_place != none" },
    { "norm_place", KEY_CHOICE, FIELD(norm_place), "pre", 0, 0, norm_place_name,
      0,
      "pre: before attention, feed-forward and head; post: after each "
      "residual addition; sandwich: before and after attention and "
      "feed-forward; behind: after them alone, before the addition, and before "
      "the head; none",
      NULL },
    { "norm_eps", KEY_REAL, FIELD(norm_eps), "1e-5", 1e-12, 1, NULL, 0,
      "added to the variance or mean square of a row before the root",
      "model.norm_place != none and model.norm != dyt" },
    { "parallel", KEY_BOOL, FIELD(parallel), "no", 0, 0, NULL, 0,
      "attention and feed-forward read the same stream, each through its norm, "
      "and are added to it together",
      NULL },
    { "ffn", KEY_CHOICE, FIELD(ffn), "gelu", 0, 0, ffn_name, 0, "feed-forward",
      NULL },
    { "position", KEY_CHOICE, FIELD(position), "learned", 0, 0, position_name,
      0,
      "how a token's place is told: a table (learned, sinusoid) added to the "
      "embedding; queries and keys rotated (rope); an edit of the scores "
      "(alibi, t5, t5_study, txl, distance); none",
      NULL },
    { "rope_base", KEY_REAL, FIELD(rope_base), "10000", 1, 1e12, NULL, 0,
      "rope: pair i of n turns by base^(-i/n) a token",
      "model.position = rope" },
    { "rope_part", KEY_REAL, FIELD(rope_part), "1", 1e-4, 1, NULL, 0,
      "rope: share of a head's dimensions, from the first, that is turned",
      "model.position = rope" },
    { "rope_scaling", KEY_CHOICE, FIELD(rope_scaling), "none", 0, 0,
      rope_scaling_name, 0,
      "rope: positions stretched: none; linear (all rates / rope_factor); "
      "llama3 (slow ones alone)",
      "model.position = rope" },
    { "rope_factor", KEY_REAL, FIELD(rope_factor), "8", 1, 1e6, NULL, 0,
      "rope_scaling: by which rates are divided",
      "model.rope_scaling != none" },
    { "rope_slow", KEY_REAL, FIELD(rope_slow), "1", 1e-3, 1e6, NULL, 0,
      "llama3: a pair that turns less often in rope_from tokens has its rate "
      "divided",
      "model.rope_scaling = llama3" },
    { "rope_fast", KEY_REAL, FIELD(rope_fast), "4", 1e-3, 1e6, NULL, 0,
      "llama3: one that turns more often keeps it; between them a mean",
      "model.rope_scaling = llama3" },
    { "rope_from", KEY_INT, FIELD(rope_from), "8192", 1, 1048576, NULL, 0,
      "llama3: context, in tokens, that rates were made for",
      "model.rope_scaling = llama3" },
    { "biases", KEY_BOOL, FIELD(biases), "yes", 0, 0, NULL, 0,
      "biases on the linear layers of the blocks", NULL },
    { "biases_on", KEY_CHOICE, FIELD(biases_on), "all", 0, 0, biases_on_name, 0,
      "linear layers that have biases: all, qkv (queries, keys, values), "
      "attention (those and its output), ffn, not_qkv (attention's output and "
      "ffn)",
      "model.biases = yes" },
    { "tied_head", KEY_BOOL, FIELD(tied_head), "yes", 0, 0, NULL, 0,
      "the head uses the token embedding's matrix", NULL },
    { "init", KEY_CHOICE, FIELD(init), "gpt2", 0, 0, init_name, 0,
      "initial weights: gpt2 (std 0.02, residual writes scaled down), study "
      "(std sqrt(2/(5 fan_in))), framework (uniform 1/sqrt(fan_in), N(0,1) "
      "embeddings)",
      NULL },
};
const idx n_model_keys = COUNT_OF(model_keys);
#undef FIELD

const struct preset_value model_presets[] = {
    { "gpt2", "norm", "layernorm" },
    { "gpt2", "ffn", "gelu" },
    { "gpt2", "position", "learned" },
    { "gpt2", "biases", "yes" },
    { "gpt2", "tied_head", "yes" },
    { "gpt2", "init", "gpt2" },
    { "llama", "norm", "rmsnorm" },
    { "llama", "ffn", "swiglu" },
    { "llama", "position", "rope" },
    { "llama", "biases", "no" },
    { "llama", "tied_head", "no" },
    { "llama", "init", "study" },
    { NULL, NULL, NULL },
};

const char *model_preset_value(int preset, const struct key *key)
{
    for (const struct preset_value *v = model_presets; v->preset; v++)
        if (!strcmp(v->preset, preset_name(preset)) &&
            !strcmp(v->key, key->name))
            return v->value;
    return NULL;
}

/* Some target must count. */
static int check_range(const struct model_spec *s, struct err *e)
{
    idx T = s->model.context, to = s->loss.to ? s->loss.to : T;
    idx seen = idx_max(s->attention.prefix - 1, 0);
    if (s->loss.from >= T || to > T)
        return err_set(e, ERR_CONFIG,
                       "[loss] from = %td, to = %td: a sequence has targets 0 "
                       "to %td ([model] context)",
                       s->loss.from, s->loss.to, T - 1);
    if (to <= s->loss.from)
        return err_set(e, ERR_CONFIG,
                       "[loss] from = %td, to = %td: no target is left, want "
                       "to above from",
                       s->loss.from, s->loss.to);
    if (s->loss.to && to <= seen)
        return err_set(e, ERR_CONFIG,
                       "[loss] to = %td: no target is left, as [attention] "
                       "prefix = %td lets the first %td be seen",
                       s->loss.to, s->attention.prefix, seen);
    return OK;
}

static int check_depth(const struct model_spec *s, struct err *e)
{
    if (s->loss.hidden_depth <= s->model.layers)
        return OK;
    return err_set(e, ERR_CONFIG,
                   "[loss] hidden_depth = %td: there are %td blocks ([model] "
                   "layers)",
                   s->loss.hidden_depth, s->model.layers);
}

static int check_heads(const struct model_options *m, struct err *e)
{
    idx D = model_head_width(m), n = model_rope_width(m);
    if (!m->head_width && m->width % m->heads)
        return err_set(e, ERR_CONFIG,
                       "[model] width = %td is not divisible by heads = %td: "
                       "every head gets width / heads dimensions, unless "
                       "head_width says how many",
                       m->width, m->heads);
    if (m->position != POSITION_ROPE || (n > 0 && n % 2 == 0))
        return OK;
    if (m->rope_part < 1)
        return err_set(e, ERR_CONFIG,
                       "[model] rope_part = %g turns %td of a head's %td "
                       "dimensions: position = rope rotates pairs, so it needs "
                       "an even number",
                       m->rope_part, n, D);
    return err_set(e, ERR_CONFIG,
                   "[model] %s = %td is odd: position = rope rotates pairs, so "
                   "it needs an even head width",
                   m->head_width ? "head_width" : "width / heads", D);
}

static int check_rope(const struct model_options *m, struct err *e)
{
    if (m->position != POSITION_ROPE)
        return OK;
    if (m->rope_scaling == ROPE_LINEAR && m->rope_factor == 1)
        return err_set(e, ERR_CONFIG,
                       "[model] rope_scaling = linear with rope_factor = 1 "
                       "changes nothing: give another factor, or none");
    if (m->rope_scaling == ROPE_LLAMA3 && m->rope_slow >= m->rope_fast)
        return err_set(e, ERR_CONFIG,
                       "[model] rope_slow = %g, rope_fast = %g: want rope_fast "
                       "above rope_slow",
                       m->rope_slow, m->rope_fast);
    return OK;
}

int model_spec_check(const struct model_spec *s, struct err *e)
{
    int rc = check_heads(&s->model, e);
    if (rc == OK)
        rc = check_rope(&s->model, e);
    if (rc == OK && s->model.parallel && s->model.norm_place == PLACE_POST)
        rc = err_set(e, ERR_CONFIG,
                     "[model] parallel and norm_place = post: the norm behind "
                     "attention's sum would be the feed-forward's input, which "
                     "reads what attention reads");
    if (rc == OK)
        rc = check_range(s, e);
    if (rc == OK)
        rc = check_depth(s, e);
    return rc ? rc : attention_options_check(s, e);
}

idx model_rope_width(const struct model_options *m)
{
    return (idx)((double)model_head_width(m) * m->rope_part);
}

idx model_ffn_width(const struct model_options *m)
{
    if (m->ffn_width)
        return m->ffn_width;
    if (ffns[m->ffn].kernel->is_gated)
        return idx_ceil_div(8 * m->width, 3 * 32) * 32;
    return 4 * m->width;
}
