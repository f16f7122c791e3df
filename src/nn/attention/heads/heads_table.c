#include "nn/attention/heads/heads_table.h"

#define ROW(name) &head_##name,
const struct head_operation *const head_operations[] = {
    HEAD_OPERATIONS(ROW) /* and last */ NULL,
};
