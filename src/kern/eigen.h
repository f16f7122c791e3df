/* eigen.h - eigenvalues of small symmetric matrices, in double. */
#ifndef SINKLAB_EIGEN_H
#define SINKLAB_EIGEN_H

#include "base/base.h"

/* Doubles of room that eigen_values wants beside a. */
idx eigen_room(idx n);

/* eigen_values - value (n) out, in no order: those of the symmetric a (n,n),
 * whose lower triangle is read; a is overwritten. NaN in, NaN out.
 * Householder's tridiagonal form, then QL with implicit shifts (Bowdler,
 * Martin, Reinsch and Wilkinson 1968): to about n rounding errors of the
 * largest. */
void eigen_values(double *value, double *a, idx n, double *room);

#endif
