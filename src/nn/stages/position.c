/* position.c - what the values of [model] position are. Those that edit scores
 * or turn queries and keys are told where they are done; tables added to the
 * embedding (embed.c, acts.c) here. */
#include "base/op_text.h"
#include "nn/attention/edits/edits_table.h"
#include "nn/stages/stages_table.h"

const struct op_text *const position_texts[] = {
    [POSITION_LEARNED] =
        &(const struct op_text){
            .name = "learned",
            .key = "[model] position = learned",
            .formula = "x_0 = E[token] + P[t]",
            .parameters = "learned: P (context, width)",
            .source = "Radford et al., 2019 (GPT-2)",
            .sinks = "sink_1 33.13 %, loss 3.79 (arXiv 2410.10781)" },
    [POSITION_ROPE] = &stage_rope.text,
    [POSITION_NONE] =
        &(const struct op_text){
            .name = "none",
            .key = "[model] position = none",
            .formula =
                "x_0 = E[token]; a query knows only how many keys it sees",
            .parameters = "none",
            .source = "arXiv 2410.10781 (NoPE)",
            .sinks = "sink_1 20.35 %, loss 3.81 (arXiv 2410.10781)" },
    [POSITION_SINUSOID] =
        &(const struct op_text){
            .name = "sinusoid",
            .key = "[model] position = sinusoid",
            .formula =
                "x_0 = E[token] + [sin(t w_i), all i | cos(t w_i), all i], "
                "w_i = 10000^(-2i / width)",
            .parameters = "none",
            .source =
                "arXiv 1706.03762, in the order of arXiv 2410.10781's code",
            .sinks = "sink_1 32.73 %, loss 3.74 (arXiv 2410.10781)" },
    [POSITION_ALIBI] = &score_alibi.text,
    [POSITION_T5] = &score_t5.text,
    [POSITION_T5_STUDY] = &score_t5_study.text,
    [POSITION_TXL] = &score_txl.text,
    [POSITION_DISTANCE] = &score_distance.text,
    NULL,
};
