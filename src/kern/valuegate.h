/* valuegate.h - a value decides how much of it is mixed (value-gated attention,
 * Bu et al., arXiv 2510.09017): a token that is attended to for want of better
 * ones can give nothing without a small value.
 *
 *     u = sigmoid(v . w) v          of each head of each row
 *
 * Cannot fail, any thread.
 */
#ifndef SINKLAB_VALUEGATE_H
#define SINKLAB_VALUEGATE_H

#include "base/base.h"

struct valuegate {
    idx R, H, D;   /* rows; H heads of D, side by side */
    const real *v; /* (R,H*D), rows ld_v apart */
    idx ld_v;
    const real *w; /* (H,D), ld_w apart */
    idx ld_w;      /* D; 0: w (D) for all heads */
};

/* valuegate_forward - u (R,H*D) out, rows ld_u apart; may be v, but backward
 * needs v. */
void valuegate_forward(real *u, idx ld_u, const struct valuegate *g);

/* valuegate_backward - d (R,H*D), rows ld_d apart, in: gradient of u, out: of
 * v. dw (as w) += its own. With s = sigmoid(v . w), k = s (1 - s) (du . v):
 * dv = s du + k w,  dw += k v */
void valuegate_backward(real *restrict d, idx ld_d, real *restrict dw,
                        const struct valuegate *g);

#endif
