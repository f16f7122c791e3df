/* token.h - sizes and directions of tokens: rows of what a model computed, as
 * metrics compare them. Sums run in double; NaN in, NaN out.
 *
 * Rows of a sequence are (rows,n), ld apart. */
#ifndef SINKLAB_TOKEN_H
#define SINKLAB_TOKEN_H

#include "metric/metric.h"

/* Of tokens a, b (n); x (rows,n), rows ld apart. */
double token_norm(const real *a, idx n);

/* 1 of a row with itself; NaN where one of them is nothing. */
double token_cosine(const real *a, const real *b, idx n);

/* The largest size of n numbers. */
double token_largest(const real *x, idx n);

double tokens_mean_norm(const real *x, idx rows, idx n, idx ld);

/* Norm of the first row, over the mean norm of the others; of two rows or
 * more. */
struct ratio tokens_first_over_rest(const real *x, idx rows, idx n, idx ld);

bool tokens_have_nan(const real *x, idx rows, idx n, idx ld);

#endif
