/* weights_shared.h - what several weight maps are made of: sums over a row, the
 * softmax of a row, powers. Rows of n >= 1 contiguous numbers; results may lie
 * where arguments do. The order of a sum depends on n alone.
 */
#ifndef SINKLAB_WEIGHTS_SHARED_H
#define SINKLAB_WEIGHTS_SHARED_H

#include "base/base.h"
#include "kern/vecmath.h"

real row_max(const real *x, idx n);
real row_sum(const real *x, idx n);
real row_dot(const real *x, const real *y, idx n);
void row_scale(real *x, real factor, idx n); /* x *= factor */

/* a = softmax(c s) */
void softmax_forward(real *a, const real *s, real c, idx n);
/* ds = c a (g - sum_k a_k g_k); holds for any a = exp(c s) / (z + sum exp). */
void softmax_backward(real *ds, const real *a, const real *g, real c, idx n);

/* Softmax of a row that is not kept, because something else was made of it. */
struct softmax_terms {
    real max, factor;
};
struct softmax_terms softmax_terms(const real *s, idx n);
static inline real softmax_at(struct softmax_terms terms, real s)
{
    return vec_exp(s - terms.max) * terms.factor; /* s <= max */
}

/* ln x of normal x > 0: x = 2^e m with m in [sqrt(1/2), sqrt 2), and
 * ln m = 2 artanh z, z = (m - 1) / (m + 1), as a series whose first term left
 * out is below 2e-9. NaN goes through; 0 gives something finite in float. */
static inline real vec_log(real x)
{
#ifdef SINKLAB_DOUBLE
    return log(x);
#else
    const uint32_t half_root = 0x3f3504f3; /* sqrt(1/2) */
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    int32_t e = (int32_t)(bits - half_root) >> 23;
    bits -= (uint32_t)e << 23;
    float m;
    memcpy(&m, &bits, sizeof m);
    float z = (m - 1) / (m + 1), zz = z * z;
    float series = zz * (1.0f / 9) + 1.0f / 7;
    series = series * zz + 1.0f / 5;
    series = series * zz + 1.0f / 3;
    float ln_m = 2 * z + 2 * z * zz * series;
    float y = (float)e * 0.693147181f + ln_m;
    return x == x ? y : x;
#endif
}

/* x^p for x > 0. */
static inline real vec_power(real x, real p)
{
    return vec_exp(p * vec_log(x));
}

#endif
