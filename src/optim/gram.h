/* gram.h - products of a matrix with itself: only what lies below the diagonal
 * is computed, in blocks of rows, by whoever `by` is, and mirrored. */
#ifndef SINKLAB_GRAM_H
#define SINKLAB_GRAM_H

#include "kern/gemm.h"

/* c (R,R) = alpha x x' + beta c, of rows of x (R,K); c is symmetric. */
void gram_rows(const struct gemm *by, real *c, const real *x, idx R, idx K,
               real alpha, real beta);

/* c (K,K) = alpha x' x + beta c, of columns of x (R,K). */
void gram_columns(const struct gemm *by, real *c, const real *x, idx R, idx K,
                  real alpha, real beta);

/* c (n,n) = a b of two that give a symmetric matrix, as those that commute do;
 * the three are apart. */
void gram_product(const struct gemm *by, real *c, const real *a, const real *b,
                  idx n);

#endif
