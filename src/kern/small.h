/* small.h - products of small, strided matrices: attention's, and blocks of
 * others (gemm_own.h, outer.h).
 *
 * A library call packs both operands anew each time, which at head widths of 32
 * to 128 costs as much as the product. Here a block of a few rows of c stays in
 * registers while b, whose rows are contiguous, is read straight from memory.
 * The same call gives the same bits; the same row in a call with another number
 * of rows need not (the compiler may fuse products and sums differently).
 */
#ifndef SINKLAB_SMALL_H
#define SINKLAB_SMALL_H

#include "base/base.h"

/* Columns of c that are computed at a time: two vectors of the processor. A
 * build may ask for the width of another one (make check does). */
#if defined(__AVX512F__)
#define SMALL_OWN_BYTES 128
#elif defined(__AVX__)
#define SMALL_OWN_BYTES 64
#else
#define SMALL_OWN_BYTES 32
#endif
#ifndef SMALL_PANEL_BYTES
#define SMALL_PANEL_BYTES SMALL_OWN_BYTES
#endif
enum { SMALL_PANEL = SMALL_PANEL_BYTES / sizeof(real) };

/* Rows of c that are computed at a time at most: their sums fill the registers,
 * of which AVX-512 has 32 instead of 16. */
#if defined(__AVX512F__)
enum { SMALL_ROWS = 12 };
#else
enum { SMALL_ROWS = 6 };
#endif

/* Element (m,k) of the left operand lies at a[m * row + k * column]: column 1
 * reads it as it stands, row 1 its transpose. */
struct small_left {
    const real *a;
    idx row, column;
};

/* Element (k,n) of the right operand lies at
 * b[n / SMALL_PANEL * panel + k * row + n % SMALL_PANEL]. */
struct small_right {
    const real *b;
    idx row, panel;
};

/* A row-major matrix, rows ld apart. */
static inline struct small_right small_plain(const real *b, idx ld)
{
    return (struct small_right){ b, ld, SMALL_PANEL };
}

/* What small_transpose made of x (T,D), read as (D,T). */
static inline struct small_right small_panels(const real *b, idx D)
{
    return (struct small_right){ b, SMALL_PANEL, D * SMALL_PANEL };
}

/* n rounded up to whole panels. */
static inline idx small_padded(idx n)
{
    return idx_ceil_div(n, SMALL_PANEL) * SMALL_PANEL;
}

/* c (M,N) = alpha a (M,K) b (K,N); is_added: c += that. Rows of c are ldc
 * apart. c must not overlap a or b. With panels N may be rounded up to whole
 * ones, if there is room in c. */
void small_product(real *restrict c, idx ldc, struct small_left a,
                   struct small_right b, idx M, idx N, idx K, real alpha,
                   bool is_added);

/* out (D * small_padded(T)) = transpose of x (T,D), rows ld apart, cut into
 * panels of SMALL_PANEL columns that lie one behind the other: a product then
 * walks through memory without jumps. The padding is zero. */
void small_transpose(real *restrict out, const real *restrict x, idx ld, idx T,
                     idx D);

/* out (T,D) = x (T,D), rows ld apart: the same without jumps. */
void small_copy(real *restrict out, const real *restrict x, idx ld, idx T,
                idx D);

#endif
