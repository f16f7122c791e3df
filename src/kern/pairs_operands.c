#include "kern/pairs_operands.h"

#if HAS_PAIRS

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) PAIRS_VECTORS

bool pairs_operands_are_here(void)
{
    return __builtin_cpu_supports("avx512bf16") &&
           __builtin_cpu_supports("avx512bw") &&
           __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512dq");
}

/* The first n of a vector, if there are so many. */
INLINE __mmask16 first(idx n)
{
    return n >= PAIRS_SIDE ? 0xffff : n <= 0 ? 0 : (__mmask16)((1 << n) - 1);
}

/* 32 numbers rounded, those of x first. */
INLINE __m512i rounded(__m512 x, __m512 y)
{
    return (__m512i)_mm512_cvtne2ps_pbh(y, x);
}

/* factor times the first n of 32 numbers, rounded. */
INLINE __m512i some_rounded(const real *x, idx n, __m512 factor)
{
    __m512 lo = _mm512_maskz_loadu_ps(first(n), x);
    __m512 hi = _mm512_maskz_loadu_ps(first(n - PAIRS_SIDE), x + PAIRS_SIDE);
    return rounded(_mm512_mul_ps(lo, factor), _mm512_mul_ps(hi, factor));
}

PAIRS_VECTORS void pairs_round(uint16_t *y, idx ldy, const real *x, idx ldx,
                               idx R, idx n, real factor)
{
    const __m512 by = _mm512_set1_ps(factor);
    const idx whole = n / PAIRS_DEPTH * PAIRS_DEPTH;
    for (idx r = 0; r < R; r++, x += ldx, y += ldy) {
        for (idx i = 0; i < whole; i += PAIRS_DEPTH) {
            __m512 lo = _mm512_loadu_ps(x + i);
            __m512 hi = _mm512_loadu_ps(x + i + PAIRS_SIDE);
            _mm512_storeu_si512(
                y + i, rounded(_mm512_mul_ps(lo, by), _mm512_mul_ps(hi, by)));
        }
        if (whole < n)
            _mm512_storeu_si512(y + whole,
                                some_rounded(x + whole, n - whole, by));
    }
}

/* Numbers i and i + 16 side by side. */
INLINE __m512i interleaved(__m512i x)
{
    const __m512i from = _mm512_set_epi16(
        31, 15, 30, 14, 29, 13, 28, 12, 27, 11, 26, 10, 25, 9, 24, 8, 23, 7, 22,
        6, 21, 5, 20, 4, 19, 3, 18, 2, 17, 1, 16, 0);
    return _mm512_permutexvar_epi16(from, x);
}

PAIRS_VECTORS void pairs_pair(uint16_t *y, idx panel, const real *x, idx ldx,
                              idx R, idx n, real factor)
{
    const __m512 by = _mm512_set1_ps(factor), zero = _mm512_setzero_ps();
    for (idx i = 0; i < n; i += PAIRS_SIDE, y += panel) {
        const __mmask16 there = first(n - i);
        const real *row = x + i;
        uint16_t *to = y;
        for (idx r = 0; r < R; r += 2, row += 2 * ldx, to += PAIRS_DEPTH) {
            __m512 lo = _mm512_maskz_loadu_ps(there, row), hi = zero;
            if (r + 1 < R)
                hi = _mm512_maskz_loadu_ps(there, row + ldx);
            _mm512_storeu_si512(to,
                                interleaved(rounded(_mm512_mul_ps(lo, by),
                                                    _mm512_mul_ps(hi, by))));
        }
        memset(to, 0,
               (size_t)(pairs_depth(R) - (R + 1) / 2 * 2) * PAIRS_SIDE *
                   sizeof *to);
    }
}

/* Transpose 16 x 16 words: within quarters of registers, two words and then
 * four at a time, and then the quarters. */
INLINE void turn_block(__m512i x[PAIRS_SIDE])
{
    __m512i y[PAIRS_SIDE];
    for (int i = 0; i < PAIRS_SIDE; i += 2) {
        y[i] = _mm512_unpacklo_epi32(x[i], x[i + 1]);
        y[i + 1] = _mm512_unpackhi_epi32(x[i], x[i + 1]);
    }
    for (int i = 0; i < PAIRS_SIDE; i += 4)
        for (int j = 0; j < 2; j++) {
            x[i + 2 * j] = _mm512_unpacklo_epi64(y[i + j], y[i + j + 2]);
            x[i + 2 * j + 1] = _mm512_unpackhi_epi64(y[i + j], y[i + j + 2]);
        }
    for (int i = 0; i < 4; i++) {
        __m512i even = _mm512_shuffle_i32x4(x[i], x[i + 4], 0x88);
        __m512i odd = _mm512_shuffle_i32x4(x[i], x[i + 4], 0xdd);
        __m512i even_too = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0x88);
        __m512i odd_too = _mm512_shuffle_i32x4(x[i + 8], x[i + 12], 0xdd);
        y[i] = _mm512_shuffle_i32x4(even, even_too, 0x88);
        y[i + 4] = _mm512_shuffle_i32x4(odd, odd_too, 0x88);
        y[i + 8] = _mm512_shuffle_i32x4(even, even_too, 0xdd);
        y[i + 12] = _mm512_shuffle_i32x4(odd, odd_too, 0xdd);
    }
    for (int i = 0; i < PAIRS_SIDE; i++)
        x[i] = y[i];
}

PAIRS_VECTORS void pairs_turn(uint16_t *y, idx ldy, const uint16_t *x, idx ldx,
                              idx R, idx n)
{
    for (idx r = 0; r < R; r += PAIRS_SIDE)
        for (idx i = 0; i < n; i += PAIRS_SIDE) {
            __m512i words[PAIRS_SIDE];
            for (idx j = 0; j < PAIRS_SIDE; j++)
                words[j] = _mm512_loadu_si512(x + (r + j) * ldx + 2 * i);
            turn_block(words);
            for (idx j = 0; j < PAIRS_SIDE; j++)
                _mm512_storeu_si512(y + (i + j) * ldy + 2 * r, words[j]);
        }
}

PAIRS_VECTORS void pairs_add_turned(real *y, idx ldy, const real *x, idx ldx,
                                    idx R, idx n, bool is_added)
{
    for (idx r = 0; r < R; r += PAIRS_SIDE)
        for (idx i = 0; i < n; i += PAIRS_SIDE) {
            const __mmask16 there = first(n - i);
            __m512i words[PAIRS_SIDE];
            for (idx j = 0; j < PAIRS_SIDE; j++)
                words[j] = _mm512_loadu_si512(x + (i + j) * ldx + r);
            turn_block(words);
            for (idx j = 0; j < idx_min(PAIRS_SIDE, R - r); j++) {
                real *to = y + (r + j) * ldy + i;
                __m512 sum = (__m512)words[j];
                if (is_added)
                    sum = _mm512_add_ps(_mm512_maskz_loadu_ps(there, to), sum);
                _mm512_mask_storeu_ps(to, there, sum);
            }
        }
}

#endif
