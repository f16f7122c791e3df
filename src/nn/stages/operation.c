/* operation.c - what the values of [attention] operation are. */
#include "nn/attention/heads/heads_table.h"
#include "nn/stages/stages_table.h"

const struct op_text *const operation_texts[] = {
    [OPERATION_ROWS] =
        &(const struct op_text){
            .name = "rows",
            .key = "[attention] operation = rows",
            .formula =
                "o_t = sum_j a_tj v_j, a_t from the row of scores s_tj = "
                "q_t.k_j / sqrt(D) by weights and normalizer",
            .parameters = "score_scale instead of 1 / sqrt(D), unless it is 0",
            .source = "arXiv 1706.03762",
            .sinks = "as the weight map" },
    [OPERATION_FLOW] = &head_flow.text,
    [OPERATION_DIFFERENTIAL] = &stage_differential.text,
    NULL,
};

const struct op_text *const operation_more[] = {
    &head_linear.text,
    &(const struct op_text){
        .name = "kv_heads",
        .key = "[attention] kv_heads = 2",
        .formula = "H / kv_heads query heads, side by side, read the same keys "
                   "and values",
        .parameters = "kv_heads; the matrix has (H + 2 kv_heads) D rows",
        .source = "Shazeer, 2019; Ainslie et al., 2023",
        .sinks = "not reported by itself" },
    NULL,
};
