#include "gradcheck.h"

#include <math.h>

#include "base/rng.h"
#include "harness.h"

/* Error of order h^4: (8 (f(h) - f(-h)) - (f(2h) - f(-2h))) / (12 h). */
static double difference(scalar_fn f, void *context, real *x, double h)
{
    real x0 = *x;
    double at[4];
    const double steps[4] = { -2, -1, 1, 2 };
    for (int i = 0; i < 4; i++) {
        *x = (real)((double)x0 + steps[i] * h);
        at[i] = f(context);
    }
    *x = x0;
    return (8 * (at[2] - at[1]) - (at[3] - at[0])) / (12 * h);
}

bool gradient_matches(struct gradient_fault *fault, scalar_fn f, void *context,
                      real *x, const real *got, idx n, double bound,
                      double floor)
{
    double largest = floor;
    for (idx i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)got[i]));
    for (idx i = 0; i < n; i++) {
        struct gradient_fault best = { i, (double)got[i], 0, INFINITY };
        /* Small steps for kinks that lie near: at 1e-7 rounding is still 1e-8
         * of a value of size 1 */
        for (double h = 1e-2; h > 1e-7 && best.error > bound; h /= 3) {
            double d = difference(f, context, &x[i], h);
            double error = fabs(d - (double)got[i]) / largest;
            if (error < best.error) {
                best.error = error;
                best.wanted = d;
            }
        }
        if (!(best.error <= bound)) {
            *fault = best;
            return false;
        }
    }
    return true;
}

void check_gradient(const char *what, scalar_fn f, void *context, real *x,
                    const real *got, idx n, double bound, double floor)
{
    struct gradient_fault e;
    if (!gradient_matches(&e, f, context, x, got, n, bound, floor))
        fail_msg("%s: entry %td of %td: got %.12g, differences say %.12g "
                 "(error %.2g of the largest, bound %.2g)",
                 what, e.at, n, e.got, e.wanted, e.error, bound);
}

void fill_normal(real *x, idx n, double std, uint64_t seed)
{
    struct rng r = rng_open(seed, RNG_TEST, 0, 0);
    for (idx i = 0; i < n; i++)
        x[i] = (real)(std * rng_normal(&r));
}
