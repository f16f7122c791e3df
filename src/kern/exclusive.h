/* exclusive.h - takes from a head's output what points the way of the token's
 * own value (exclusive self attention, arXiv 2603.09078; the strength by a
 * small gate).
 *
 *     y = x - tanh(a) (x . u) u,   u = v / sqrt(|v|^2 + NORM_UNIT_EPS)
 *
 * Cannot fail, any thread.
 */
#ifndef SINKLAB_EXCLUSIVE_H
#define SINKLAB_EXCLUSIVE_H

#include "base/base.h"

struct exclusive {
    idx R, H, D;   /* rows; H heads of D, side by side */
    idx share;     /* neighbouring heads that have one value; 1: each its own */
    const real *x; /* (R,H*D), rows ld_x apart */
    idx ld_x;
    const real *v; /* (R,H/share*D), rows ld_v apart */
    idx ld_v;
    const real *a; /* (R,H), rows ld_a apart; NULL: 1 instead of tanh(a) */
    idx ld_a;
};

/* exclusive_forward - y (R,H*D) out, rows ld_y apart; may be x, but backward
 * needs x. */
void exclusive_forward(real *y, idx ld_y, const struct exclusive *e);

/* exclusive_backward - d (R,H*D), rows ld_d apart, in: gradient of y, out: of
 * x. dv (as v, rows ld_dv apart) += its own, because the mixing of values gives
 * it a gradient too; da (R,H) out, rows ld_da apart, NULL if there is no a.
 * With p = x . u, q = dy . u, t = tanh(a):
 * dx = dy - t q u,  da = -(1 - t^2) p q,
 * dv += -t (q x + p dy - 2 p q u) / |v| */
void exclusive_backward(real *restrict d, idx ld_d, real *restrict dv,
                        idx ld_dv, real *restrict da, idx ld_da,
                        const struct exclusive *e);

#endif
