/* weights_sparsemax.c - the distribution nearest to the scores:
 * a = max(s - tau, 0) with tau such that a sums to one.
 *
 * tau by Newton's method on sum max(s - tau, 0) = 1, instead of sorting: the
 * sum is convex and piecewise linear, so from tau = max s - 1, which is never
 * too large, steps only go up, drop scores for good, and end exactly when none
 * is dropped. A few passes, no memory.
 *   ds = g - mean of g over the support, within the support; 0 elsewhere */
#include <math.h>

#include "kern/rows.h"
#include "nn/attention/weights/weights.h"

/* tau - max, in -1 .. 0. */
static real threshold_of(const real *s, real max, idx n)
{
    real tau = -1;
    for (;;) {
        real sum = 0, count = 0;
#pragma omp simd reduction(+ : sum, count)
        for (idx j = 0; j < n; j++) {
            real z = s[j] - max;
            sum += z <= tau ? 0 : z; /* so written, NaN stays */
            count += z <= tau ? 0 : 1;
        }
        real next = (sum - 1) / count; /* count >= 1: the largest is in */
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
        real x = s[j] - max - tau;
        a[j] = x < 0 ? 0 : x;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    real sum = 0, count = 0;
#pragma omp simd reduction(+ : sum, count)
    for (idx j = 0; j < row->n; j++) {
        sum += a[j] <= 0 ? 0 : g[j];
        count += a[j] <= 0 ? 0 : 1;
    }
    real mean = sum / count; /* the largest score is always in */
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = a[j] <= 0 ? 0 : g[j] - mean;
}

const struct weight_map weights_sparsemax = {
    .text = { .name = "sparsemax",
              .formula = "max(s_j - tau, 0), tau such that the row sums to 1",
              .parameters = "none",
              .source = "Martins and Astudillo, 2016",
              .sinks = "not reported" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .forward = forward,
    .backward = backward,
};
