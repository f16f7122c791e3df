#include "kern/gemm_own.h"

#include <string.h>

#include "kern/small.h"

/* What is packed of the right operand at a time: it stays in the second cache
 * while all rows of a pass by. Fixed, as sums depend on DEPTH bit by bit. */
enum { DEPTH = 256, WIDTH = 2 * SMALL_PANEL };

/* The right operand: b (K,N), or b (N,K)^T, or panels of all K rows. */
struct right {
    const real *b;
    idx ld;
    enum { PLAIN, TRANSPOSED, PACKED } as;
};

struct product {
    struct small_left a;
    struct right b;
    idx M, N, K;
    real alpha;
    bool adds;
};

/* x (R,n), n <= SMALL_PANEL, as rows of a panel. */
static void pack_panel(real *restrict out, const real *restrict x, idx ld,
                       idx R, idx n)
{
    if (n == SMALL_PANEL) {
        for (idx r = 0; r < R; r++)
            memcpy(out + r * SMALL_PANEL, x + r * ld,
                   SMALL_PANEL * sizeof *out);
        return;
    }
    for (idx r = 0; r < R; r++, out += SMALL_PANEL) {
        memcpy(out, x + r * ld, (size_t)n * sizeof *out);
        memset(out + n, 0, (size_t)(SMALL_PANEL - n) * sizeof *out);
    }
}

idx gemm_own_packed(idx K, idx N)
{
    return K * small_padded(N);
}

/* b (K,N) into panels. */
static void pack_plain(real *restrict packed, const real *restrict b, idx ldb,
                       idx K, idx N)
{
    for (idx n = 0; n < N; n += SMALL_PANEL, packed += K * SMALL_PANEL)
        pack_panel(packed, b + n, ldb, K, idx_min(SMALL_PANEL, N - n));
}

void gemm_own_pack(real *restrict packed, const real *restrict b, idx ldb,
                   idx K, idx N)
{
    small_transpose(packed, b, ldb, N, K);
}

/* Rows k0 to k0 + K of columns n0 to n0 + N of the right operand, as panels:
 * where they lie, or packed into room (DEPTH,WIDTH). */
static struct small_right panels_of(real *room, const struct product *p, idx k0,
                                    idx K, idx n0, idx N)
{
    const struct right *b = &p->b;
    if (b->as == PACKED)
        return (struct small_right){ b->b + n0 * p->K + k0 * SMALL_PANEL,
                                     SMALL_PANEL, p->K * SMALL_PANEL };
    if (b->as == PLAIN)
        pack_plain(room, b->b + k0 * b->ld + n0, b->ld, K, N);
    else
        gemm_own_pack(room, b->b + n0 * b->ld + k0, b->ld, K, N);
    return small_panels(room, K);
}

/* The last n < SMALL_PANEL columns: c has no room for a whole panel. */
static void multiply_last(real *c, idx ldc, const struct product *p,
                          struct small_left a, struct small_right b, idx n,
                          idx K, bool adds)
{
    real whole[SMALL_ROWS * SMALL_PANEL];
    for (idx m = 0; m < p->M; m += SMALL_ROWS) {
        idx rows = idx_min(SMALL_ROWS, p->M - m);
        small_product(whole, SMALL_PANEL, a, b, rows, SMALL_PANEL, K, p->alpha,
                      false);
        for (idx r = 0; r < rows; r++, c += ldc) {
            const real *from = whole + r * SMALL_PANEL;
            for (idx i = 0; i < n; i++)
                c[i] = adds ? c[i] + from[i] : from[i];
        }
        a.a += SMALL_ROWS * a.row;
    }
}

/* c (M,N) of N <= WIDTH columns, from column n0 on. */
static void multiply_columns(real *c, idx ldc, const struct product *p, idx n0,
                             idx N)
{
    _Alignas(64) real room[DEPTH * WIDTH];
    idx whole = N / SMALL_PANEL * SMALL_PANEL;
    for (idx k = 0; k < p->K; k += DEPTH) {
        idx K = idx_min(DEPTH, p->K - k);
        bool adds = p->adds || k > 0;
        struct small_right b = panels_of(room, p, k, K, n0, N);
        struct small_left a = p->a;
        a.a += k * a.column;
        small_product(c, ldc, a, b, p->M, whole, K, p->alpha, adds);
        if (whole < N) {
            b.b += whole / SMALL_PANEL * b.panel;
            multiply_last(c + whole, ldc, p, a, b, N - whole, K, adds);
        }
    }
}

static void multiply(real *c, idx ldc, const struct product *p)
{
    for (idx m = 0; !p->K && !p->adds && m < p->M; m++)
        memset(c + m * ldc, 0, (size_t)p->N * sizeof *c);
    for (idx n = 0; n < p->N; n += WIDTH)
        multiply_columns(c + n, ldc, p, n, idx_min(WIDTH, p->N - n));
}

void gemm_own_product(real *c, idx ldc, const real *a, idx lda,
                      const real *packed, idx M, idx N, idx K, bool adds)
{
    const struct product p = { .a = { a, lda, 1 },
                               .b = { packed, 0, PACKED },
                               .M = M,
                               .N = N,
                               .K = K,
                               .alpha = 1,
                               .adds = adds };
    multiply(c, ldc, &p);
}

/* --- the three forms ------------------------------------------------------ */

static void scale(real *c, idx ldc, idx M, idx N, real beta)
{
    for (idx m = 0; m < M; m++)
        for (idx n = 0; n < N; n++)
            c[m * ldc + n] *= beta;
}

static void any_product(real *c, idx ldc, struct small_left a, struct right b,
                        idx M, idx N, idx K, real alpha, real beta)
{
    const struct product p = { a, b, M, N, K, alpha, .adds = beta != 0 };
    if (beta != 0 && beta != 1)
        scale(c, ldc, M, N, beta);
    multiply(c, ldc, &p);
}

static void own_nt(real *c, idx ldc, const real *a, idx lda, const real *b,
                   idx ldb, idx M, idx N, idx K, real alpha, real beta)
{
    any_product(c, ldc, (struct small_left){ a, lda, 1 },
                (struct right){ b, ldb, TRANSPOSED }, M, N, K, alpha, beta);
}

static void own_nn(real *c, idx ldc, const real *a, idx lda, const real *b,
                   idx ldb, idx M, idx N, idx K, real alpha, real beta)
{
    any_product(c, ldc, (struct small_left){ a, lda, 1 },
                (struct right){ b, ldb, PLAIN }, M, N, K, alpha, beta);
}

static void own_tn(real *c, idx ldc, const real *a, idx lda, const real *b,
                   idx ldb, idx M, idx N, idx K, real alpha, real beta)
{
    any_product(c, ldc, (struct small_left){ a, 1, lda },
                (struct right){ b, ldb, PLAIN }, M, N, K, alpha, beta);
}

const struct gemm gemm_own = { own_nt, own_nn, own_tn };
