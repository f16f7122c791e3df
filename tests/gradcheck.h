/* gradcheck.h - a gradient against central differences, in double. */
#ifndef SINKLAB_GRADCHECK_H
#define SINKLAB_GRADCHECK_H

#include "base/base.h"

/* A scalar function of numbers that lie at x somewhere in `context`. */
typedef double (*scalar_fn)(void *context);

/* An entry whose gradient is not what differences say. */
struct gradient_fault {
    idx at;
    double got, wanted, error; /* error: of the largest entry */
};

/* gradient_matches - check_gradient without an end: false, and the first entry
 * that is wrong. */
bool gradient_matches(struct gradient_fault *fault, scalar_fn f, void *context,
                      real *x, const real *got, idx n, double bound,
                      double floor);

/* check_gradient - d f / d x[0..n-1] by fourth-order central differences
 * against `got`. The error is relative to the largest entry of the gradient
 * (at least `floor`). Steps of several sizes are tried for each entry, from
 * 1e-2 down to 1e-7: a kink between the points spoils only steps that reach
 * over it, and of 100,000 rectified numbers some are always within 1e-6.
 * Fails the running test, naming the entry, if the error exceeds bound. */
void check_gradient(const char *what, scalar_fn f, void *context, real *x,
                    const real *got, idx n, double bound, double floor);

/* n numbers N(0, std^2), from the test stream `seed`. */
void fill_normal(real *x, idx n, double std, uint64_t seed);

#endif
