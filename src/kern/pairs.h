/* pairs.h - products of bfloat16 matrices, sums in float32, by instructions
 * that multiply two numbers at a time and add both products: a right operand
 * lies in pairs, its rows k and k+1 side by side.
 *
 * A kernel is a processor's way of doing it. All round alike (bfloat16.h), but
 * that numbers below float32's normal range may become zero, before and
 * after; sums are ordered differently. The same call of the same kernel gives
 * the same bits. Depths are padded with zeros; rows and columns up to a whole
 * side may hold anything, and what is made of them is read by nobody. No
 * alignment is asked for. Nothing can fail.
 */
#ifndef SINKLAB_PAIRS_H
#define SINKLAB_PAIRS_H

#include "base/base.h"

enum {
    PAIRS_SIDE = 16,             /* rows and columns that are made at a time */
    PAIRS_DEPTH = 2 * PAIRS_SIDE /* and what they are sums of */
};

/* n rounded up to whole ones. */
static inline idx pairs_side(idx n)
{
    return idx_ceil_div(n, PAIRS_SIDE) * PAIRS_SIDE;
}

static inline idx pairs_depth(idx n)
{
    return idx_ceil_div(n, PAIRS_DEPTH) * PAIRS_DEPTH;
}

/* c (M,N) = a (M,K) b (K,N); M and N in whole sides, K in whole depths. Rows of
 * c and a are ldc and lda apart. Panels of b, a side of columns each, are
 * `panel` numbers apart; element (k,n) of one lies at
 * (k / 2 * PAIRS_SIDE + n) * 2 + k % 2. c must not overlap a or b. */
struct pairs_product {
    real *c;
    const uint16_t *a, *b;
    idx ldc, lda, panel;
    idx M, N, K;
    bool is_added; /* c += that */
};

struct pairs_kernel {
    const char *name;
    /* Does it run here? Asks the system for what it needs; before threads do */
    bool (*is_here)(void);
    void (*product)(const struct pairs_product *p);

    /* y (R,n) = factor x, rounded: a left operand. Rows ldy and ldx apart; zero
     * up to a whole depth of columns. Rows up to a whole side are not touched:
     * whatever lies there, the same rows of a product come of it alone. */
    void (*round)(uint16_t *y, idx ldy, const real *x, idx ldx, idx R, idx n,
                  real factor);
    /* The same as a right operand (R,n), zero up to a whole depth of rows and a
     * side of columns. */
    void (*pair)(uint16_t *y, idx panel, const real *x, idx ldx, idx R, idx n,
                 real factor);
    /* y (n,R) = transpose of x (R,n), both of pairs of numbers, in whole sides;
     * rows ldy and ldx numbers apart. */
    void (*turn)(uint16_t *y, idx ldy, const uint16_t *x, idx ldx, idx R,
                 idx n);
    /* y (R,n) = transpose of x (n,R), or += that. x may be read up to whole
     * sides. */
    void (*add_turned)(real *y, idx ldy, const real *x, idx ldx, idx R, idx n,
                       bool is_added);
};

/* Plain loops, for tests; AVX512_BF16; AMX, with that beside it. */
extern const struct pairs_kernel pairs_plain, pairs_vectors, pairs_tiles;

#endif
