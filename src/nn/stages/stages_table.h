/* stages_table.h - stages before and behind the heads, one line each, in the
 * order they are applied. */
#ifndef SINKLAB_STAGES_TABLE_H
#define SINKLAB_STAGES_TABLE_H

#include "nn/model/stage.h"

/* What mixes rows in time comes first; norms before positions, feature maps
 * behind them; the mixture with the first block's values last, so that these
 * are what heads read. */
/* clang-format off */
#define STAGES_IN(each) \
    each(conv) \
    each(qk_norm) \
    each(rope) \
    each(elu1) \
    each(mlp) \
    each(value_gate) \
    each(v_scale) \
    each(value_residual)

/* Pairs are made one first; what knows of heads comes before their sum. */
#define STAGES_OUT(each) \
    each(differential) \
    each(exclusive) \
    each(head_norm) \
    each(gate) \
    each(context_scale) \
    each(add_heads)
/* clang-format on */

#define DECLARE_STAGE(name) extern const struct stage stage_##name;
STAGES_IN(DECLARE_STAGE)
STAGES_OUT(DECLARE_STAGE)

#endif
