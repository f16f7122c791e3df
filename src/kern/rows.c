#include "kern/rows.h"
#include "kern/vec512.h"

#ifndef VEC512 /* else rows_avx512.c */

/* In lanes, because a compiler may not vectorise a maximum where NaN counts. */
enum { LANES = 16 };

real row_max(const real *x, idx n)
{
    real lane[LANES], max = x[0];
    for (idx l = 0; l < LANES; l++)
        lane[l] = max;
    idx j = 0;
    for (; j + LANES <= n; j += LANES)
#pragma omp simd
        for (idx l = 0; l < LANES; l++)
            lane[l] = x[j + l] > lane[l] ? x[j + l] : lane[l];
    for (; j < n; j++)
        max = x[j] > max ? x[j] : max;
    for (idx l = 0; l < LANES; l++)
        max = lane[l] > max ? lane[l] : max;
    return max;
}

real row_sum(const real *x, idx n)
{
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++)
        sum += x[j];
    return sum;
}

real row_dot(const real *x, const real *y, idx n)
{
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++)
        sum += x[j] * y[j];
    return sum;
}

void row_scale(real *x, real factor, idx n)
{
#pragma omp simd
    for (idx j = 0; j < n; j++)
        x[j] *= factor;
}

static real row_min(const real *x, idx n)
{
    real min = x[0];
#pragma omp simd reduction(min : min)
    for (idx j = 1; j < n; j++)
        min = x[j] < min ? x[j] : min;
    return min;
}

void softmax_forward(real *a, const real *s, real c, idx n)
{
    real max = c * (c < 0 ? row_min(s, n) : row_max(s, n)), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++) {
        real e = vec_exp(c * s[j] - max); /* <= 1, and 1 at the maximum */
        a[j] = e;
        sum += e;
    }
    row_scale(a, 1 / sum, n);
}

void softmax_backward(real *ds, const real *a, const real *g, idx n)
{
    real dot = row_dot(a, g, n);
#pragma omp simd
    for (idx j = 0; j < n; j++)
        ds[j] = a[j] * (g[j] - dot);
}

struct softmax_terms softmax_terms(const real *s, idx n)
{
    real max = row_max(s, n), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++)
        sum += vec_exp(s[j] - max);
    return (struct softmax_terms){ max, 1 / sum };
}

#endif
