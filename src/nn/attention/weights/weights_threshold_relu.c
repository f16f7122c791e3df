/* weights_threshold_relu.c - a = max(s - t, 0)^p with a threshold that grows as
 * the largest of n random cosines does: t = beta sqrt(2 ln(n) / D), n visible
 * keys, D the head's width. Meant for queries and keys of length 1.
 *
 *   ds = p max(s - t, 0)^(p-1) g */
#include <math.h>

#include "nn/attention/weights/weights.h"
#include "nn/attention/weights/weights_shared.h"

static real threshold_of(const struct weight_row *row)
{
    double square = 2 * log((double)row->n_keys) / (double)row->D;
    return (real)(row->options->threshold_beta * sqrt(square));
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real t = threshold_of(row), p = (real)row->options->threshold_power;
    if (p == 2) {
#pragma omp simd
        for (idx j = 0; j < row->n; j++) {
            real x = s[j] - t;
            a[j] = x < 0 ? 0 : x * x; /* so written, NaN stays */
        }
        return;
    }
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real x = s[j] - t, power = vec_power(x, p);
        a[j] = x <= 0 ? 0 : power;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    real t = threshold_of(row), p = (real)row->options->threshold_power;
    if (p == 2) {
#pragma omp simd
        for (idx j = 0; j < row->n; j++) {
            real x = s[j] - t;
            ds[j] = x <= 0 ? 0 : 2 * x * g[j]; /* as above */
        }
        return;
    }
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real x = s[j] - t, slope = p * a[j] / x;
        ds[j] = x <= 0 ? 0 : slope * g[j];
    }
}

const struct weight_map weights_threshold_relu = {
    .name = "threshold_relu",
    .formula = "max(s_j - t, 0)^p, t = beta sqrt(2 ln(n) / D)",
    .parameters = "threshold_beta, threshold_power; made for qk_norm = unit",
    .source = "arXiv 2601.12145",
    .sinks = "none at 162M parameters, over 99 % of the weights zero (arXiv "
             "2601.12145)",
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .ignores_column = true,
    .forward = forward,
    .backward = backward,
};
