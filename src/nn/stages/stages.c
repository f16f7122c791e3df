/* stages.c - the tables of stages, before and behind the heads. */
#include "nn/model/stage.h"

extern const struct stage stage_conv, stage_qk_norm, stage_rope, stage_elu1,
    stage_mlp, stage_value_gate, stage_value_residual;
extern const struct stage stage_differential, stage_exclusive, stage_head_norm,
    stage_gate, stage_context_scale, stage_add_heads;

/* In the order they are applied. What mixes rows in time comes first; norms
 * before positions, feature maps behind them; the mixture with the first
 * block's values last, so that these are what heads read. */
const struct stage *const stages_in[] = {
    &stage_conv, &stage_qk_norm,    &stage_rope,           &stage_elu1,
    &stage_mlp,  &stage_value_gate, &stage_value_residual, NULL,
};

/* Pairs are made one first; what knows of heads comes before their sum. */
const struct stage *const stages_out[] = {
    &stage_differential,
    &stage_exclusive,
    &stage_head_norm,
    &stage_gate,
    &stage_context_scale,
    &stage_add_heads,
    NULL,
};
