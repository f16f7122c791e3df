/* strided.h - rows with room between them, in which nothing may be written. */
#ifndef SINKLAB_STRIDED_H
#define SINKLAB_STRIDED_H

#include "base/base.h"

enum { GAP = 3 }; /* numbers between two rows */

/* x (R,n), rows n + GAP apart: numbers N(0, std^2) of test stream `seed`, and a
 * mark in every gap. Released by free(). */
real *strided_normal(idx R, idx n, double std, uint64_t seed);

/* A copy of strided_normal's. */
real *strided_copy(const real *x, idx R, idx n);

/* Fails the running test if a gap's mark is gone. */
void assert_gaps(const real *x, idx R, idx n);

/* Sum of x[r,i] y[r,i], gaps left out, in double. */
double strided_dot(const real *x, const real *y, idx R, idx n);

#endif
