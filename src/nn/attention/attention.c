#include "nn/attention/attention.h"

#include <math.h>

const struct head_operation *
attention_operation(const struct attention_options *o)
{
    for (idx i = 0; head_operations[i]; i++)
        if (head_operations[i]->is_on(o))
            return head_operations[i];
    return NULL;
}

real attention_scale(const struct attention_options *o, idx D)
{
    if (o->qk_norm == QK_NORM_UNIT)
        return 1;
    return (real)(o->score_scale > 0 ? o->score_scale : 1 / sqrt((double)D));
}

struct attention attention_of(const struct model_spec *s, idx T, idx D)
{
    const struct model_options *m = &s->model;
    const struct attention_options *a = &s->attention;
    struct attention at = {
        .options = *a,
        .operation = attention_operation(a),
        .T = T,
        .D = D,
        .E = attention_value_width(a, D),
        .H = attention_views(a, m->heads),
        .bias_dims = attention_bias_dims(a, D),
        .scale = attention_scale(a, D),
        .weights = weight_stage_of(a, m->context + a->registers, D),
    };
    at.n_extra = attention_has_column(a);
    at.n_edits = score_edits_of(at.edits, s);
    return at;
}
