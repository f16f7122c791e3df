/* weights_sigmoid.c - a = 1 / (1 + exp(-s)); ds = a (1 - a) g. */
#include "kern/vecmath.h"
#include "nn/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        a[j] = vec_sigmoid(s[j]);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = a[j] * (1 - a[j]) * g[j];
}

const struct weight_map weights_sigmoid = {
    .name = "sigmoid",
    .formula = "1 / (1 + exp(-s_j))",
    .parameters = "none",
    .source = "arXiv 2410.10781; arXiv 2409.04431 adds a bias",
    .sinks = "sink_1 0.44 % (proxy) without, 30.2 % with sum normaliser "
             "(arXiv 2410.10781)",
    .own = NORMALIZER_NONE,
    .normalizers =
        1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM | 1u << NORMALIZER_LENGTH,
    .forward = forward,
    .backward = backward,
};
