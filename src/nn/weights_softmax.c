/* weights_softmax.c - a = exp(s) / sum exp(s); ds = a (g - sum a g). */
#include "kern/vecmath.h"
#include "nn/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
    idx n = row->n;
    real max = s[0], sum = 0;
#pragma omp simd reduction(max : max)
    for (idx j = 1; j < n; j++)
        max = s[j] > max ? s[j] : max;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++) {
        real e = vec_exp(s[j] - max); /* <= 1, and 1 at the maximum */
        a[j] = e;
        sum += e;
    }
    real factor = 1 / sum;
#pragma omp simd
    for (idx j = 0; j < n; j++)
        a[j] *= factor;
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    real dot = 0;
#pragma omp simd reduction(+ : dot)
    for (idx j = 0; j < row->n; j++)
        dot += a[j] * g[j];
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = a[j] * (g[j] - dot);
}

const struct weight_map weights_softmax = {
    .name = "softmax",
    .formula = "exp(s_j) / sum_k exp(s_k)",
    .parameters = "none",
    .source = "arXiv 1706.03762",
    .sinks = "sink_1 18.2 % at 60M parameters, 45.1 % at 1B (arXiv 2410.10781)",
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .forward = forward,
    .backward = backward,
};
