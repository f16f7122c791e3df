/* norm.h - normalisation of rows, and what may stand in its place: one table of
 * LayerNorm (arXiv 1607.06450), RMSNorm (arXiv 1910.07467), RMSNorm with one
 * gain for all channels (SSNorm, Park et al., 2025) and dynamic tanh
 * (DyT, arXiv 2503.10622), forward and backward.
 *
 * What a norm learns lies in two tensors. `gain`: the gains of the channels, if
 * it has any, and behind them its scalar, if it has one: norm_gain_numbers() in
 * all. `shift`: C numbers, if it has any, that start at 0.
 *
 *     layernorm   gain (C)            shift (C)
 *     rmsnorm     gain (C)
 *     ssnorm      gain (1)
 *     dyt         gain (C+1): gains, then alpha, which starts at 0.5; shift (C)
 */
#ifndef SINKLAB_NORM_H
#define SINKLAB_NORM_H

#include "base/base.h"

/* Added to the mean square of a head's numbers before the root, and, where
 * nothing else is said, to the variance or mean square of a row. */
#define NORM_EPS 1e-5

/* Added to a squared length before the root, where a vector is made one of
 * length 1: keeps the zero vector and its gradient finite, and is too small to
 * be seen in any other. */
#define NORM_UNIT_EPS 1e-12

struct norm {
    bool has_gains;      /* one a channel; they start at 1 */
    bool has_scalar;     /* one number for the whole row */
    double scalar_start; /* before training */
    bool has_shift;      /* one a channel */

    /* y (R,C) from x (R,C), row by row: y = gain * (x - mean) * rstd + shift,
     * but for dyt; see the formulas of the table. eps: added to the variance
     * or mean square before the root. stats (R,2) out: mean and rstd, for
     * backward; 0 and alpha of dyt. gain (norm_gain_numbers); shift (C) may be
     * NULL. y must not be x. */
    void (*forward)(real *restrict y, real *restrict stats, const real *x,
                    const real *gain, const real *shift, double eps, idx R,
                    idx C);

    /* dx (R,C) += the gradient through the norm; dgain (norm_gain_numbers) and
     * dshift (C) += theirs (dshift NULL if there is no shift). */
    void (*backward)(real *restrict dx, real *restrict dgain,
                     real *restrict dshift, const real *dy, const real *x,
                     const real *stats, const real *gain, idx R, idx C);
};

extern const struct norm norm_layer, norm_rms, norm_single, norm_dyt;

/* Numbers in the gain of rows of C, 1 .. C+1: ones before training, but for a
 * scalar, the last of them, which is scalar_start. */
static inline idx norm_gain_numbers(const struct norm *n, idx C)
{
    return (n->has_gains ? C : 0) + (n->has_scalar ? 1 : 0);
}

#endif
