/* weights_ssmax.c - softmax of s' = c s, c = scale ln n: sharper the more keys
 * n there are, so that long rows do not fade; scale is learned. The source fits
 * 0.43; where it starts there we do not know.
 *
 *   ds = c a (g - sum a g),   dscale = ln n sum_j a_j (g_j - sum a g) s_j */
#include <math.h>

#include "kern/rows.h"
#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

static idx learned(struct map_learned numbers[MAP_LEARNED_MAX],
                   const struct attention_options *o)
{
    numbers[0] = (struct map_learned){ "scale", o->ssmax_scale, false };
    return 1;
}

static real log_length(const struct weight_row *row)
{
    return (real)log((double)row->n_keys);
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    softmax_forward(a, s, row->learned[0] * log_length(row), row->n);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    real c = row->learned[0] * log_length(row);
    real dot = row_dot(a, g, row->n), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < row->n; j++) {
        real d = a[j] * (g[j] - dot);
        sum += d * s[j];
        ds[j] = c * d;
    }
    row->dlearned[0] += sum * log_length(row);
}

const struct weight_map weights_ssmax = {
    .text = { .name = "ssmax",
              .formula = "softmax(scale ln(n) s)_j, scale learned",
              .parameters = "ssmax_scale; learned: scale a head",
              .source = "Nakanishi, 2025",
              .sinks = "not reported" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .learned = learned,
    .forward = forward,
    .backward = backward,
};
