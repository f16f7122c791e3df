/* Products of bfloat16 matrices by all kernels that this processor has, and
 * their operands, against plain loops. */
#include "kern/pairs.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/bfloat16.h"

/* Sides of the shapes below at most, padded; room between rows, and behind. */
enum { SIDE = 160, LD = SIDE + 8, ROOM = SIDE * LD, GUARD = 0x1234 };

static const struct pairs_kernel *kernels[] = { &pairs_plain, &pairs_vectors,
                                                &pairs_tiles };

/* What the running test is of; skips it where the processor has none. */
static const struct pairs_kernel *kernel_of(void **state)
{
    const struct pairs_kernel *const *kernel = *state, *k = *kernel;
    if (!k->is_here())
        skip();
    return k;
}

static void fill(real *x, uint64_t seed)
{
    struct rng r = rng_open(seed, RNG_TEST, 7, 0);
    for (idx i = 0; i < ROOM; i++)
        x[i] = (real)rng_normal(&r);
}

static uint16_t rounded(real x)
{
    uint16_t y;
    bfloat16_store(&y, &x, 1);
    return y;
}

static double value(uint16_t x)
{
    uint32_t bits = (uint32_t)x << 16;
    float y;
    memcpy(&y, &bits, sizeof y);
    return (double)y;
}

static idx place(idx k, idx n, idx panel)
{
    return n / PAIRS_SIDE * panel + (k / 2 * PAIRS_SIDE + n % PAIRS_SIDE) * 2 +
           k % 2;
}

/* Ragged, but for the first; one and two sides, an odd number of them. */
static const struct shape {
    idx M, N, K;
} shapes[] = {
    { 32, 32, 32 }, { 1, 1, 1 },    { 16, 17, 33 },   { 33, 48, 64 },
    { 48, 5, 95 },  { 64, 112, 7 }, { 12, 130, 140 }, { 150, 31, 2 },
};

static void check_product(const struct pairs_kernel *k, const struct shape *s,
                          bool is_added)
{
    static real a[ROOM], b[ROOM], c[ROOM], old[ROOM];
    static uint16_t left[ROOM], right[ROOM];
    idx panel = pairs_depth(s->K) * PAIRS_SIDE;
    fill(a, 1), fill(b, 2), fill(old, 3);
    memcpy(c, old, sizeof c);
    k->round(left, LD, a, LD, s->M, s->K, (real)0.5);
    k->pair(right, panel, b, LD, s->K, s->N, 1);
    struct pairs_product p = { .c = c,
                               .a = left,
                               .b = right,
                               .ldc = LD,
                               .lda = LD,
                               .panel = panel,
                               .M = pairs_side(s->M),
                               .N = pairs_side(s->N),
                               .K = pairs_depth(s->K),
                               .is_added = is_added };
    k->product(&p);
    for (idx i = 0; i < ROOM; i++) {
        idx m = i / LD, n = i % LD;
        if (m >= p.M || n >= p.N)
            assert_true(c[i] == old[i]); /* nothing beside c is touched */
        if (m >= s->M || n >= p.N)
            continue;
        double sum = is_added ? (double)old[i] : 0, size = fabs(sum);
        for (idx j = 0; j < s->K && n < s->N; j++) {
            double part = value(rounded((real)0.5 * a[m * LD + j])) *
                          value(rounded(b[j * LD + n]));
            sum += part;
            size += fabs(part);
        }
        /* K sums of float32, each off by half a unit of what is there */
        assert_near((double)c[i], sum, (double)(s->K + 1) * 6e-8, size);
    }
}

static void test_pairs__products_match_a_plain_loop(void **state)
{
    const struct pairs_kernel *k = kernel_of(state);
    for (idx i = 0; i < COUNT_OF(shapes); i++)
        for (int is_added = 0; is_added < 2; is_added++)
            check_product(k, &shapes[i], is_added);
}

/* Part of a panel's depth, as masks leave it. */
static void test_pairs__a_product_may_end_within_a_panel(void **state)
{
    enum { N = 40, K = 128, PART = 64 };
    const struct pairs_kernel *k = kernel_of(state);
    static real a[ROOM], b[ROOM], c[ROOM], all[ROOM];
    static uint16_t left[ROOM], right[ROOM];
    fill(a, 4), fill(b, 5);
    for (idx i = 0; i < ROOM; i++)
        if (i % LD >= PART)
            a[i] = 0;
    k->round(left, LD, a, LD, PAIRS_SIDE, K, 1);
    k->pair(right, K * PAIRS_SIDE, b, LD, K, N, 1);
    struct pairs_product p = { .c = all,
                               .a = left,
                               .b = right,
                               .ldc = LD,
                               .lda = LD,
                               .panel = K * PAIRS_SIDE,
                               .M = PAIRS_SIDE,
                               .N = pairs_side(N),
                               .K = K };
    k->product(&p);
    p.c = c;
    p.K = PART;
    k->product(&p);
    for (idx m = 0; m < p.M; m++)
        assert_memory_equal(c + m * LD, all + m * LD, N * sizeof *c);
}

/* All bits, those of NaN but for which it is; nothing else is written. */
static void test_pairs__operands_are_rounded_and_padded(void **state)
{
    const struct pairs_kernel *k = kernel_of(state);
    static real x[ROOM];
    static uint16_t rows[ROOM], pairs[ROOM];
    fill(x, 6);
    x[0] = (real)NAN;
    x[1] = (real)INFINITY;
    x[LD] = (real)-INFINITY;
    x[LD + 1] = (real)-0.0;
    for (idx i = 0; i < COUNT_OF(shapes); i++) {
        idx R = shapes[i].M, n = shapes[i].N;
        idx panel = pairs_depth(R) * PAIRS_SIDE;
        for (idx j = 0; j < ROOM; j++)
            rows[j] = pairs[j] = GUARD;
        k->round(rows, LD, x, LD, R, n, (real)0.3);
        k->pair(pairs, panel, x, LD, R, n, (real)0.3);
        for (idx r = 0; r < SIDE; r++)
            for (idx j = 0; j < LD; j++) {
                bool is_in = r < R && j < n;
                real scaled = (real)0.3 * x[r * LD + j];
                uint16_t want = is_in ? rounded(scaled) : 0, got;
                got = rows[r * LD + j];
                if (r >= R || j >= pairs_depth(n))
                    assert_int_equal(got, GUARD);
                else if (is_in && isnan(scaled))
                    assert_true(isnan(value(got)));
                else
                    assert_int_equal(got, want);
                if (r >= pairs_depth(R) || j >= pairs_side(n))
                    continue;
                got = pairs[place(r, j, panel)];
                if (is_in && isnan(scaled))
                    assert_true(isnan(value(got)));
                else
                    assert_int_equal(got, want);
            }
        for (idx j = pairs_side(n) * pairs_depth(R); j < ROOM; j++)
            assert_int_equal(pairs[j], GUARD);
    }
}

static void test_pairs__turning_transposes(void **state)
{
    const struct pairs_kernel *k = kernel_of(state);
    enum { R = 48, N = 32 };
    static real x[ROOM], y[ROOM], old[ROOM];
    static uint16_t from[ROOM], to[ROOM];
    for (idx i = 0; i < ROOM; i++) {
        from[i] = (uint16_t)i;
        to[i] = GUARD;
    }
    k->turn(to, LD, from, LD, R, N);
    for (idx i = 0; i < ROOM; i++) {
        idx row = i / LD, column = i % LD;
        bool is_in = row < N && column < 2 * R;
        idx want = column / 2 * LD + 2 * row + column % 2;
        assert_int_equal(to[i], is_in ? from[want] : GUARD);
    }
    fill(x, 8), fill(old, 9);
    for (idx i = 0; i < 2 * COUNT_OF(shapes); i++) {
        idx rows = shapes[i / 2].M, n = shapes[i / 2].N;
        bool is_added = i % 2;
        memcpy(y, old, sizeof y);
        k->add_turned(y, LD, x, LD, rows, n, is_added);
        for (idx j = 0; j < ROOM; j++) {
            idx r = j / LD, c = j % LD;
            real before = is_added ? old[j] : 0;
            assert_true(y[j] ==
                        (r < rows && c < n ? before + x[c * LD + r] : old[j]));
        }
    }
}

/* A zero takes away no NaN: what diverged must show. */
static void test_pairs__what_is_no_number_stays_so(void **state)
{
    const struct pairs_kernel *k = kernel_of(state);
    static real a[ROOM], b[ROOM], c[ROOM];
    static uint16_t left[ROOM], right[ROOM];
    memset(b, 0, sizeof b);
    fill(a, 10);
    a[3 * LD + 5] = (real)NAN;
    a[4 * LD + 6] = (real)INFINITY;
    k->round(left, LD, a, LD, PAIRS_SIDE, PAIRS_DEPTH, 1);
    k->pair(right, PAIRS_DEPTH * PAIRS_SIDE, b, LD, PAIRS_DEPTH, PAIRS_SIDE, 1);
    k->product(&(struct pairs_product){ .c = c,
                                        .a = left,
                                        .b = right,
                                        .ldc = LD,
                                        .lda = LD,
                                        .panel = PAIRS_DEPTH * PAIRS_SIDE,
                                        .M = PAIRS_SIDE,
                                        .N = PAIRS_SIDE,
                                        .K = PAIRS_DEPTH });
    for (idx m = 0; m < PAIRS_SIDE; m++)
        for (idx n = 0; n < PAIRS_SIDE; n++)
            assert_true(m == 3 || m == 4 ? isnan(c[m * LD + n])
                                         : c[m * LD + n] == 0);
}

#define TESTS_OF(i)                                                            \
    WITH(test_pairs__products_match_a_plain_loop, i),                          \
        WITH(test_pairs__a_product_may_end_within_a_panel, i),                 \
        WITH(test_pairs__operands_are_rounded_and_padded, i),                  \
        WITH(test_pairs__turning_transposes, i),                               \
        WITH(test_pairs__what_is_no_number_stays_so, i)
#define WITH(test, i) cmocka_unit_test_prestate(test, &kernels[i])

int main(void)
{
    const struct CMUnitTest tests[] = { TESTS_OF(0), TESTS_OF(1), TESTS_OF(2) };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
