#include "kern/small.h"

#include <string.h>

/* Rows that lie anywhere are fewer: each takes a register for its address. */
enum { ROWS = 6, VECTORS = 2, LANES = SMALL_PANEL / VECTORS };

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
 * rows, vectors and, if it is 1, row are constants wherever this is called. */
INLINE void block(const struct product *p, idx n, idx row, int rows,
                  int vectors)
{
    vector sum[SMALL_ROWS][VECTORS] = { 0 };
    const idx column = p->column, ldb = p->ldb;
    const real *a = p->a;
    const real *b = p->b + n / SMALL_PANEL * p->panel + n % SMALL_PANEL;
    for (idx k = p->K; k > 0; k--, a += column, b += ldb) {
        vector right[VECTORS];
        UNROLL
        for (int v = 0; v < vectors; v++) {
            right[v] = *(const vector *)(b + v * LANES);
            KEEP(right[v]);
        }
        UNROLL
        for (int r = 0; r < rows; r++) {
            real left = a[r * row];
            UNROLL
            for (int v = 0; v < vectors; v++)
                sum[r][v] += left * right[v];
        }
    }
    UNROLL
    for (int r = 0; r < rows; r++) {
        UNROLL
        for (int v = 0; v < vectors; v++) {
            vector *c = (vector *)(p->c + r * p->ldc + n + v * LANES);
            vector old = { 0 };
            if (p->is_added)
                old = *c;
            *c = old + p->alpha * sum[r][v];
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
INLINE void strip(const struct product *p, idx row, int rows)
{
    idx n = 0;
    for (; n + VECTORS * LANES <= p->N; n += VECTORS * LANES)
        block(p, n, row, rows, VECTORS);
    for (; n + LANES <= p->N; n += LANES)
        block(p, n, row, rows, 1);
    if (n < p->N)
        edge(p, n, rows);
}

/* One function a number of rows: each has the registers to itself. */
#define STRIP(name, row, rows)                                                 \
    static __attribute__((noinline)) void name(const struct product *p)        \
    {                                                                          \
        strip(p, row, rows);                                                   \
    }
#define STRIP_OF(rows)                                                         \
    STRIP(strip_##rows, p->row, rows)                                          \
    STRIP(beside_##rows, 1, rows)
STRIP_OF(1)
STRIP_OF(2)
STRIP_OF(3)
STRIP_OF(4)
STRIP_OF(5)
STRIP_OF(6)
#if defined(__AVX512F__)
STRIP(beside_7, 1, 7)
STRIP(beside_8, 1, 8)
STRIP(beside_9, 1, 9)
STRIP(beside_10, 1, 10)
STRIP(beside_11, 1, 11)
STRIP(beside_12, 1, 12)
#endif

typedef void strip_function(const struct product *p);

static strip_function *const strips[ROWS + 1] = {
    NULL, strip_1, strip_2, strip_3, strip_4, strip_5, strip_6,
};
static strip_function *const strips_beside[SMALL_ROWS + 1] = {
    NULL,     beside_1, beside_2, beside_3,  beside_4,  beside_5,  beside_6,
#if defined(__AVX512F__)
    beside_7, beside_8, beside_9, beside_10, beside_11, beside_12,
#endif
};

void small_product(real *restrict c, idx ldc, struct small_left a,
                   struct small_right b, idx M, idx N, idx K, real alpha,
                   bool is_added)
{
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
    idx rows = a.row == 1 ? SMALL_ROWS : ROWS;
    strip_function *const *run = a.row == 1 ? strips_beside : strips;
    for (; p.M > 0; p.M -= rows) {
        run[idx_min(p.M, rows)](&p);
        p.c += rows * ldc;
        p.a += rows * a.row;
    }
}

void small_transpose(real *restrict out, const real *restrict x, idx ld, idx T,
                     idx D)
{
    for (idx t0 = 0; t0 < T; t0 += SMALL_PANEL, out += D * SMALL_PANEL) {
        idx n = idx_min(SMALL_PANEL, T - t0);
        for (idx d = 0; d < D; d++) {
            for (idx t = 0; t < n; t++)
                out[d * SMALL_PANEL + t] = x[(t0 + t) * ld + d];
            for (idx t = n; t < SMALL_PANEL; t++)
                out[d * SMALL_PANEL + t] = 0;
        }
    }
}

void small_copy(real *restrict out, const real *restrict x, idx ld, idx T,
                idx D)
{
    for (idx t = 0; t < T; t++)
        memcpy(out + t * D, x + t * ld, (size_t)D * sizeof *out);
}
