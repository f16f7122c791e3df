/* headnorm.h - a norm of each head's part of a row: of queries and keys (Henry
 * et al. 2020), or of what a head gives (Ye et al. 2025).
 *
 *     rms    y = w x / sqrt(mean x^2 + eps), as the norm of whole rows
 *     unit   y = w x / sqrt(sum x^2 + eps): length 1 if w is none
 *
 * Cannot fail, any thread.
 */
#ifndef SINKLAB_HEADNORM_H
#define SINKLAB_HEADNORM_H

#include "base/base.h"

struct headnorm {
    idx R, H, D;   /* rows; H heads of D, side by side */
    bool is_unit;  /* else rms */
    double eps;    /* NORM_UNIT_EPS, NORM_EPS (kern/norm.h), or another */
    const real *x; /* (R,H*D), rows ld_x apart */
    idx ld_x;
    const real *gain; /* w (D), for all heads; NULL: none */
};

/* headnorm_forward - y (R,H*D) out, rows ld_y apart; may be x, but backward
 * needs x. */
void headnorm_forward(real *y, idx ld_y, const struct headnorm *n);

/* headnorm_backward - d (R,H*D), rows ld_d apart, in: gradient of y, out: of x.
 * dgain (D) += its own; NULL if there is no gain. */
void headnorm_backward(real *restrict d, idx ld_d, real *restrict dgain,
                       const struct headnorm *n);

#endif
