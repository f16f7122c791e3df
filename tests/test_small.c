/* The small products of attention against a plain loop in double. */
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "harness.h"
#include "kern/small.h"

/* The longest side of a shape below, and room for any operand of that size:
 * rows lie up to 5 apart, panels are as wide as this processor has them. */
enum { SIDE = 70, SIZE = SIDE * (SIDE + 5 + SMALL_PANEL), GUARD = 12345 };

static void fill(real *x, idx n, uint64_t seed)
{
    struct rng r = rng_open(seed, RNG_TEST, 7, 0);
    for (idx i = 0; i < n; i++)
        x[i] = (real)rng_normal(&r);
}

struct shape {
    idx M, N, K;
};
static const struct shape shapes[] = {
    { 1, 1, 1 },    { 6, 16, 32 },  { 12, 32, 64 }, { 5, 17, 3 },  { 7, 8, 9 },
    { 13, 31, 40 }, { 64, 33, 65 }, { 2, 70, 70 },  { 3, 24, 11 }, { 4, 48, 2 },
};

/* Every product reads a as it stands or transposed, b plain or in panels. */
static void check_shape(const struct shape *s, bool is_transposed,
                        bool is_in_panels, bool is_added)
{
    real a[SIZE], b[SIZE], panels[SIZE], c[SIZE], old[SIZE];
    BUG_ON(s->M > SIDE || s->N > SIDE || s->K > SIDE);
    idx ld_a = is_transposed ? s->M + 3 : s->K + 3, ld_c = s->N + 5;
    struct small_left left = { a, is_transposed ? 1 : ld_a,
                               is_transposed ? ld_a : 1 };
    /* b (K,N) is kept transposed, as (N,K) rows, where it is to be packed */
    idx ld_b = is_in_panels ? s->K + 1 : s->N + 1;
    fill(a, SIZE, 1);
    fill(b, SIZE, 2);
    fill(old, SIZE, 3);
    memcpy(c, old, sizeof c);
    struct small_right right = small_plain(b, ld_b);
    if (is_in_panels) {
        small_transpose(panels, b, ld_b, s->N, s->K);
        right = small_panels(panels, s->K);
    }
    small_product(c, ld_c, left, right, s->M, s->N, s->K, (real)0.5, is_added);
    for (idx i = 0; i < s->M * ld_c; i++) {
        idx m = i / ld_c, n = i % ld_c;
        double want = 0, square = 0, before = is_added ? (double)old[i] : 0;
        for (idx k = 0; k < s->K; k++) {
            double term =
                (double)a[m * left.row + k * left.column] *
                (double)(is_in_panels ? b[n * ld_b + k] : b[k * ld_b + n]);
            want += term;
            square += term * term; /* as rounding of random signs goes */
        }
        want = 0.5 * want + before;
        if (n >= s->N)
            assert_true(c[i] == old[i]); /* nothing beside c is touched */
        else
            assert_near((double)c[i], want, 2e-7 * sqrt((double)s->K),
                        0.5 * sqrt(square) + fabs(before));
    }
}

static void test_small__products_match_a_plain_loop(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(shapes); i++)
        for (int variant = 0; variant < 8; variant++)
            check_shape(&shapes[i], variant & 1, variant & 2, variant & 4);
}

static void test_small__not_added_means_only_written(void **state)
{
    (void)state;
    real a[6 * 4], b[4 * 16], c[6 * 16];
    fill(a, 24, 6);
    fill(b, 64, 7);
    for (idx i = 0; i < 96; i++)
        c[i] = (real)NAN;
    struct small_left left = { a, 4, 1 };
    small_product(c, 16, left, small_plain(b, 16), 6, 16, 4, 1, false);
    for (idx i = 0; i < 96; i++)
        assert_true(isfinite(c[i]));
}

static void test_small__padding_of_a_transpose_is_zero(void **state)
{
    (void)state;
    enum { T = SMALL_PANEL + 3, D = 5 };
    real x[T * D], out[2 * SMALL_PANEL * D];
    fill(x, T * D, 8);
    for (idx i = 0; i < COUNT_OF(out); i++)
        out[i] = GUARD;
    small_transpose(out, x, D, T, D);
    for (idx t = 0; t < small_padded(T); t++)
        for (idx d = 0; d < D; d++)
            assert_true(out[t / SMALL_PANEL * D * SMALL_PANEL +
                            d * SMALL_PANEL + t % SMALL_PANEL] ==
                        (t < T ? x[t * D + d] : 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_small__products_match_a_plain_loop),
        cmocka_unit_test(test_small__not_added_means_only_written),
        cmocka_unit_test(test_small__padding_of_a_transpose_is_zero),
    };
    return cmocka_run_group_tests_name("small", tests, NULL, NULL);
}
