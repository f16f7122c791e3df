#include "nn/attention/attention.h"

#include <math.h>

static const struct head_operation *operation_of(const struct model_spec *s)
{
    for (idx i = 0; head_operations[i]; i++)
        if (head_operations[i]->is_on(s))
            return head_operations[i];
    return NULL;
}

struct attention attention_of(const struct model_spec *s, idx T, idx D)
{
    const struct model_options *m = &s->model;
    const struct attention_options *a = &s->attention;
    struct attention at = {
        .options = *a,
        .operation = operation_of(s),
        .T = T,
        .D = D,
        .E = a->operation == OPERATION_DIFFERENTIAL ? 2 * D : D,
        .H = a->operation == OPERATION_DIFFERENTIAL ? m->heads / 2 : m->heads,
        .bias_dims = a->bias_dims ? idx_min(a->bias_dims, D) : D,
        .scale = (real)(1 / sqrt((double)D)),
        .weights = weight_stage_of(a, m->context + a->registers, D),
    };
    at.n_extra = a->bias != BIAS_NONE && a->bias != BIAS_VALUE ? 1 : 0;
    if (a->qk_norm == QK_NORM_UNIT)
        at.scale = 1;
    at.n_edits = score_edits_of(at.edits, s);
    return at;
}
