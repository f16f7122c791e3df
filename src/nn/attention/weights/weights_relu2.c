/* weights_relu2.c - a = max(s, 0)^2; ds = 2 max(s, 0) g. */
#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        a[j] = s[j] < 0 ? 0 : s[j] * s[j]; /* so written, NaN stays */
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)a;
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = s[j] <= 0 ? 0 : 2 * s[j] * g[j];
}

const struct weight_map weights_relu2 = {
    .text = { .name = "relu2",
              .formula = "max(s_j, 0)^2",
              .parameters = "none",
              .source = "Wortsman et al., 2023 (normaliser: length)",
              .sinks = "not reported" },
    .own = NORMALIZER_LENGTH,
    .normalizers = 1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM |
                   1u << NORMALIZER_LENGTH | 1u << NORMALIZER_P_NORM,
    .ignores_column = true,
    .forward = forward,
    .backward = backward,
};
