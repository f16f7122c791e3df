#include "kern/outer.h"

#include <string.h>

#include "kern/small.h"

enum {
    ROWS = 128, /* of a and b that are added up at a time: a strip of a and a
                   panel of b then lie in the first cache together */
    FAR = 256,  /* rows longer than that are copied: at 1 KiB and more they
                   share a few lines of it */
    AHEAD = 32, /* rows of a that are fetched before they are copied */
    LINE = 64 / sizeof(real),
};

/* What is added up at a time, of a in strips of the rows that c has, of b in
 * panels. */
struct room {
    _Alignas(64) real a[ROWS * OUTER_COLUMNS], panel[ROWS * SMALL_PANEL];
};

/* x (R,n), rows ld apart, into the second cache: operands come from memory, and
 * their rows are too short for the processor to guess the next. */
static void fetch(const real *x, idx ld, idx R, idx n)
{
    for (idx r = 0; r < R; r++)
        for (idx i = 0; i < n; i += LINE)
            __builtin_prefetch(x + r * ld + i, 0, 2);
}

/* a (R,N) in strips of SMALL_ROWS columns, one behind the other. Behind it lie
 * `more` rows. */
static void copy_strips(real *out, const real *a, idx lda, idx R, idx N,
                        idx more)
{
    idx whole = N / SMALL_ROWS * SMALL_ROWS;
    for (idx r = 0; r < R; r++, a += lda) {
        if (r + AHEAD < R + more)
            fetch(a + AHEAD * lda, lda, 1, N);
        for (idx n = 0; n < whole; n += SMALL_ROWS)
            memcpy(out + n * R + r * SMALL_ROWS, a + n,
                   SMALL_ROWS * sizeof *out);
        for (idx n = whole; n < N; n++)
            out[whole * R + r * (N - whole) + n - whole] = a[n];
    }
}

/* b (R,n), n <= SMALL_PANEL, as rows of a panel. */
static void copy_panel(real *out, const real *b, idx ldb, idx R, idx n)
{
    if (n < SMALL_PANEL)
        memset(out, 0, (size_t)(R * SMALL_PANEL) * sizeof *out);
    for (idx r = 0; r < R; r++, b += ldb, out += SMALL_PANEL) {
        if (n == SMALL_PANEL)
            memcpy(out, b, SMALL_PANEL * sizeof *out);
        else
            memcpy(out, b, (size_t)n * sizeof *out);
    }
}

/* c (N,n) += a^T b for a strip of a and a panel of b; with n < SMALL_PANEL the
 * panel ends in zeros. */
static void add_block(real *c, idx ldc, struct small_left a, const real *b,
                      idx ldb, idx R, idx N, idx n)
{
    real whole[SMALL_ROWS * SMALL_PANEL];
    if (n == SMALL_PANEL) {
        small_product(c, ldc, a, small_plain(b, ldb), N, n, R, 1, true);
        return;
    }
    small_product(whole, SMALL_PANEL, a, small_plain(b, ldb), N, SMALL_PANEL, R,
                  1, false);
    for (idx i = 0; i < N; i++)
        for (idx k = 0; k < n; k++)
            c[i * ldc + k] += whole[i * SMALL_PANEL + k];
}

/* The same for R <= ROWS rows; `more` follow. */
static void add_rows(struct room *x, real *c, idx ldc, const real *a, idx lda,
                     const real *b, idx ldb, idx R, idx N, idx K, idx more)
{
    idx next = idx_min(more, ROWS);
    bool copies_a = lda > FAR, copies_b = ldb > FAR;
    if (copies_a)
        copy_strips(x->a, a, lda, R, N, more);
    for (idx k = 0; k < K; k += SMALL_PANEL) {
        idx n_columns = idx_min(SMALL_PANEL, K - k);
        bool copies = copies_b || n_columns < SMALL_PANEL;
        if (copies)
            copy_panel(x->panel, b + k, ldb, R, n_columns);
        for (idx n = 0; n < N; n += SMALL_ROWS) {
            idx n_rows = idx_min(SMALL_ROWS, N - n);
            /* a few at a time, or they keep loads waiting */
            idx r0 = n * next / N, r1 = (n + n_rows) * next / N;
            fetch(b + (R + r0) * ldb + k, ldb, r1 - r0, n_columns);
            struct small_left left = { a + n, 1, lda };
            if (copies_a)
                left = (struct small_left){ x->a + n * R, 1, n_rows };
            add_block(c + n * ldc + k, ldc, left, copies ? x->panel : b + k,
                      copies ? SMALL_PANEL : ldb, R, n_rows, n_columns);
        }
    }
}

void outer_sum(real *c, idx ldc, const real *a, idx lda, const real *b, idx ldb,
               idx M, idx N, idx K)
{
    struct room room;
    BUG_ON(N > OUTER_COLUMNS);
    for (idx m = 0; m < M; m += ROWS) {
        idx R = idx_min(ROWS, M - m);
        add_rows(&room, c, ldc, a + m * lda, lda, b + m * ldb, ldb, R, N, K,
                 M - m - R);
    }
}
