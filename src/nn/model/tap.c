#include "nn/model/tap.h"

const struct tap_text tap_texts[] = {
    [TAP_EMBEDDING] = { .text = { .name = "embedding",
                                  .formula = "what a token and its position "
                                             "give to the residual stream" },
                        .shape = "(T,C)",
                        .is_written = true },
    [TAP_NORM1] = { .text = { .name = "norm1",
                              .formula = "what the matrix of queries, keys and "
                                         "values reads: the normed stream, or, "
                                         "with no norm before, the stream" },
                    .shape = "(T,C)",
                    .is_written = true },
    [TAP_Q] = { .text = { .name = "q",
                          .formula = "queries as a head reads them" },
                .shape = "(T,D) a head",
                .is_written = true },
    [TAP_K] = { .text = { .name = "k", .formula = "keys as a head reads them" },
                .shape = "(T,D) a head",
                .is_written = true },
    [TAP_V] = { .text = { .name = "v",
                          .formula = "values as a head reads them" },
                .shape = "(T,E) a head",
                .is_written = true },
    [TAP_SCORES] = { .text = { .name = "scores",
                               .formula = "what the weight map reads: q.k / "
                                          "sqrt(D), edited" },
                     .shape = "(T,T) a head",
                     .is_written = true },
    [TAP_WEIGHTS] = { .text = { .name = "weights",
                                .formula =
                                    "what values are mixed with: mapped, "
                                    "normalised, scaled" },
                      .shape = "(T,1+T) or (T,T) a head",
                      .is_written = true },
    [TAP_HEAD] = { .text = { .name = "head",
                             .formula = "what a head gives: values, mixed" },
                   .shape = "(T,E) a head",
                   .is_written = true },
    [TAP_MIXED] = { .text = { .name = "mixed",
                              .formula = "what the output matrix reads: heads "
                                         "side by side, behind all stages" },
                    .shape = "(T,O)",
                    .is_written = true },
    [TAP_ATTENTION] = { .text = { .name = "attention",
                                  .formula =
                                      "what attention adds to the stream, "
                                      "behind its norm with norm_place = "
                                      "sandwich" },
                        .shape = "(T,C)",
                        .is_written = true },
    [TAP_MIDDLE] = { .text = { .name = "middle",
                               .formula = "the residual stream between "
                                          "attention and feed-forward" },
                     .shape = "(T,C)",
                     .is_written = true },
    [TAP_NORM2] = { .text = { .name = "norm2",
                              .formula = "what the feed-forward reads: the "
                                         "normed stream, or, with no norm "
                                         "before, the stream" },
                    .shape = "(T,C)",
                    .is_written = true },
    [TAP_FFN_INNER] = { .text = { .name = "ffn_inner",
                                  .formula = "hidden numbers of the "
                                             "feed-forward, behind the "
                                             "activation" },
                        .shape = "(T,F)",
                        .is_written = true },
    [TAP_FFN] = { .text = { .name = "ffn",
                            .formula = "what the feed-forward adds to the "
                                       "stream, as of attention" },
                  .shape = "(T,C)",
                  .is_written = true },
    [TAP_RESIDUAL] = { .text = { .name = "residual",
                                 .formula = "the residual stream behind 0, 1, "
                                            "... L blocks" },
                       .shape = "(T,C) a depth",
                       .is_written = true },
    [TAP_LOGITS] = { .text = { .name = "logits",
                               .formula = "scores of the next token" },
                     .shape = "(T,V)" },
    [TAP_LOSS] = { .text = { .name = "loss",
                             .formula = "nats of each target; 0 where it does "
                                        "not count" },
                   .shape = "(T,1)" },
    [TAP_D_RESIDUAL] = { .text = { .name = "d_residual",
                                   .formula = "gradient of the mean loss by "
                                              "the residual stream" },
                         .shape = "(T,C) a depth" },
    [TAP_D_Q] = { .text = { .name = "d_q",
                            .formula = "gradient of the mean loss by queries, "
                                       "through heads" },
                  .shape = "(T,D) a head" },
    [TAP_D_K] = { .text = { .name = "d_k",
                            .formula = "gradient of the mean loss by keys, "
                                       "through the heads that share them" },
                  .shape = "(T,D) a head" },
    [TAP_D_V] = { .text = { .name = "d_v",
                            .formula = "gradient of the mean loss by values, "
                                       "through the heads that share them" },
                  .shape = "(T,E) a head" },
    [N_TAPS] = { .text = { .name = NULL } },
};
