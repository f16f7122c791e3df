/* outer.h - sums of outer products, which gradients of weight matrices are.
 *
 * Both operands lie with the rows that are added up as their first dimension,
 * so neither is what a library's kernel reads: it packs both anew in each
 * call, which for the shapes of a small model costs as much as the product.
 * Here blocks of c stay in registers (kern/small.h), and an operand is copied
 * only where its rows lie so far apart that they would drive each other from
 * the cache.
 */
#ifndef SINKLAB_OUTER_H
#define SINKLAB_OUTER_H

#include "base/base.h"

/* Does this beat a library that packs, for a matrix of N outputs? Measured for
 * vectors of 512 bits alone (docs/PERFORMANCE.md): where rows of a are long,
 * which are slow to pack. */
static inline bool outer_is_fast(idx N)
{
#if defined(__AVX512F__)
    return N > 512;
#else
    (void)N;
    return false;
#endif
}

enum { OUTER_COLUMNS = 128 }; /* of a, at most */

/* c (N,K) += a (M,N)^T b (M,K), N <= OUTER_COLUMNS; rows of a, b, c are lda,
 * ldb, ldc apart. The same call gives the same bits. Aliasing: none. */
void outer_sum(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
               idx M, idx N, idx K);

#endif
