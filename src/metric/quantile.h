/* quantile.h - order statistics that NaN does not get lost in. */
#ifndef SINKLAB_QUANTILE_H
#define SINKLAB_QUANTILE_H

#include "base/base.h"

/* median_of - of n >= 1 numbers, whose order changes; the mean of the two in
 * the middle. NAN if one is. In linear time. */
double median_of(double *x, idx n);

/* quantile_of - likewise the smallest of them that at least a share q of all
 * do not exceed. */
double quantile_of(double *x, idx n, double q);

#endif
