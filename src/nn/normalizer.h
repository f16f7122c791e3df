/* normalizer.h - what divides a row of mapped scores: a = f / Z.
 *
 *   none    Z = 1
 *   sum     Z = sum_j f_j + 1e-8   (the study's guard, arXiv 2410.10781)
 *   length  Z = number of visible keys (arXiv 2309.08586, causal form)
 */
#ifndef SINKLAB_NORMALIZER_H
#define SINKLAB_NORMALIZER_H

#include "nn/weights.h"

const char *normalizer_name(int i); /* by enum normalizer; NULL past the end */

/* 1/Z for the row f (n). kind is not OWN. */
real normalizer_factor(enum normalizer kind, const real *f,
                       const struct weight_row *row);

/* g (n) in: gradient with respect to a = f/Z; out: with respect to f.
 * sum: (g - sum_j a_j g_j) / Z; the others: g / Z. */
void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, const struct weight_row *row);

/* x (n) *= factor */
void row_scale(real *x, real factor, idx n);

#endif
