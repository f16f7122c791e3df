/* head_sums.h - sums over all pairs of positions of a head, in linear time.
 *
 * (q_t . k_j) x_j, summed over j, is q_t times one (D,E) matrix that grows from
 * row to row: the sum of all k_j x_j^T so far. It is kept in double and grows
 * by a chunk of rows at a time; among the rows of a chunk the products of q_t
 * and k_j are made as they stand. So time is O(T D E), and memory does not
 * depend on T.
 *
 * Scratch is one thread's, at a double's alignment. Nothing here can fail.
 */
#ifndef SINKLAB_HEAD_SUMS_H
#define SINKLAB_HEAD_SUMS_H

#include "base/base.h"

/* Rows of a tensor, ld apart. */
struct sums_rows {
    const real *row0;
    idx ld;
};

/* y_t = sum_j (q_t . k_j) x_j over j <= t; is_reverse: over j >= t; is_added:
 * y_t += that. y must not overlap the others. */
struct head_sums {
    real *y; /* (T,E), rows ld_y apart */
    idx ld_y;
    struct sums_rows q, k; /* (T,D) */
    struct sums_rows x;    /* (T,E) */
    idx T, D, E;
    bool is_reverse, is_added;
};

static inline const real *sums_row(struct sums_rows x, idx t)
{
    return x.row0 + t * x.ld;
}

/* scratch (head_sums_scratch(D, E)) reals, which are as many for (E,D). */
void head_sums(const struct head_sums *s, real *scratch);
idx head_sums_scratch(idx D, idx E);

/* weights (T,T) = row_t (q_t . k_j) column_j for j <= t, else 0: what the sums
 * weigh rows with, for analysis. column NULL: 1. */
void head_sums_weights(real *weights, const struct head_sums *s,
                       const real *row, const real *column);

/* Reals that n doubles take. */
static inline idx reals_of_doubles(idx n)
{
    return n * (idx)(sizeof(double) / sizeof(real));
}

/* sum (n) += factor x: running sums of rows, in double. */
static inline void sum_add(double *restrict sum, double factor, const real *x,
                           idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        sum[i] += factor * (double)x[i];
}

/* (x + guard) . (sum + guard) */
static inline double sum_dot(const double *sum, const real *x, double guard,
                             idx n)
{
    double dot = 0;
#pragma omp simd reduction(+ : dot)
    for (idx i = 0; i < n; i++)
        dot += ((double)x[i] + guard) * (sum[i] + guard);
    return dot;
}

#endif
