/* Sums of outer products against a plain loop in double, and nothing beside c
 * touched. */
#include "kern/outer.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/small.h"

/* Rows, columns of a and b that are no whole chunk, strip, panel or vector;
 * rows so long that they are copied, and not. */
static const struct shape {
    idx M, N, K, beside_a, beside_b;
} shapes[] = {
    { 1, 1, 1, 0, 0 },
    { 3, 7, 5, 2, 1 },
    { 128, 128, 64, 0, 0 },
    { 129, 128, 2 * SMALL_PANEL + 3, 1000, 0 },
    { 300, 13, 33, 0, 300 },
    { 257, SMALL_ROWS * 2 + 1, 80, 300, 300 },
    { 127, SMALL_ROWS, SMALL_PANEL, 512, 0 },
    { 140, 100, 17, 256 - 100, 257 - 17 },
};

static real *filled(idx n, uint64_t seed)
{
    struct rng r = rng_open(seed, RNG_TEST, 7, 0);
    real *x = malloc((size_t)n * sizeof *x);
    assert_non_null(x);
    for (idx i = 0; i < n; i++)
        x[i] = (real)rng_normal(&r);
    return x;
}

static void check_shape(const struct shape *s)
{
    idx lda = s->N + s->beside_a, ldb = s->K + s->beside_b, ldc = s->K + 3;
    real *a = filled(s->M * lda, 1), *b = filled(s->M * ldb, 2);
    real *c = filled(s->N * ldc, 3), *old = filled(s->N * ldc, 3);
    outer_sum(c, ldc, a, lda, b, ldb, s->M, s->N, s->K);
    for (idx i = 0; i < s->N * ldc; i++) {
        idx n = i / ldc, k = i % ldc;
        double want = (double)old[i], square = want * want;
        if (k >= s->K) {
            assert_true(c[i] == old[i]);
            continue;
        }
        for (idx m = 0; m < s->M; m++) {
            double term = (double)a[m * lda + n] * (double)b[m * ldb + k];
            want += term;
            square += term * term; /* as rounding of random signs goes */
        }
        assert_near((double)c[i], want, 2e-7 * sqrt((double)s->M + 1),
                    sqrt(square));
    }
    free(a);
    free(b);
    free(c);
    free(old);
}

static void test_outer__sums_match_a_plain_loop(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(shapes); i++)
        check_shape(&shapes[i]);
}

/* Rows that are copied and rows that are not give the same bits. */
static void test_outer__where_rows_lie_changes_no_bit(void **state)
{
    (void)state;
    enum { M = 150, N = 30, K = 70, FAR = 400 };
    real *a = filled(M * N, 1), *b = filled(M * K, 2);
    real *far_a = filled(M * FAR, 3), *far_b = filled(M * FAR, 4);
    real *c = filled(N * K, 5), *far_c = filled(N * K, 5);
    for (idx m = 0; m < M; m++) {
        memcpy(far_a + m * FAR, a + m * N, N * sizeof *a);
        memcpy(far_b + m * FAR, b + m * K, K * sizeof *b);
    }
    outer_sum(c, K, a, N, b, K, M, N, K);
    outer_sum(far_c, K, far_a, FAR, far_b, FAR, M, N, K);
    assert_memory_equal(c, far_c, N * K * sizeof *c);
    free(a);
    free(b);
    free(far_a);
    free(far_b);
    free(c);
    free(far_c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_outer__sums_match_a_plain_loop),
        cmocka_unit_test(test_outer__where_rows_lie_changes_no_bit),
    };
    return cmocka_run_group_tests_name("outer", tests, NULL, NULL);
}
