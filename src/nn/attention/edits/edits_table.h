/* edits_table.h - edits of scores, one line each, in the order they are
 * applied: what is added first, the cap last, because it bounds what the weight
 * map sees. */
#ifndef SINKLAB_EDITS_TABLE_H
#define SINKLAB_EDITS_TABLE_H

#include "nn/attention/edits/score_edit.h"

/* clang-format off */
#define SCORE_EDITS(each) \
    each(alibi) \
    each(t5) \
    each(t5_study) \
    each(distance) \
    each(txl) \
    each(forget) \
    each(decay) \
    each(cap)
/* clang-format on */

#define DECLARE_EDIT(name) extern const struct score_edit score_##name;
SCORE_EDITS(DECLARE_EDIT)

#endif
