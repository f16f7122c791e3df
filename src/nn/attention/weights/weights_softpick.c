/* weights_softpick.c - a = max(exp(s) - 1, 0) / (sum |exp(s) - 1| + eps).
 *
 * Everything is divided by exp(m), m = max(0, max s): n = exp(s-m) - exp(-m).
 *   ds = exp(s) / Z ([s > 0] g - sign(s) sum a g)
 * so that negative scores, whose weight is zero, still learn through Z. A row
 * without a positive score is empty, and its gradient zero.
 *
 * The largest weight, (1 - exp(-m)) / Z, tells backward what Z was. */
#include "kern/rows.h"
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

static const real EPS = (real)1e-6;

struct terms {
    real max, floor; /* m, exp(-m) */
};

static struct terms terms_of(const real *s, idx n)
{
    real max = row_max(s, n);
    max = max > 0 ? max : 0;
    return (struct terms){ max, vec_exp(-max) };
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    struct terms t = terms_of(s, row->n);
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < row->n; j++) {
        real x = vec_exp(s[j] - t.max) - t.floor;
        sum += x < 0 ? -x : x;
        a[j] = x < 0 ? 0 : x;
    }
    /* Z >= eps if m = 0; else Z >= 1 - exp(-m) > 0, or all is 0 / eps */
    row_scale(a, 1 / (sum + EPS * t.floor), row->n);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    struct terms t = terms_of(s, row->n);
    real dot = row_dot(a, g, row->n);
    real factor = t.floor < 1 ? row_max(a, row->n) / (1 - t.floor) : 0;
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real slope = s[j] > 0 ? g[j] - dot : s[j] < 0 ? dot : 0;
        ds[j] = vec_exp(s[j] - t.max) * factor * slope;
    }
}

const struct weight_map weights_softpick = {
    .text = { .name = "softpick",
              .formula = "max(exp(s_j) - 1, 0) / (sum_k |exp(s_k) - 1| + 1e-6)",
              .parameters = "none",
              .source = "Zuhri et al., 2025",
              .sinks = "sink rate 63.4 % -> 0 at 340M parameters, 47 % of the "
                       "weights "
                       "zero (Zuhri et al., 2025)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .forward = forward,
    .backward = backward,
};
