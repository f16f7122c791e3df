/* loss_hidden_z.c - z-loss on what the last block hands on: hardly more than
 * the square of its largest entry, so that this one does not grow.
 *
 *   s = log sum_c exp |x_c|;  d s^2 / dx_c = 2 s exp(|x_c| - s) sign(x_c)
 */
#include "nn/loss/loss_term.h"

#include "kern/vecmath.h"

static real size_of(real x)
{
    return x < 0 ? -x : x;
}

/* From the largest, so that no size is too large. */
static real log_sum(const real *x, idx n)
{
    real largest = 0, sum = 0;
    for (idx i = 0; i < n; i++)
        largest = size_of(x[i]) > largest ? size_of(x[i]) : largest;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += vec_exp(size_of(x[i]) - largest);
    return largest + vec_log(sum);
}

static real of_hidden(const struct loss_hidden *row, real *dx, real share)
{
    if (row->depth != row->L)
        return 0;
    real s = log_sum(row->x, row->C), factor = 2 * share * s;
    if (dx) {
#pragma omp simd
        for (idx c = 0; c < row->C; c++) {
            real slope = factor * vec_exp(size_of(row->x[c]) - s);
            dx[c] += row->x[c] > 0 ? slope : row->x[c] < 0 ? -slope : 0;
        }
    }
    return s * s;
}

const struct loss_term loss_hidden_z = {
    .text = { .name = "hidden_z",
              .formula =
                  "(log sum_c exp |x_c|)^2 of the stream behind the last "
                  "block, in front of the final norm; a very small "
                  "factor is usual, 1e-7",
              .parameters = "none",
              .source = "hidden z-loss (LongCat-Flash, 2025, arXiv 2509.01322)",
              .sinks = "suppresses massive activations of the last hidden "
                       "states (arXiv 2509.01322); sinks not reported" },
    .of_hidden = of_hidden,
};
