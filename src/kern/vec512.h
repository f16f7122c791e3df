/* vec512.h - what is written by hand for vectors of 512 bits, where a compiler
 * makes less of a plain loop: the end of a row as a masked vector instead of a
 * loop over single numbers, quotients by an estimate instead of a division.
 *
 * In float builds for such processors VEC512 is defined, which functions of
 * vectors begin with; elsewhere there is nothing here.
 */
#ifndef SINKLAB_VEC512_H
#define SINKLAB_VEC512_H

#include "base/base.h"

#if defined(__AVX512F__) && !defined(SINKLAB_DOUBLE)

#include <immintrin.h>

#define VEC512 static inline __attribute__((always_inline))

enum { VEC512_LANES = 16 };

/* The first n of a vector's numbers, n < VEC512_LANES. */
VEC512 __mmask16 vec512_first(idx n)
{
    return (__mmask16)((1u << n) - 1);
}

VEC512 __m512 vec512_load(const real *x)
{
    return _mm512_loadu_ps(x);
}

/* Zero where the mask has none. */
VEC512 __m512 vec512_load_some(const real *x, __mmask16 mask)
{
    return _mm512_maskz_loadu_ps(mask, x);
}

/* vec_exp (vecmath.h) of each number, 2 ulp. NaN goes through: max and min
 * return their second operand then. */
VEC512 __m512 vec512_exp(__m512 x)
{
    const __m512 round = _mm512_set1_ps(12582912.0f);
    x = _mm512_max_ps(_mm512_set1_ps(-87.33654f), x);
    x = _mm512_min_ps(_mm512_set1_ps(88.37626f), x);
    __m512 n = _mm512_fmadd_ps(x, _mm512_set1_ps(1.44269504f), round) - round;
    __m512 r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693359375f), x);
    r = _mm512_fmadd_ps(n, _mm512_set1_ps(2.12194440e-4f), r);
    __m512 q = _mm512_fmadd_ps(_mm512_set1_ps(1.381475446e-3f), r,
                               _mm512_set1_ps(8.368782030e-3f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(4.166838878e-2f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(1.666652009e-1f));
    q = _mm512_fmadd_ps(q, r, _mm512_set1_ps(4.999999344e-1f));
    __m512 p = _mm512_fmadd_ps(q * r, r, r) + 1.0f;
    return _mm512_scalef_ps(p, n);
}

/* 1 / x within 2 ulp, x finite and not so small that it overflows: an estimate
 * of 14 bits and a step of Newton's, a third of the time of a division. */
VEC512 __m512 vec512_reciprocal(__m512 x)
{
    __m512 y = _mm512_rcp14_ps(x);
    return y * _mm512_fnmadd_ps(x, y, _mm512_set1_ps(2.0f));
}

#endif

#endif
