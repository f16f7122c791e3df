#include "nn/attention/attention.h"

#include <math.h>

static const struct head_operation *
operation_of(const struct attention_options *a)
{
    for (idx i = 0; head_operations[i]; i++)
        if (head_operations[i]->is_on(a))
            return head_operations[i];
    return NULL;
}

struct attention attention_of(const struct model_options *m,
                              const struct attention_options *a, idx T, idx D)
{
    struct attention at = {
        .options = *a,
        .operation = operation_of(a),
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
    at.n_edits = score_edits_of(at.edits, m, a);
    return at;
}
