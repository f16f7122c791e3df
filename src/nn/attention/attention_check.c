/* attention_check.c - which settings of [model] and [attention] exclude each
 * other, and why: a table of rules, told at parse time. */

#include "nn/attention/attention_facts.h"
#include "nn/attention/edits/score_edit.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/attention/weights/weights.h"
#include "nn/options.h"
#include "nn/visible.h"

/* What the rules look at. */
struct settings {
    const struct model_spec *spec;
    const struct model_options *m;
    const struct attention_options *a;
    const struct weight_map *map;
    idx D, kv_heads;
};

static bool looks_ahead(const struct settings *s)
{
    return s->a->prefix > 1;
}

static bool has_edit(const struct settings *s, bool only_causal)
{
    const struct score_edit *on[SCORE_EDITS_MAX];
    idx n = score_edits_of(on, s->spec);
    for (idx i = 0; i < n; i++)
        if (!only_causal || on[i]->is_causal_only)
            return true;
    return false;
}

/* Operations with weights of their own, which are no map of scores. */
static bool has_own_weights(const struct settings *s)
{
    return !attention_has_map(s->a);
}

static bool has_no_rows(const struct settings *s)
{
    return !attention_has_rows(s->a);
}

static bool wide_kv(const struct settings *s)
{
    return s->kv_heads > s->m->heads || s->m->heads % s->kv_heads;
}

static bool kv_in_pairs(const struct settings *s)
{
    return attention_in_pairs(s->a) && s->kv_heads != s->m->heads;
}

static bool odd_pairs(const struct settings *s)
{
    return attention_in_pairs(s->a) && s->m->heads % 2;
}

static bool blind_map(const struct settings *s)
{
    return looks_ahead(s) && s->map->is_causal_only && !has_own_weights(s);
}

static bool blind_edit(const struct settings *s)
{
    return looks_ahead(s) && has_edit(s, true);
}

static bool rowless_column(const struct settings *s)
{
    return has_no_rows(s) && s->a->bias != BIAS_NONE;
}

static bool rowless_edit(const struct settings *s)
{
    return has_no_rows(s) && has_edit(s, false);
}

static bool rowless_mask(const struct settings *s)
{
    return has_no_rows(s) && !visible_is_causal(s->a);
}

static bool two_weights(const struct settings *s)
{
    return has_own_weights(s) &&
           (s->a->weights != 0 || s->a->normalizer != NORMALIZER_OWN ||
            s->a->scale != 1);
}

static bool conv_of_documents(const struct settings *s)
{
    return s->a->conv > 1 && attention_has_documents(s->a);
}

static bool flow_features(const struct settings *s)
{
    return has_own_weights(s) && s->a->features != FEATURE_NONE;
}

/* The sum of what may be negative can be next to nothing. */
static bool signed_sum(const struct settings *s)
{
    bool is_positive = s->a->features == FEATURE_ELU1 && !has_edit(s, false) &&
                       !attention_has_column(s->a);
    return s->map->is_signed && s->a->normalizer == NORMALIZER_SUM &&
           !is_positive;
}

static bool flow_and_sums(const struct settings *s)
{
    return s->a->operation != OPERATION_ROWS && s->a->linear_time;
}

static bool sums_of_rows(const struct settings *s)
{
    return s->a->linear_time && !s->map->is_linear;
}

static bool dims_too_many(const struct settings *s)
{
    return s->a->bias_dims > s->D;
}

static bool shift_of_one_head(const struct settings *s)
{
    return s->a->group_shift && attention_views(s->a, s->m->heads) < 2;
}

static bool lone_residual(const struct settings *s)
{
    return s->a->value_residual != VALUE_RESIDUAL_NONE && s->m->layers < 2;
}

/* One list has one form. */
static bool no_layers(const struct settings *s)
{
    const struct key_list *l = &s->a->window_layers;
    for (idx i = 0; s->a->window && i < l->n; i++)
        if (l->v[i] >= s->m->layers || (i > 0 && l->v[i] <= l->v[i - 1]))
            return true;
    return false;
}

static bool prefix_too_long(const struct settings *s)
{
    return s->a->prefix > s->m->context;
}

static const struct rule {
    bool (*is_broken)(const struct settings *s);
    const char *keys, *reason;
} rules[] = {
    { wide_kv, "[attention] kv_heads and [model] heads",
      "every head of keys and values is shared by as many query heads: heads "
      "must be a multiple of kv_heads" },
    { odd_pairs, "[attention] operation = differential and [model] heads",
      "heads work in pairs: their number must be even" },
    { kv_in_pairs, "[attention] operation = differential and kv_heads",
      "a pair already shares its value: leave kv_heads at 0" },
    { blind_map, "[attention] prefix and weights",
      "these weights need the query's own key to be the last one: a prefix "
      "lets queries see keys behind them" },
    { blind_edit, "[attention] prefix and forget",
      "a gate that forgets the past says nothing of keys behind the query" },
    { rowless_column, "[attention] bias",
      "flow and linear_time make no rows of scores that a column could stand "
      "in: leave bias at none" },
    { rowless_edit, "[model] position, [attention] soft_cap, forget",
      "flow and linear_time make no scores that could be edited: use position "
      "= rope, learned, sinusoid or none" },
    { rowless_mask,
      "[attention] window, prefix, group, documents, document_token",
      "flow and linear_time sum over all keys up to the query" },
    { two_weights, "[attention] operation = flow and weights",
      "flow defines its own weights: leave weights, normalizer and scale at "
      "their defaults" },
    { conv_of_documents, "[attention] conv and documents or document_token",
      "a convolution mixes the last tokens of a document into the next" },
    { flow_features, "[attention] operation = flow and features",
      "flow has a feature map of its own, the sigmoid: leave features at "
      "none" },
    { signed_sum, "[attention] normalizer = sum and weights",
      "these weights may be negative and sum to nothing: use normalizer = "
      "abs_sum, or features = elu1 without a column or an edit of scores" },
    { flow_and_sums, "[attention] linear_time and operation",
      "running sums are a form of operation = rows" },
    { sums_of_rows, "[attention] linear_time and weights",
      "only weights = identity are sums of products of features: use weights "
      "= identity with features" },
    { dims_too_many, "[attention] bias_dims",
      "an extra key has as many dimensions as a head" },
    { shift_of_one_head, "[attention] group_shift and [model] heads",
      "half of the heads are shifted: there must be two at least" },
    { lone_residual, "[attention] value_residual and [model] layers",
      "values are mixed with the first block's: there must be two at least" },
    { no_layers, "[attention] window_layers and [model] layers",
      "blocks are named by their numbers, from 0 to below layers, each once "
      "and in order" },
    { prefix_too_long, "[attention] prefix and [model] context",
      "a prefix is at most the context" },
};

bool attention_rule(idx i, const char **keys, const char **reason)
{
    if (i >= COUNT_OF(rules))
        return false;
    *keys = rules[i].keys;
    *reason = rules[i].reason;
    return true;
}

int attention_options_check(const struct model_spec *spec, struct err *e)
{
    const struct model_options *m = &spec->model;
    const struct attention_options *a = &spec->attention;
    const struct weight_map *map = weight_maps[a->weights];
    struct settings s = {
        spec, m, a, map, model_head_width(m), model_kv_heads(spec)
    };
    if (a->normalizer != NORMALIZER_OWN &&
        !(map->normalizers >> a->normalizer & 1))
        return err_set(e, ERR_CONFIG,
                       "[attention] normalizer = %s does not go with weights "
                       "= %s: its %s normaliser is part of its definition",
                       normalizer_name(a->normalizer), map->text.name,
                       normalizer_name((int)map->own));
    for (idx i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].is_broken(&s))
            return err_set(e, ERR_CONFIG, "%s: %s", rules[i].keys,
                           rules[i].reason);
    return OK;
}
