/* weights_elu1.c - a = elu(s) + 1: s + 1 above zero, exp(s) below; its slope is
 * 1 above and a below. */
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real below = vec_exp(s[j]); /* unused where it is large */
        a[j] = s[j] > 0 ? s[j] + 1 : below;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = s[j] > 0 ? g[j] : a[j] * g[j];
}

const struct weight_map weights_elu1 = {
    .text = { .name = "elu1",
              .formula = "s_j + 1 if s_j > 0, else exp(s_j)",
              .parameters = "none",
              .source = "arXiv 2410.10781",
              .sinks =
                  "sink_1 0.80 % (proxy); training fails with sum normaliser "
                  "(arXiv 2410.10781)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM |
                   1u << NORMALIZER_LENGTH | 1u << NORMALIZER_P_NORM,
    .ignores_column = true,
    .forward = forward,
    .backward = backward,
};
