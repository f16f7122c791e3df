/* rows_avx512.c - rows.h for processors with vectors of 512 bits. What is left
 * of a row behind its last whole vector is a vector some of whose numbers are
 * masked out: left to the compiler it is a loop over single numbers, which costs
 * more than the rest of a row of attention of some hundred keys. */
#include "kern/rows.h"

#if defined(__AVX512F__) && !defined(SINKLAB_DOUBLE)

#include <immintrin.h>

enum { LANES = 16 };

#define INLINE static inline __attribute__((always_inline))

/* The first n < LANES numbers. */
INLINE __mmask16 first(idx n)
{
    return (__mmask16)((1u << n) - 1);
}

INLINE __m512 load(const real *x)
{
    return _mm512_loadu_ps(x);
}

/* Zero where the mask is. */
INLINE __m512 load_some(const real *x, __mmask16 mask)
{
    return _mm512_maskz_loadu_ps(mask, x);
}

/* vec_exp, number by number (vecmath.h): a NaN is the second operand of max
 * and min, which is what they then return. */
INLINE __m512 exponential(__m512 x)
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

/* --- one row -------------------------------------------------------------- */

real row_max(const real *x, idx n)
{
    __m512 max = _mm512_set1_ps(x[0]);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        max = _mm512_max_ps(load(x + j), max);
    __mmask16 rest = first(n - j);
    max = _mm512_mask_max_ps(max, rest, load_some(x + j, rest), max);
    return _mm512_reduce_max_ps(max);
}

static real row_min(const real *x, idx n)
{
    __m512 min = _mm512_set1_ps(x[0]);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        min = _mm512_min_ps(load(x + j), min);
    __mmask16 rest = first(n - j);
    min = _mm512_mask_min_ps(min, rest, load_some(x + j, rest), min);
    return _mm512_reduce_min_ps(min);
}

real row_sum(const real *x, idx n)
{
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum += load(x + j);
    return _mm512_reduce_add_ps(sum + load_some(x + j, first(n - j)));
}

real row_dot(const real *x, const real *y, idx n)
{
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum = _mm512_fmadd_ps(load(x + j), load(y + j), sum);
    __mmask16 rest = first(n - j);
    return _mm512_reduce_add_ps(
        _mm512_fmadd_ps(load_some(x + j, rest), load_some(y + j, rest), sum));
}

void row_scale(real *x, real factor, idx n)
{
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        _mm512_storeu_ps(x + j, load(x + j) * factor);
    __mmask16 rest = first(n - j);
    _mm512_mask_storeu_ps(x + j, rest, load_some(x + j, rest) * factor);
}

/* --- softmax -------------------------------------------------------------- */

/* exp(c s - max) of a vector: <= 1, and 1 at the maximum. */
INLINE __m512 term(__m512 s, real c, real max)
{
    return exponential(
        _mm512_fmsub_ps(_mm512_set1_ps(c), s, _mm512_set1_ps(max)));
}

void softmax_forward(real *a, const real *s, real c, idx n)
{
    real max = c * (c < 0 ? row_min(s, n) : row_max(s, n));
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES) {
        __m512 e = term(load(s + j), c, max);
        _mm512_storeu_ps(a + j, e);
        sum += e;
    }
    __mmask16 rest = first(n - j);
    __m512 e = term(load_some(s + j, rest), c, max);
    _mm512_mask_storeu_ps(a + j, rest, e);
    sum = _mm512_mask_add_ps(sum, rest, sum, e);
    row_scale(a, 1 / _mm512_reduce_add_ps(sum), n);
}

void softmax_backward(real *ds, const real *a, const real *g, idx n)
{
    real dot = row_dot(a, g, n);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        _mm512_storeu_ps(ds + j, load(a + j) * (load(g + j) - dot));
    __mmask16 rest = first(n - j);
    _mm512_mask_storeu_ps(
        ds + j, rest, load_some(a + j, rest) * (load_some(g + j, rest) - dot));
}

struct softmax_terms softmax_terms(const real *s, idx n)
{
    real max = row_max(s, n);
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum += term(load(s + j), 1, max);
    __mmask16 rest = first(n - j);
    sum = _mm512_mask_add_ps(sum, rest, sum,
                             term(load_some(s + j, rest), 1, max));
    return (struct softmax_terms){ max, 1 / _mm512_reduce_add_ps(sum) };
}

#endif
