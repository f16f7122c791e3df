#include "nn/norms.h"

const struct norm_choice norms[] = {
    [NORM_LAYER] = { .text = { .name = "layernorm",
                               .formula = "gain (x - mean x) / sqrt(var x + "
                                          "norm_eps) + shift",
                               .parameters =
                                   "gain (C), from 1, and shift (C), from 0",
                               .source = "arXiv 1607.06450",
                               .sinks = "not reported by itself" },
                     .kernel = &norm_layer },
    [NORM_RMS] = { .text = { .name = "rmsnorm",
                             .formula = "gain x / sqrt(mean x^2 + norm_eps)",
                             .parameters = "gain (C), from 1",
                             .source = "arXiv 1910.07467",
                             .sinks = "sink_1 18.18 % in the study's default "
                                      "model, which has "
                                      "it (arXiv 2410.10781)" },
                   .kernel = &norm_rms },
    [NORM_SINGLE] = { .text = { .name = "ssnorm",
                                .formula =
                                    "gain x / sqrt(mean x^2 + norm_eps), "
                                    "one gain for all channels",
                                .parameters = "gain, one number, from 1",
                                .source = "Park et al., 2025",
                                .sinks = "with Muon: sinks stay, excess "
                                         "kurtosis 66.7 against 361.4 "
                                         "(Park et al., 2025)" },
                      .kernel = &norm_single },
    [NORM_DYT] = { .text = { .name = "dyt",
                             .formula = "gain tanh(alpha x) + shift, one "
                                        "alpha, from 0.5",
                             .parameters =
                                 "gain (C), from 1, alpha, shift (C), from 0",
                             .source = "arXiv 2503.10622",
                             .sinks = "more sinks (61.0 against 46.0 %), "
                                      "spikes of activations fall "
                                      "from 3818 to 153 (Sun et al., 2026)" },
                   .kernel = &norm_dyt },
    { .text = { .name = NULL } },
};

const char *norm_name(int i)
{
    return i >= 0 && i < COUNT_OF(norms) - 1 ? norms[i].text.name : NULL;
}

const struct norm_place_choice norm_places[] = {
    [PLACE_PRE] = { .text = { .name = "pre",
                              .key = "[model] norm_place = pre",
                              .formula =
                                  "x + f(norm(x)); a last norm before the head",
                              .parameters =
                                  "two norms a block and the last one",
                              .source = "Radford et al., 2019 (GPT-2)",
                              .sinks = "sink_1 18.18 % (arXiv 2410.10781)" },
                    .is_before = true,
                    .is_final = true },
    [PLACE_POST] = { .text = { .name = "post",
                               .key = "[model] norm_place = post",
                               .formula =
                                   "norm(x + f(x)); none before the head",
                               .parameters = "two norms a block",
                               .source = "arXiv 1706.03762",
                               .sinks = "sink_1 13.54 %; massive activations "
                                        "before the second norm, "
                                        "not behind it (arXiv 2410.10781)" },
                     .is_behind_sum = true },
    [PLACE_SANDWICH] = { .text = { .name = "sandwich",
                                   .key = "[model] norm_place = sandwich",
                                   .formula = "x + norm'(f(norm(x))); a last "
                                              "norm before the head",
                                   .parameters =
                                       "four norms a block and the last one",
                                   .source = "Ding et al., 2021 (CogView)",
                                   .sinks =
                                       "sinks stay (44.7 against 46.0 %), "
                                       "spikes of activations fall "
                                       "from 3818 to 520 (Sun et al., 2026)" },
                         .is_before = true,
                         .is_behind = true,
                         .is_final = true },
    [PLACE_NONE] = { .text = { .name = "none",
                               .key = "[model] norm_place = none",
                               .formula = "x + f(x)",
                               .parameters = "none",
                               .source = "the comparison without",
                               .sinks = "not reported" } },
    [PLACE_BEHIND] = { .text = { .name = "behind",
                                 .key = "[model] norm_place = behind",
                                 .formula = "x + norm'(f(x)); a last norm "
                                            "before the head",
                                 .parameters =
                                     "two norms a block and the last one",
                                 .source = "arXiv 2501.00656 (OLMo 2)",
                                 .sinks = "not reported by itself" },
                       .is_behind = true,
                       .is_final = true },
    { .text = { .name = NULL } },
};

const char *norm_place_name(int i)
{
    return i >= 0 && i < COUNT_OF(norm_places) - 1 ? norm_places[i].text.name
                                                   : NULL;
}
