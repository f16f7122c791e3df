#include "kern/small.h"

#include <string.h>

enum { VECTORS = 2, LANES = SMALL_PANEL / VECTORS };

/* A vector of the processor (gcc's and clang's extension); loads and stores
 * need no alignment. */
typedef real vector __attribute__((vector_size(LANES * sizeof(real)),
                                   aligned(sizeof(real)), may_alias));

#define INLINE static inline __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Keep x in a register, if one is wide enough: left alone, gcc reads it from
 * memory again for each row, and the loads become the bottleneck. */
#if SMALL_PANEL_BYTES > SMALL_OWN_BYTES
#define KEEP(x) (void)0
#elif defined(__AVX512F__)
#define KEEP(x) __asm__("" : "+v"(x))
#elif defined(__x86_64__)
#define KEEP(x) __asm__("" : "+x"(x))
#else
#define KEEP(x) (void)0
#endif

/* A product, or what is left of it. */
struct product {
    real *c;
    const real *a, *b;
    idx ldc, row, column; /* of c, a, a */
    idx ldb, panel;       /* of b */
    idx M, N, K;
    real alpha;
    bool is_added;
};

/* rows x (vectors * LANES) of c from column n on, the sums kept in registers:
 * rows and vectors are constants wherever this is called. */
INLINE void block(const struct product *p, idx n, int rows, int vectors)
{
    vector sum[SMALL_ROWS][VECTORS] = { 0 };
    const idx row = p->row, column = p->column, ldb = p->ldb;
    /* three rows to an address: processors add one or two steps for nothing */
    const real *a[(SMALL_ROWS + 2) / 3];
    UNROLL
    for (int i = 0; 3 * i < rows; i++)
        a[i] = p->a + 3 * i * row;
    const real *b = p->b + n / SMALL_PANEL * p->panel + n % SMALL_PANEL;
    for (idx k = p->K; k > 0; k--, b += ldb) {
        vector right[VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++) {
            right[v] = *(const vector *)(b + v * LANES);
            KEEP(right[v]);
        }
        UNROLL
        for (int r = 0; r < rows; r++) {
            real left = a[r / 3][r % 3 * row];
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] += left * right[v];
        }
        UNROLL
        for (int i = 0; 3 * i < rows; i++)
            a[i] += column;
    }
    /* read once: what is stored might be any of it, for all a compiler knows */
    real *c = p->c + n;
    const idx ldc = p->ldc;
    const real alpha = p->alpha;
    const bool is_added = p->is_added;
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vector *at = (vector *)(c + r * ldc + v * LANES);
            vector old = { 0 };
            if (is_added)
                old = *at;
            *at = old + alpha * sum[r][v];
        }
    }
}

/* Fewer columns than a vector has, from column n on. */
static void edge(const struct product *p, idx n, int rows)
{
    const real *b =
        p->b + n / SMALL_PANEL * p->panel - n / SMALL_PANEL * SMALL_PANEL;
    for (int r = 0; r < rows; r++) {
        for (idx i = n; i < p->N; i++) {
            real sum = 0;
            for (idx k = 0; k < p->K; k++)
                sum += p->a[r * p->row + k * p->column] * b[k * p->ldb + i];
            real *c = p->c + r * p->ldc + i;
            *c = p->is_added ? *c + p->alpha * sum : p->alpha * sum;
        }
    }
}

/* All columns of the first rows. */
INLINE void strip(const struct product *p, int rows)
{
    idx n = 0;
    for (; n + VECTORS * LANES <= p->N; n += VECTORS * LANES)
        block(p, n, rows, VECTORS);
    for (; n + LANES <= p->N; n += LANES)
        block(p, n, rows, 1);
    if (n < p->N)
        edge(p, n, rows);
}

/* One function a number of rows: each has the registers to itself. */
#define STRIP(rows)                                                            \
    static                                                                     \
        __attribute__((noinline)) void strip_##rows(const struct product *p)   \
    {                                                                          \
        strip(p, rows);                                                        \
    }
STRIP(1)
STRIP(2)
STRIP(3)
STRIP(4)
STRIP(5)
STRIP(6)
#if defined(__AVX512F__)
STRIP(7)
STRIP(8)
STRIP(9)
STRIP(10)
STRIP(11)
STRIP(12)
#endif

void small_product(real *restrict c, idx ldc, struct small_left a,
                   struct small_right b, idx M, idx N, idx K, real alpha,
                   bool is_added)
{
    static void (*const strips[])(const struct product *p) = {
        NULL,
        strip_1,
        strip_2,
        strip_3,
        strip_4,
        strip_5,
        strip_6,
#if defined(__AVX512F__)
        strip_7,
        strip_8,
        strip_9,
        strip_10,
        strip_11,
        strip_12,
#endif
    };
    struct product p = {
        .c = c,
        .a = a.a,
        .b = b.b,
        .ldc = ldc,
        .row = a.row,
        .column = a.column,
        .ldb = b.row,
        .panel = b.panel,
        .M = M,
        .N = N,
        .K = K,
        .alpha = alpha,
        .is_added = is_added,
    };
    for (; p.M > 0; p.M -= SMALL_ROWS) {
        strips[idx_min(p.M, SMALL_ROWS)](&p);
        p.c += SMALL_ROWS * ldc;
        p.a += SMALL_ROWS * a.row;
    }
}

/* Columns d0 to d1 of n rows of x, as rows of a panel that are zero behind. */
static void transpose_loop(real *restrict out, const real *restrict x, idx ld,
                           idx n, idx d0, idx d1)
{
    for (idx d = d0; d < d1; d++) {
        for (idx t = 0; t < n; t++)
            out[d * SMALL_PANEL + t] = x[t * ld + d];
        for (idx t = n; t < SMALL_PANEL; t++)
            out[d * SMALL_PANEL + t] = 0;
    }
}

#if defined(__GNUC__) && !defined(__clang__) /* clang has no such builtin */
typedef __typeof__((vector){ 0 } < (vector){ 0 }) lanes;

/* LANES columns of LANES rows of x: rows i and i + LANES/2 are merged, lane by
 * lane, as often as LANES can be halved. */
INLINE void transpose_square(real *restrict out, const real *restrict x, idx ld)
{
    vector row[LANES], merged[LANES];
    lanes low, high;
    UNROLL
    for (int i = 0; i < LANES; i++) {
        row[i] = *(const vector *)(x + i * ld);
        low[i] = i / 2 + i % 2 * LANES;
        high[i] = low[i] + LANES / 2;
    }
    UNROLL
    for (int width = LANES; width > 1; width /= 2) {
        UNROLL
        for (int i = 0; i < LANES / 2; i++) {
            merged[2 * i] = __builtin_shuffle(row[i], row[i + LANES / 2], low);
            merged[2 * i + 1] =
                __builtin_shuffle(row[i], row[i + LANES / 2], high);
        }
        memcpy(row, merged, sizeof row);
    }
    UNROLL
    for (int i = 0; i < LANES; i++)
        *(vector *)(out + i * SMALL_PANEL) = row[i];
}

/* The first columns of a whole panel's rows. Returns how many. */
static idx transpose_squares(real *restrict out, const real *restrict x, idx ld,
                             idx D)
{
    idx d = 0;
    for (; d + LANES <= D; d += LANES)
        for (int v = 0; v < VECTORS; v++)
            transpose_square(out + d * SMALL_PANEL + v * LANES,
                             x + v * LANES * ld + d, ld);
    return d;
}
#else
static idx transpose_squares(real *restrict out, const real *restrict x, idx ld,
                             idx D)
{
    (void)out, (void)x, (void)ld, (void)D;
    return 0;
}
#endif

void small_transpose(real *restrict out, const real *restrict x, idx ld, idx T,
                     idx D)
{
    for (; T > 0; T -= SMALL_PANEL) {
        idx n = idx_min(SMALL_PANEL, T);
        idx done = n < SMALL_PANEL ? 0 : transpose_squares(out, x, ld, D);
        transpose_loop(out, x, ld, n, done, D);
        out += D * SMALL_PANEL;
        x += SMALL_PANEL * ld;
    }
}

void small_copy(real *restrict out, const real *restrict x, idx ld, idx T,
                idx D)
{
    for (idx t = 0; t < T; t++)
        memcpy(out + t * D, x + t * ld, (size_t)D * sizeof *out);
}
