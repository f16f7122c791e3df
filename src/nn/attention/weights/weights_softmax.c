/* weights_softmax.c - a = exp(s) / sum exp(s); ds = a (g - sum a g). */
#include "kern/rows.h"
#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
    softmax_forward(a, s, 1, row->n);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    softmax_backward(ds, a, g, row->n);
}

const struct weight_map weights_softmax = {
    .text = { .name = "softmax",
              .formula = "exp(s_j) / sum_k exp(s_k)",
              .parameters = "none",
              .source = "arXiv 1706.03762; p_norm: arXiv 2410.10781",
              .sinks = "sink_1 18.2 % at 60M parameters, 45.1 % at 1B; p_norm "
                       "with p < 1 "
                       "weakens massive activations, p >= 2 diverges (arXiv "
                       "2410.10781)" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM | 1u << NORMALIZER_P_NORM,
    .has_own_built_in = true,
    .forward = forward,
    .backward = backward,
};
