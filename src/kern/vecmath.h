/* vecmath.h - exp, ln, erf and friends that the compiler can vectorise.
 *
 * In float: range reduction to [-ln2/2, ln2/2] and a degree-6 polynomial, 2 ulp
 * over the whole range; no branches, no calls, so a loop over them becomes SIMD
 * code. In double the C library's own, since the double build exists to be
 * exact. NaN goes through; the argument is clamped, so nothing overflows.
 */
#ifndef SINKLAB_VECMATH_H
#define SINKLAB_VECMATH_H

#include <math.h>
#include <string.h>

#include "base/base.h"

/* `bound` where it is true, else x; by bits, not by ?:, of which gcc makes a
 * path of its own for the bound: it takes what follows from the constant out of
 * the loop and computes it beside x in all lanes. Where that is a denormal
 * number, as x times a sigmoid at its end, each costs as much as a hundred
 * others. */
static inline float vec_choose(bool is_bound, float bound, float x)
{
    uint32_t own, other, mask = -(uint32_t)is_bound;
    memcpy(&own, &x, sizeof own);
    memcpy(&other, &bound, sizeof other);
    own = (own & ~mask) | (other & mask);
    memcpy(&x, &own, sizeof x);
    return x;
}

static inline real vec_exp(real x)
{
#ifdef SINKLAB_DOUBLE
    return exp(x);
#else
    const float low = -87.33654f, high = 88.37626f; /* finite, normal exp */
    x = vec_choose(x < low, low, x);
    x = vec_choose(x > high, high, x);
    /* adding 1.5 * 2^23 rounds to the nearest integer, in the low bits */
    float sum = x * 1.44269504f + 12582912.0f, n = sum - 12582912.0f;
    float r = x - n * 0.693359375f; /* ln 2 in two parts: n * the first exact */
    r = r + n * 2.12194440e-4f;
    /* exp r = 1 + r + r^2 q(r); q fitted to a relative error of 3e-9 */
    float q = 1.381475446e-3f * r + 8.368782030e-3f;
    q = q * r + 4.166838878e-2f;
    q = q * r + 1.666652009e-1f;
    q = q * r + 4.999999344e-1f;
    float p = q * r * r + r + 1.0f;
    uint32_t bits; /* not (int)n, which is undefined for NaN */
    memcpy(&bits, &sum, sizeof bits);
    bits = (bits + 127) << 23;
    float scale;
    memcpy(&scale, &bits, sizeof scale);
    return p * scale;
#endif
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

static inline real vec_sigmoid(real x)
{
    return 1 / (1 + vec_exp(-x));
}

/* Right to so many digits behind the point, as where 1 is added to it. */
static inline real vec_tanh(real x)
{
    return 1 - 2 / (1 + vec_exp(2 * x));
}

/* Right relative to small x, too, where it is the result itself. There it is
 * Lambert's continued fraction x/(1 + z/(3 + z/(5 + ...))), z = x^2, broken off
 * after the 9; at 0.8 the rest is 1e-8 of the whole. */
static inline real vec_tanh_relative(real x)
{
#ifdef SINKLAB_DOUBLE
    return tanh(x);
#else
    float size = fabsf(x), z = x * x, far = vec_tanh(size);
    float near = size * (945 + z * (105 + z)) / (945 + z * (420 + 15 * z));
    float y = size < 0.8f ? near : far;
    return x < 0 ? -y : y;
#endif
}

/* In float within 3 ulp: up to 0.9 x times a polynomial in x^2, fitted here to
 * a relative error of 1.2e-8; beyond it 1 - exp(-q(x)), to 1.7e-9, where the
 * term taken from 1 is small, so that 1 - erf is right to 1e-7. */
static inline real vec_erf(real x)
{
#ifdef SINKLAB_DOUBLE
    return erf(x);
#else
    float size = fabsf(x), z = x * x;
    float a = size > 4.0f ? 4.0f : size;
    float p = -6.090383075e-4f * z + 5.011967998e-3f;
    p = p * z - 2.677891315e-2f;
    p = p * z + 1.128214096e-1f;
    p = p * z - 3.761252330e-1f;
    p = p * z + 1.128379154f;
    float q = -1.982196596e-4f * a + 3.065490331e-3f;
    q = q * a - 2.231521311e-2f;
    q = q * a + 1.041136786e-1f;
    q = q * a + 6.369760835e-1f;
    q = q * a + 1.127797242f;
    q = q * a + 1.664477083e-4f;
    float y = 1.0f - vec_exp(-q);
    y = x < 0 ? -y : y;
    return size <= 0.9f ? x * p : y;
#endif
}

#endif
