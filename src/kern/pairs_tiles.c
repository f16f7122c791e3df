/* pairs_tiles.c - by AMX: registers of 16 rows of 64 bytes, whose products are
 * one instruction.
 *
 * oneDNN shapes these registers for itself, on the same threads; so each
 * product here shapes them anew and gives them back. */
#include "kern/pairs_operands.h"

#if HAS_PAIRS && defined(__linux__)

#include <cpuid.h>
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TILES __attribute__((target("amx-tile,amx-bf16")))
#define INLINE static inline __attribute__((always_inline)) TILES

enum {
    TILE_BYTES = 64, /* of a row */
    /* Linux's ARCH_REQ_XCOMP_PERM and XFEATURE_XTILEDATA: a process asks for
     * room for the registers */
    REQUEST_FEATURE = 0x1023,
    FEATURE_TILES = 18,
    /* CPUID, leaf 7, edx */
    CPUID_AMX_BF16 = 1 << 22,
    CPUID_AMX_TILE = 1 << 24,
};

static bool is_here(void)
{
    const unsigned both = CPUID_AMX_BF16 | CPUID_AMX_TILE;
    unsigned a, b, c, d;
    return pairs_operands_are_here() &&
           __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & both) == both &&
           syscall(SYS_arch_prctl, REQUEST_FEATURE, FEATURE_TILES) == 0;
}

/* As the instruction reads it; not on the stack, for gcc 12 does not know that
 * all of it is read. */
static const struct {
    uint8_t palette, start_row, none[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
} shape = {
    .palette = 1,
    .row_bytes = { 64, 64, 64, 64, 64, 64, 64, 64 },
    .rows = { 16, 16, 16, 16, 16, 16, 16, 16 },
};

/* One or two by one or two tiles of c from (m,n) on. Registers 0 to 3 are c's,
 * 4 and 5 a's, 6 and 7 b's; the compiler wants them as literals. */
INLINE void block(const struct pairs_product *p, idx m, idx n, bool has_below,
                  bool has_beside)
{
    const size_t c_bytes = (size_t)p->ldc * sizeof *p->c;
    const size_t a_bytes = (size_t)p->lda * sizeof *p->a;
    float *c = p->c + m * p->ldc + n, *below = c + PAIRS_SIDE * p->ldc;
    const uint16_t *a = p->a + m * p->lda,
                   *b = p->b + n / PAIRS_SIDE * p->panel;
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    if (p->is_added) {
        _tile_loadd(0, c, c_bytes);
        if (has_beside)
            _tile_loadd(1, c + PAIRS_SIDE, c_bytes);
        if (has_below)
            _tile_loadd(2, below, c_bytes);
        if (has_below && has_beside)
            _tile_loadd(3, below + PAIRS_SIDE, c_bytes);
    }
    for (idx k = 0; k < p->K; k += PAIRS_DEPTH) {
        const uint16_t *right = b + k * PAIRS_SIDE;
        _tile_loadd(4, a + k, a_bytes);
        _tile_loadd(6, right, TILE_BYTES);
        _tile_dpbf16ps(0, 4, 6);
        if (has_beside) {
            _tile_loadd(7, right + p->panel, TILE_BYTES);
            _tile_dpbf16ps(1, 4, 7);
        }
        if (has_below) {
            _tile_loadd(5, a + PAIRS_SIDE * p->lda + k, a_bytes);
            _tile_dpbf16ps(2, 5, 6);
        }
        if (has_below && has_beside)
            _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, c, c_bytes);
    if (has_beside)
        _tile_stored(1, c + PAIRS_SIDE, c_bytes);
    if (has_below)
        _tile_stored(2, below, c_bytes);
    if (has_below && has_beside)
        _tile_stored(3, below + PAIRS_SIDE, c_bytes);
}

/* All rows of one or two panels. */
INLINE void panels(const struct pairs_product *p, idx n, bool has_beside)
{
    idx m = 0;
    for (; m + 2 * PAIRS_SIDE <= p->M; m += 2 * PAIRS_SIDE)
        block(p, m, n, true, has_beside);
    if (m < p->M)
        block(p, m, n, false, has_beside);
}

/* gcc 12 does not say of the instructions that they read memory. */
#define ALL_IS_WRITTEN() __asm__ volatile("" ::: "memory")

TILES static void product(const struct pairs_product *p)
{
    idx n = 0;
    ALL_IS_WRITTEN();
    _tile_loadconfig(&shape);
    for (; n + 2 * PAIRS_SIDE <= p->N; n += 2 * PAIRS_SIDE)
        panels(p, n, true);
    if (n < p->N)
        panels(p, n, false);
    _tile_release();
    ALL_IS_WRITTEN();
}

const struct pairs_kernel pairs_tiles = {
    .name = "AMX",
    .is_here = is_here,
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

const struct pairs_kernel pairs_tiles = { .name = "AMX", .is_here = is_here };

#endif
