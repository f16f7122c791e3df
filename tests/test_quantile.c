#include "harness.h"
#include "metric/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

enum { MOST = 300 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Both, of a copy, are to the bit what sorting finds. */
static void check(const double *x, idx n)
{
    double sorted[MOST], room[MOST];
    size_t bytes = (size_t)n * sizeof *x;
    memcpy(sorted, x, bytes);
    qsort(sorted, (size_t)n, sizeof *sorted, compare);
    memcpy(room, x, bytes);
    assert_true(median_of(room, n) ==
                (sorted[(n - 1) / 2] + sorted[n / 2]) / 2);
    for (idx i = 0; i <= 10; i++) {
        double q = (double)i / 10;
        idx rank = idx_max((idx)ceil(q * (double)n), 1);
        memcpy(room, x, bytes);
        assert_true(quantile_of(room, n, q) == sorted[rank - 1]);
    }
    qsort(room, (size_t)n, sizeof *room, compare); /* none was lost */
    assert_memory_equal(room, sorted, bytes);
}

static void test_quantile__is_what_sorting_finds(void **state)
{
    struct rng r = rng_open(1, RNG_INIT, 2, 3);
    double x[MOST];
    (void)state;
    for (idx n = 1; n <= MOST; n += n < 40 ? 1 : 13)
        for (idx kinds = 1; kinds <= MOST; kinds *= 4) {
            for (idx i = 0; i < n; i++) /* many are alike, some infinite */
                x[i] = 1 / (double)rng_below(&r, kinds);
            check(x, n);
            for (idx i = 0; i < n; i++)
                x[i] = rng_normal(&r);
            check(x, n);
        }
}

static void test_quantile__takes_numbers_that_are_in_order(void **state)
{
    double up[MOST], down[MOST], peak[MOST];
    (void)state;
    for (idx n = 1; n <= MOST; n++) {
        for (idx i = 0; i < n; i++) {
            up[i] = (double)i;
            down[i] = (double)-i;
            peak[i] = (double)idx_min(i, n - i);
        }
        check(up, n);
        check(down, n);
        check(peak, n);
    }
}

static void test_quantile__of_nan_is_nan(void **state)
{
    (void)state;
    for (idx i = 0; i < 5; i++) {
        double x[5] = { 3, 1, 2, 5, 4 };
        x[i] = NAN;
        assert_true(isnan(median_of(x, 5)));
        assert_true(isnan(quantile_of(x, 5, 0.5)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantile__is_what_sorting_finds),
        cmocka_unit_test(test_quantile__takes_numbers_that_are_in_order),
        cmocka_unit_test(test_quantile__of_nan_is_nan),
    };
    return cmocka_run_group_tests_name("quantile", tests, NULL, NULL);
}
