/* pairs_vectors.c - by AVX512_BF16: the sums of a block of c stay in
 * registers. */
#include "kern/pairs_operands.h"

#if HAS_PAIRS

#include <immintrin.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline)) PAIRS_VECTORS

enum { ROWS = 8 }; /* by two vectors: 16 sums of 32 registers */

/* Both numbers of a pair, everywhere. */
INLINE __m512bh spread(const uint16_t *pair)
{
    int both;
    memcpy(&both, pair, sizeof both);
    return (__m512bh)_mm512_set1_epi32(both);
}

/* Rows m to m + ROWS of one or two panels from column n on. */
INLINE void block(const struct pairs_product *p, idx m, idx n, int panels)
{
    const uint16_t *a = p->a + m * p->lda,
                   *b = p->b + n / PAIRS_SIDE * p->panel;
    float *c = p->c + m * p->ldc + n;
    __m512 sum[ROWS][2];
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < panels; i++)
            sum[r][i] = p->is_added
                            ? _mm512_loadu_ps(c + r * p->ldc + i * PAIRS_SIDE)
                            : _mm512_setzero_ps();
    for (idx k = 0; k < p->K; k += 2, b += 2 * PAIRS_SIDE) {
        __m512bh right[2];
        for (int i = 0; i < panels; i++)
            right[i] = (__m512bh)_mm512_loadu_si512(b + i * p->panel);
        for (int r = 0; r < ROWS; r++) {
            __m512bh left = spread(a + r * p->lda + k);
            for (int i = 0; i < panels; i++)
                sum[r][i] = _mm512_dpbf16_ps(sum[r][i], left, right[i]);
        }
    }
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < panels; i++)
            _mm512_storeu_ps(c + r * p->ldc + i * PAIRS_SIDE, sum[r][i]);
}

PAIRS_VECTORS static void product(const struct pairs_product *p)
{
    idx n = 0;
    for (; n + 2 * PAIRS_SIDE <= p->N; n += 2 * PAIRS_SIDE)
        for (idx m = 0; m < p->M; m += ROWS)
            block(p, m, n, 2);
    for (idx m = 0; n < p->N && m < p->M; m += ROWS)
        block(p, m, n, 1);
}

const struct pairs_kernel pairs_vectors = {
    .name = "AVX512_BF16",
    .is_here = pairs_operands_are_here,
    .product = product,
    .round = pairs_round,
    .pair = pairs_pair,
    .turn = pairs_turn,
    .add_turned = pairs_add_turned,
};

#else

static bool is_here(void)
{
    return false;
}

const struct pairs_kernel pairs_vectors = { .name = "AVX512_BF16",
                                            .is_here = is_here };

#endif
