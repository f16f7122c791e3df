/* gemm_own.h - the products of gemm.h without a library.
 *
 * A library packs both operands in each call, which for matrices as small as a
 * small model's is two sevenths of the products' time (docs/PERFORMANCE.md).
 * Here blocks of c stay in registers (kern/small.h), the left operand is read
 * where it lies, and the right one is packed a few columns at a time: or once
 * for all calls of a pass, where weights are transposed by that. The same call
 * gives the same bits; the processor that the program is built for decides
 * which.
 */
#ifndef SINKLAB_GEMM_OWN_H
#define SINKLAB_GEMM_OWN_H

#include "kern/gemm.h"

extern const struct gemm gemm_own;

/* How a run names them. */
#if defined(__AVX512F__)
#define GEMM_OWN_NAME "own, vectors of 512 bits"
#elif defined(__AVX__)
#define GEMM_OWN_NAME "own, vectors of 256 bits"
#else
#define GEMM_OWN_NAME "own, vectors of 128 bits"
#endif

/* Numbers that b (K,N) takes, packed: panels of some columns, one behind the
 * other, the last one filled up with zeros. */
idx gemm_own_packed(idx K, idx N);

/* b (N,K)^T, rows ldb apart, into that. */
void gemm_own_pack(real *restrict packed, const real *restrict b, idx ldb,
                   idx K, idx N);

/* c (M,N) = a (M,K) b (K,N), or += that where `adds`, b packed. */
void gemm_own_product(real *c, idx ldc, const real *a, idx lda,
                      const real *packed, idx M, idx N, idx K, bool adds);

#endif
