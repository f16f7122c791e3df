/* pairs_operands.h - the operands of the products of pairs.h, made by
 * AVX512_BF16: what the kernels of x86 share, which ask for its instructions
 * function by function, so that any build has them where the processor does.
 */
#ifndef SINKLAB_PAIRS_OPERANDS_H
#define SINKLAB_PAIRS_OPERANDS_H

#include "kern/pairs.h"

#if defined(__x86_64__) && !defined(SINKLAB_DOUBLE)
#define HAS_PAIRS 1
#else
#define HAS_PAIRS 0
#endif

#if HAS_PAIRS
#define PAIRS_VECTORS                                                          \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))

bool pairs_operands_are_here(void);

/* As in struct pairs_kernel. */
void pairs_round(uint16_t *y, idx ldy, const real *x, idx ldx, idx R, idx n,
                 real factor);
void pairs_pair(uint16_t *y, idx panel, const real *x, idx ldx, idx R, idx n,
                real factor);
void pairs_turn(uint16_t *y, idx ldy, const uint16_t *x, idx ldx, idx R, idx n);
void pairs_add_turned(real *y, idx ldy, const real *x, idx ldx, idx R, idx n,
                      bool is_added);
#endif

#endif
