/* loss_entropy.c - how spread a row of weights is. Rows that need not sum to
 * one are made to, p = a / S; with H = log S - (1/S) sum a log a the derivative
 * is -(log p_j + H) / S. A weight of 0, where that has no bound, is left. */
#include "nn/loss/loss_term.h"

#include "kern/vecmath.h"

static real of_weights(const struct loss_weights *row, real *dweights,
                       real share)
{
    real sum = 0, mixed = 0;
    for (idx j = 0; j < row->n; j++)
        sum += row->a[j];
    if (!(sum > 0))
        return 0;
    real whole = 1 / sum;
#pragma omp simd reduction(+ : mixed)
    for (idx j = 0; j < row->n; j++) {
        real p = row->a[j] * whole;
        mixed += p > 0 ? p * vec_log(p > 0 ? p : 1) : 0;
    }
    if (dweights) {
#pragma omp simd
        for (idx j = 0; j < row->n; j++) {
            real p = row->a[j] * whole;
            real slope = share * whole * (mixed - vec_log(p > 0 ? p : 1));
            dweights[j] += p > 0 ? slope : 0;
        }
    }
    return -mixed;
}

const struct loss_term loss_entropy = {
    .text = { .name = "entropy",
              .formula = "-sum_j p_j log p_j of a row of weights, p = a / sum "
                         "a, the extra column included; mean over heads and "
                         "layers. A factor below 0 rewards it",
              .parameters = "none",
              .source = "Pereyra et al., 2017 (arXiv 1701.06548), for outputs",
              .sinks = "not reported" },
    .of_weights = of_weights,
};
