/* norm.h - normalisation of rows: LayerNorm (arXiv 1607.06450) and RMSNorm
 * (arXiv 1910.07467), forward and backward, as rows of one table.
 */
#ifndef SINKLAB_NORM_H
#define SINKLAB_NORM_H

#include "base/base.h"

/* Added to the variance or mean square before the root. */
#define NORM_EPS 1e-5

struct norm {
    const char *name, *formula, *source;
    bool has_shift;

    /* y = gain * (x - mean) * rstd + shift, row by row; RMSNorm: mean 0, no
     * shift. y, x (R,C); stats (R,2) out: mean and rstd, for backward;
     * gain, shift (C); shift may be NULL. y must not be x. */
    void (*forward)(real *restrict y, real *restrict stats, const real *x,
                    const real *gain, const real *shift, idx R, idx C);

    /* dx (R,C) += the gradient through the norm; dgain, dshift (C) += theirs
     * (dshift NULL if there is no shift). */
    void (*backward)(real *restrict dx, real *restrict dgain,
                     real *restrict dshift, const real *dy, const real *x,
                     const real *stats, const real *gain, idx R, idx C);
};

extern const struct norm *const norms[]; /* by enum norm_kind */
const char *norm_name(int i);            /* NULL past the end */

#endif
