/* gemm_own.h - the products of gemm.h without a library.
 *
 * A library packs both operands in each call, which for matrices as small as a
 * small model's costs a fifth of the product. Here blocks of c stay in
 * registers (kern/small.h); only the right operand is packed, and where it is a
 * matrix of weights, once for all calls of a pass. The same call gives the same
 * bits; the processor's vectors decide which.
 */
#ifndef SINKLAB_GEMM_OWN_H
#define SINKLAB_GEMM_OWN_H

#include "kern/gemm.h"

extern const struct gemm gemm_own;

/* What decides its bits. */
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

/* b (K,N), or b (N,K)^T, rows ldb apart, into that. */
void gemm_own_pack(real *restrict packed, const real *restrict b, idx ldb,
                   idx K, idx N);
void gemm_own_pack_transposed(real *restrict packed, const real *restrict b,
                              idx ldb, idx K, idx N);

/* c (M,N) = a (M,K) b (K,N), or += that where `adds`, b packed. */
void gemm_own_product(real *c, idx ldc, const real *a, idx lda,
                      const real *packed, idx M, idx N, idx K, bool adds);

#endif
