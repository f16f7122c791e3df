/* weights_threshold_relu.c - a = max(s - t, 0)^p with a threshold that grows as
 * the largest of n random cosines does: t = beta sqrt(2 ln(n) / D), n visible
 * keys, D the head's width. Meant for queries and keys of length 1.
 *
 *   ds = p max(s - t, 0)^(p-1) g */
#include <math.h>

#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

enum { BETA, POWER, WIDTH }; /* settings */

static void prepare(struct map_settings *settings,
                    const struct attention_options *o, idx context, idx D)
{
    (void)context;
    settings->x[BETA] = o->threshold_beta;
    settings->x[POWER] = o->threshold_power;
    settings->x[WIDTH] = (double)D;
}

static real threshold_of(const struct weight_row *row)
{
    const double *x = row->settings->x;
    return (real)(x[BETA] * sqrt(2 * log((double)row->n_keys) / x[WIDTH]));
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real t = threshold_of(row), p = (real)row->settings->x[POWER];
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
    real t = threshold_of(row), p = (real)row->settings->x[POWER];
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
    .text = { .name = "threshold_relu",
              .formula = "max(s_j - t, 0)^p, t = beta sqrt(2 ln(n) / D)",
              .parameters =
                  "threshold_beta, threshold_power; made for qk_norm = unit",
              .source = "arXiv 2601.12145",
              .sinks = "none at 162M parameters, over 99 % of the weights zero "
                       "(arXiv "
                       "2601.12145)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .ignores_column = true,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
