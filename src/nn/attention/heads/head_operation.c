/* head_operation.c - the table of heads that do not work row by row, the first
 * that is on is taken, none: rows of scores (attention_forward.c). */
#include "nn/attention/attention.h"

extern const struct head_operation head_flow, head_linear;

const struct head_operation *const head_operations[] = {
    &head_flow,
    &head_linear,
    NULL,
};
