/* heads_table.h - heads that do not work row by row, one line each; the first
 * that is on is taken. */
#ifndef SINKLAB_HEADS_TABLE_H
#define SINKLAB_HEADS_TABLE_H

#include "nn/attention/attention.h"

/* clang-format off */
#define HEAD_OPERATIONS(each) \
    each(flow) \
    each(linear)
/* clang-format on */

#define DECLARE_HEAD(name) extern const struct head_operation head_##name;
HEAD_OPERATIONS(DECLARE_HEAD)

#endif
