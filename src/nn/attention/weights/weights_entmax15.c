/* weights_entmax15.c - 1.5-entmax, between softmax and sparsemax:
 * a = max(s/2 - tau, 0)^2 with tau such that a sums to one.
 *
 * tau by Newton's method on |r| = 1, the norm of r = max(s/2 - tau, 0), which
 * is convex in tau: from tau = max s/2 - 1, never too large, steps only go up,
 * and end when rounding does not let them. One step is exact for equal scores.
 *   ds = r (g - sum r g / sum r),   r = sqrt a */
#include <math.h>

#include "kern/rows.h"
#include "nn/attention/weights/weights.h"

static const real HALF = (real)0.5;

/* tau - max s/2, in -1 .. 0. */
static real threshold_of(const real *s, real max, idx n)
{
    real tau = -1;
    for (;;) {
        real sum = 0, squares = 0;
#pragma omp simd reduction(+ : sum, squares)
        for (idx j = 0; j < n; j++) {
            real r = HALF * (s[j] - max) - tau;
            r = r < 0 ? 0 : r; /* so written, NaN stays */
            sum += r;
            squares += r * r;
        }
        real norm = (real)sqrt((double)squares);
        /* sum > 0: r = -tau at the largest score */
        real next = tau + (norm - 1) * norm / sum;
        if (!(next > tau))
            return isnan(next) ? next : tau;
        tau = next;
    }
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real max = row_max(s, row->n), tau = threshold_of(s, max, row->n);
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real r = HALF * (s[j] - max) - tau;
        a[j] = r < 0 ? 0 : r * r;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    real sum = 0, dot = 0;
#pragma omp simd reduction(+ : sum, dot)
    for (idx j = 0; j < row->n; j++) {
        real r = (real)sqrt((double)a[j]);
        sum += r;
        dot += r * g[j];
    }
    real mean = dot / sum; /* sum r >= sum a = 1 */
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = (real)sqrt((double)a[j]) * (g[j] - mean);
}

const struct weight_map weights_entmax15 = {
    .text = { .name = "entmax15",
              .formula =
                  "max(s_j/2 - tau, 0)^2, tau such that the row sums to 1",
              .parameters = "none",
              .source = "Peters et al., 2019",
              .sinks = "not reported" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .forward = forward,
    .backward = backward,
};
