/* features.h - a positive map of queries and keys whose dot products stand for
 * the exponentials of softmax: elu(x) + 1 (Katharopoulos et al. 2020).
 *
 * Cannot fail, any thread.
 */
#ifndef SINKLAB_FEATURES_H
#define SINKLAB_FEATURES_H

#include "base/base.h"

/* elu1_forward - y (R,n) from x (R,n), rows ld_y and ld_x apart; y may be x.
 * y = x + 1 for x > 0, exp(x) else: positive, with a continuous slope. */
void elu1_forward(real *y, idx ld_y, const real *x, idx ld_x, idx R, idx n);

/* elu1_backward - d (R,n), rows ld_d apart, in: gradient of y, out: of x.
 * y (R,n) in: forward's, rows ld_y apart. dx = dy min(y, 1) */
void elu1_backward(real *restrict d, idx ld_d, const real *y, idx ld_y, idx R,
                   idx n);

#endif
