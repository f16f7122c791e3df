#include "optim/rotation.h"

#include <math.h>

#include "base/rng.h"
#include "optim/update_sums.h"

/* Of one seed for all runs: the basis is part of the formula. */
static const char STREAM[] = "rotation";

static void take_away(real *x, const real *y, real share, idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        x[i] -= share * y[i];
}

static void normalise(real *x, idx n)
{
    real scale = (real)(1 / sqrt(sum_squares(x, n))); /* of n normal numbers */
    for (idx i = 0; i < n; i++)
        x[i] *= scale;
}

void rotation_fill(real *q, idx n)
{
    struct rng r = rng_open_named((uint64_t)n, RNG_INIT, STREAM);
    for (idx row = 0; row < n; row++) {
        real *x = q + row * n;
        for (idx i = 0; i < n; i++)
            x[i] = (real)rng_normal(&r);
        normalise(x, n);
        for (int again = 0; again < 3; again++) {
            for (idx before = 0; before < row; before++)
                take_away(x, q + before * n,
                          (real)sum_products(x, q + before * n, n), n);
            normalise(x, n);
        }
    }
}
