/* rows_avx512.c - rows.h where vectors are of 512 bits. */
#include "kern/rows.h"
#include "kern/vec512.h"

#ifdef VEC512

enum { LANES = VEC512_LANES };

/* --- one row -------------------------------------------------------------- */

real row_max(const real *x, idx n)
{
    __m512 max = _mm512_set1_ps(x[0]);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        max = _mm512_max_ps(vec512_load(x + j), max);
    __mmask16 rest = vec512_first(n - j);
    max = _mm512_mask_max_ps(max, rest, vec512_load_some(x + j, rest), max);
    return _mm512_reduce_max_ps(max);
}

static real row_min(const real *x, idx n)
{
    __m512 min = _mm512_set1_ps(x[0]);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        min = _mm512_min_ps(vec512_load(x + j), min);
    __mmask16 rest = vec512_first(n - j);
    min = _mm512_mask_min_ps(min, rest, vec512_load_some(x + j, rest), min);
    return _mm512_reduce_min_ps(min);
}

real row_sum(const real *x, idx n)
{
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum += vec512_load(x + j);
    return _mm512_reduce_add_ps(sum +
                                vec512_load_some(x + j, vec512_first(n - j)));
}

real row_dot(const real *x, const real *y, idx n)
{
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum = _mm512_fmadd_ps(vec512_load(x + j), vec512_load(y + j), sum);
    __mmask16 rest = vec512_first(n - j);
    return _mm512_reduce_add_ps(_mm512_fmadd_ps(
        vec512_load_some(x + j, rest), vec512_load_some(y + j, rest), sum));
}

void row_scale(real *x, real factor, idx n)
{
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        _mm512_storeu_ps(x + j, vec512_load(x + j) * factor);
    __mmask16 rest = vec512_first(n - j);
    _mm512_mask_storeu_ps(x + j, rest, vec512_load_some(x + j, rest) * factor);
}

/* --- softmax -------------------------------------------------------------- */

/* exp(c s - max) of a vector: at most 1, up to rounding of c s. */
VEC512 __m512 term(__m512 s, real c, real max)
{
    return vec512_exp(
        _mm512_fmsub_ps(_mm512_set1_ps(c), s, _mm512_set1_ps(max)));
}

void softmax_forward(real *a, const real *s, real c, idx n)
{
    real max = c * (c < 0 ? row_min(s, n) : row_max(s, n));
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES) {
        __m512 e = term(vec512_load(s + j), c, max);
        _mm512_storeu_ps(a + j, e);
        sum += e;
    }
    __mmask16 rest = vec512_first(n - j);
    __m512 e = term(vec512_load_some(s + j, rest), c, max);
    _mm512_mask_storeu_ps(a + j, rest, e);
    sum = _mm512_mask_add_ps(sum, rest, sum, e);
    row_scale(a, 1 / _mm512_reduce_add_ps(sum), n);
}

void softmax_backward(real *ds, const real *a, const real *g, idx n)
{
    real dot = row_dot(a, g, n);
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        _mm512_storeu_ps(ds + j,
                         vec512_load(a + j) * (vec512_load(g + j) - dot));
    __mmask16 rest = vec512_first(n - j);
    _mm512_mask_storeu_ps(ds + j, rest,
                          vec512_load_some(a + j, rest) *
                              (vec512_load_some(g + j, rest) - dot));
}

struct softmax_terms softmax_terms(const real *s, idx n)
{
    real max = row_max(s, n);
    __m512 sum = _mm512_setzero_ps();
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
        sum += term(vec512_load(s + j), 1, max);
    __mmask16 rest = vec512_first(n - j);
    sum = _mm512_mask_add_ps(sum, rest, sum,
                             term(vec512_load_some(s + j, rest), 1, max));
    return (struct softmax_terms){ max, 1 / _mm512_reduce_add_ps(sum) };
}

#endif
