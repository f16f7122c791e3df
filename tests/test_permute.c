/* An order without a list: what holds for every seed and size. */
#include "base/permute.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>

static void check_bijection(uint64_t seed, idx n)
{
    bool *is_taken = calloc((size_t)n, sizeof *is_taken);
    for (idx i = 0; i < n; i++) {
        idx at = permute(seed, n, i);
        assert_true(at >= 0 && at < n);
        assert_false(is_taken[at]);
        is_taken[at] = true;
    }
    free(is_taken);
}

static void test_permute__every_number_comes_once(void **state)
{
    (void)state;
    for (idx n = 1; n <= 130; n++)
        for (uint64_t seed = 0; seed < 4; seed++)
            check_bijection(seed << 40, n);
    static const idx sizes[] = { 1000, 1024, 1025, 4095, 4096, 4097, 70001 };
    for (int i = 0; i < COUNT_OF(sizes); i++)
        check_bijection(1, sizes[i]);
}

/* What an independent program computes from the words of FORMATS.md. */
static void test_permute__is_the_documented_function(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed;
        idx n, want[4];
    } known[] = {
        { 1, 871, { 6, 791, 275, 605 } },
        { 1, 5, { 0, 4, 2, 1 } },
        { 1ull << 53,
          1000000000000,
          { 283598852773, 517543099711, 899166643021, 440236930393 } },
    };
    for (int k = 0; k < COUNT_OF(known); k++)
        for (idx i = 0; i < 4; i++)
            assert_int_equal(permute(known[k].seed, known[k].n, i),
                             known[k].want[i]);
}

/* Over many seeds each number stands at each place equally often, and each
 * ordered pair at the first two; six standard errors. */
static void test_permute__small_orders_are_fair(void **state)
{
    (void)state;
    enum { SEEDS = 12000, N_MAX = 7 };
    for (idx n = 2; n <= N_MAX; n++) {
        idx count[N_MAX][N_MAX] = { { 0 } }, pairs[N_MAX][N_MAX] = { { 0 } };
        for (uint64_t seed = 0; seed < SEEDS; seed++) {
            idx at[N_MAX];
            for (idx i = 0; i < n; i++) {
                at[i] = permute(seed, n, i);
                count[i][at[i]]++;
            }
            pairs[at[0]][at[1]]++;
        }
        double want = SEEDS / (double)n, of_pair = want / (double)(n - 1);
        for (idx i = 0; i < n; i++)
            for (idx j = 0; j < n; j++) {
                assert_true(fabs((double)count[i][j] - want) < 6 * sqrt(want));
                assert_true(i == j || fabs((double)pairs[i][j] - of_pair) <
                                          6 * sqrt(of_pair));
            }
    }
}

/* Neighbours lie n/3 apart on average, as at random, for every seed. */
static void test_permute__a_large_order_has_no_runs(void **state)
{
    (void)state;
    enum { N = 1000 };
    for (uint64_t seed = 0; seed < 20; seed++) {
        double sum = 0;
        idx fixed = 0;
        for (idx i = 0; i < N; i++) {
            fixed += permute(seed, N, i) == i;
            if (i > 0)
                sum += fabs(
                    (double)(permute(seed, N, i) - permute(seed, N, i - 1)));
        }
        /* the distance of two has the standard deviation N / sqrt(18) */
        assert_close(sum / (N - 1) / (N / 3.0), 1,
                     6 * 3 / sqrt(18.0) * sqrt(2.0 / N));
        assert_true(fixed < 12); /* one on average */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permute__every_number_comes_once),
        cmocka_unit_test(test_permute__is_the_documented_function),
        cmocka_unit_test(test_permute__small_orders_are_fair),
        cmocka_unit_test(test_permute__a_large_order_has_no_runs),
    };
    return cmocka_run_group_tests_name("permute", tests, NULL, NULL);
}
