#include "nn/attention/attention_facts.h"

#include "nn/attention/attention.h"

bool attention_has_map(const struct attention_options *o)
{
    const struct head_operation *operation = attention_operation(o);
    return !operation || !operation->has_own_weights;
}

bool attention_has_rows(const struct attention_options *o)
{
    return !attention_operation(o);
}

bool attention_has_sums(const struct attention_options *o)
{
    const struct head_operation *operation = attention_operation(o);
    return operation && operation->has_sums;
}

bool attention_sums_to_one(const struct attention_options *o)
{
    struct weight_stage w = weight_stage_choice(o);
    return attention_has_map(o) && !attention_in_pairs(o) &&
           weight_stage_sums_to_one(&w);
}

bool attention_has_shares(const struct attention_options *o)
{
    return attention_has_rows(o) && !weight_maps[o->weights]->is_signed;
}

bool attention_has_remainder(const struct attention_options *o)
{
    struct weight_stage w = weight_stage_choice(o);
    return attention_has_map(o) && w.map->has_remainder &&
           w.normalizer == NORMALIZER_NONE;
}

bool attention_column_acts(const struct attention_options *o)
{
    struct weight_stage w = weight_stage_choice(o);
    bool has_value = o->bias == BIAS_KEY && o->bias_value_scale != 0 &&
                     o->bias_value != BIAS_VALUE_ZERO;
    bool is_alone =
        w.normalizer == NORMALIZER_NONE || w.normalizer == NORMALIZER_LENGTH;
    if (o->bias != BIAS_KEY && o->bias != BIAS_LOGIT)
        return true;
    return has_value || !w.map->ignores_column || !is_alone;
}
