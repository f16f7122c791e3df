/* update_sums.h - how large an update of a tensor was: sums of squares of its
 * gradient, of what it changed, and of the weights behind it. */
#ifndef SINKLAB_UPDATE_SUMS_H
#define SINKLAB_UPDATE_SUMS_H

#include "base/base.h"

/* All 0 of what is not trained (PARAM_STATE); of what is frozen, gradient and
 * change are. */
struct update_sums {
    double gradient; /* before clipping */
    double change;   /* weight decay included */
    double weights;
};

/* sum_squares, sum_products - of x, and of x and y (n), in double. */
double sum_squares(const real *x, idx n);
double sum_products(const real *x, const real *y, idx n);

/* sum_update - of w - old (n) and of w, in one pass. */
void sum_update(double *change, double *weights, const real *restrict w,
                const real *restrict old, idx n);

#endif
