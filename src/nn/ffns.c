#include "nn/ffns.h"

const struct ffn_choice ffns[] = {
    [FFN_GELU] = { .text = { .name = "gelu",
                             .formula = "0.5 u (1 + tanh(sqrt(2/pi) (u + "
                                        "0.044715 u^3)))",
                             .parameters = "none of its own",
                             .source = "arXiv 1606.08415",
                             .sinks =
                                 "of this form not reported; see gelu_erf" },
                   .kernel = &activation_gelu },
    [FFN_SWIGLU] = { .text = { .name = "swiglu",
                               .formula = "silu(gate) * up",
                               .parameters = "twice the rows of up",
                               .source = "arXiv 2002.05202",
                               .sinks = "sink_1 18.18 %, loss 3.73 (arXiv "
                                        "2410.10781)" },
                     .kernel = &activation_swiglu },
    [FFN_RELU] = { .text = { .name = "relu",
                             .formula = "max(u, 0)",
                             .parameters = "none of its own",
                             .source = "Nair and Hinton, 2010",
                             .sinks = "sink_1 16.90 %, loss 3.82 (arXiv "
                                      "2410.10781)" },
                   .kernel = &activation_relu },
    [FFN_GELU_ERF] = { .text = { .name = "gelu_erf",
                                 .formula = "0.5 u (1 + erf(u / sqrt(2)))",
                                 .parameters = "none of its own",
                                 .source = "arXiv 1606.08415",
                                 .sinks = "sink_1 14.76 %, loss 3.79 (arXiv "
                                          "2410.10781)" },
                       .kernel = &activation_gelu_erf },
    [FFN_SILU] = { .text = { .name = "silu",
                             .formula = "u sigmoid(u)",
                             .parameters = "none of its own",
                             .source = "arXiv 1606.08415",
                             .sinks = "sink_1 17.89 %, loss 3.80 (arXiv "
                                      "2410.10781)" },
                   .kernel = &activation_silu },
    [FFN_REGLU] = { .text = { .name = "reglu",
                              .formula = "relu(gate) * up",
                              .parameters = "twice the rows of up",
                              .source = "arXiv 2002.05202",
                              .sinks = "sink_1 13.88 %, loss 3.75 (arXiv "
                                       "2410.10781)" },
                    .kernel = &activation_reglu },
    [FFN_GEGLU] = { .text = { .name = "geglu",
                              .formula = "gelu_erf(gate) * up",
                              .parameters = "twice the rows of up",
                              .source = "arXiv 2002.05202",
                              .sinks = "sink_1 17.86 %, loss 3.73 (arXiv "
                                       "2410.10781)" },
                    .kernel = &activation_geglu },
    { .text = { .name = NULL } },
};

const char *ffn_name(int i)
{
    return i >= 0 && i < COUNT_OF(ffns) - 1 ? ffns[i].text.name : NULL;
}
