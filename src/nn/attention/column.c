/* column.c - what may stand beside the keys: the values of [attention] bias and
 * bias_value, and registers. What they do: attention_rows.c (key, logit),
 * attention_forward.c (values), acts.c (fixed values), embed.c (registers). */
#include "base/op_text.h"
#include "nn/options.h"

const struct op_text *const column_texts[] = {
    [BIAS_NONE] =
        &(const struct op_text){ .name = "none",
                                 .key = "[attention] bias = none",
                                 .formula = "the keys alone",
                                 .parameters = "none",
                                 .source = "arXiv 1706.03762",
                                 .sinks = "sink_1 18.18 %, loss 3.73 (arXiv "
                                          "2410.10781)" },
    [BIAS_KEY] =
        &(const struct op_text){
            .name = "key",
            .key = "[attention] bias = key",
            .formula =
                "a column of score q_t.k* / sqrt(D), in front of the keys; "
                "its value is bias_value",
            .parameters = "k* (bias_dims, or D) a head; no position",
            .source = "arXiv 2410.10781 (K biases)",
            .sinks = "sink_bias 73.34 %, sink_1 0.00 %, loss 3.72, no massive "
                     "activations (arXiv 2410.10781)" },
    [BIAS_KEY_VALUE] =
        &(const struct op_text){
            .name = "key_value",
            .key = "[attention] bias = key_value",
            .formula = "the same column, with a learned value v*",
            .parameters = "k* (bias_dims, or D), v* (D) a head; no position",
            .source = "arXiv 2410.10781 (KV biases); Sun et al., 2024",
            .sinks =
                "sink_bias 72.76 %, sink_1 0.04 %, loss 3.72; massive "
                "activations go (arXiv 2410.10781), or stay in another model "
                "of 1B parameters (Owen et al., 2025)" },
    [BIAS_VALUE] =
        &(const struct op_text){
            .name = "value",
            .key = "[attention] bias = value",
            .formula = "o_t + v*: no column, a control",
            .parameters = "v* (D) a head",
            .source = "arXiv 2410.10781 (V biases)",
            .sinks = "sink_1 17.53 %, loss 3.73 (arXiv 2410.10781)" },
    [BIAS_LOGIT] =
        &(const struct op_text){
            .name = "logit",
            .key = "[attention] bias = logit",
            .formula = "a column of score b, without a value; with softmax, "
                       "softmax1 at b = 0",
            .parameters = "b a head, starting at 0",
            .source = "gpt-oss, OpenAI, 2025",
            .sinks =
                "not reported with the study's metric; attention to the first "
                "token stays above that of weights = affine (arXiv "
                "2602.23057)" },
    NULL,
};

const struct op_text *const column_value_texts[] = {
    [BIAS_VALUE_ZERO] =
        &(const struct op_text){ .name = "zero",
                                 .key = "[attention] bias_value = zero",
                                 .formula =
                                     "v* = 0: what the column takes is given "
                                     "to nothing",
                                 .parameters = "none",
                                 .source = "arXiv 2410.10781",
                                 .sinks = "as bias = key" },
    [BIAS_VALUE_FIRST] =
        &(const struct op_text){
            .name = "first",
            .key = "[attention] bias_value = first",
            .formula = "v* = bias_value_scale (1, 0, ..., 0)",
            .parameters = "bias_value_scale",
            .source = "arXiv 2410.10781",
            .sinks =
                "sink_bias 70.03, 44.43, 1.51 %, sink_1 0.06, 3.71, 25.88 % "
                "with bias_value_scale 1, 5, 20 (arXiv 2410.10781)" },
    [BIAS_VALUE_UNIFORM] =
        &(const struct op_text){
            .name = "uniform",
            .key = "[attention] bias_value = uniform",
            .formula = "v* = bias_value_scale (1, ..., 1) / sqrt(D)",
            .parameters = "bias_value_scale",
            .source = "arXiv 2410.10781",
            .sinks =
                "sink_bias 69.74, 27.99, 0.00 %, sink_1 2.15, 5.93, 11.21 % "
                "with bias_value_scale 1, 5, 20 (arXiv 2410.10781)" },
    NULL,
};

const struct op_text *const column_more[] = {
    &(const struct op_text){
        .name = "bias_shared",
        .key = "[attention] bias_shared = yes",
        .formula = "one k*, v* or b for all heads of a layer",
        .parameters = "bias",
        .source = "arXiv 2410.10781",
        .sinks = "sink_bias and sink_1: key 68.31, 0.23 %; key_value 56.61, "
                 "12.44 % (arXiv 2410.10781)" },
    &(const struct op_text){
        .name = "bias_dims",
        .key = "[attention] bias_dims = 16",
        .formula = "k*_d = 0 for d >= bias_dims; which dimensions the study "
                   "took is not known",
        .parameters = "bias_dims; 0: all",
        .source = "arXiv 2410.10781",
        .sinks = "of 96 dimensions 1, 8, 32, 64: sink_bias 32.18, 31.39, "
                 "51.23, 69.19 %, sink_1 4.74, 4.54, 1.94, 0.04 % (arXiv "
                 "2410.10781)" },
    &(const struct op_text){
        .name = "registers",
        .key = "[attention] registers = 1",
        .formula = "learned tokens in front of every sequence, run through all "
                   "layers, at the first positions, seen by all, not scored",
        .parameters = "registers rows of the embedding's width",
        .source = "arXiv 2410.10781 (sink token); Darcet et al., 2023; Xiao et "
                  "al., 2023",
        .sinks = "with 1: sink_bias 74.12 %, sink_1 0.00 %, loss 3.72; the "
                 "register carries the massive activation (arXiv 2410.10781)" },
    NULL,
};
