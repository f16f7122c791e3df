/* quantile.h - order statistics that NaN does not get lost in. */
#ifndef SINKLAB_QUANTILE_H
#define SINKLAB_QUANTILE_H

#include "base/base.h"

/* median_of - of n >= 1 numbers, which are put in order; the mean of the two in
 * the middle. NAN if one is. */
double median_of(double *x, idx n);

/* quantile_of - the smallest of them that at least a share q of all do not
 * exceed. */
double quantile_of(double *x, idx n, double q);

#endif
