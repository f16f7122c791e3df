/* singular.h - singular values of small matrices of what a model computed. */
#ifndef SINKLAB_SINGULAR_H
#define SINKLAB_SINGULAR_H

#include "base/base.h"

/* Doubles of room that matrices of up to rows x n want. */
idx singular_room(idx rows, idx n);

/* singular_squares - *value: the squares of the singular values of x (rows,n),
 * rows ld apart; in room, none below zero, in no order. Returns how many, the
 * smaller of rows and n. NaN in, NaN out. */
idx singular_squares(double **value, double *room, const real *x, idx rows,
                     idx n, idx ld);

/* singular_rank - exp of the entropy of n numbers made to sum to one: n if all
 * are equal, 1 if all but one are 0, NaN if all are. */
double singular_rank(const double *value, idx n);

/* singular_stable_rank - the sum of n squares over the largest. 0 / 0 is NaN.
 */
double singular_stable_rank(const double *square, idx n);

#endif
