/* Page's test: against scipy 1.17.1 (stats.page_trend_test, twice the smaller
 * of its one-sided p), by all permutations where values tie or lack, which
 * scipy does not know, and its rate of errors. */
#include "harness.h"

#include "report/statistics.h"
#include "report/trend.h"

#include <math.h>

#define assert_digits(got, want) assert_close(got, want, 1e-12)

static void test_trend__untied_values_are_judged_as_scipy_does(void **state)
{
    (void)state;
    static const double up[] = {
        1, 2, 3, 1.5, 1, 3, 0, 2, 5, 1, 4, 3, 2, 3, 9
    };
    struct trend t = trend_judge(up, 5, 3);
    assert_true(t.is_exact && t.n_seeds == 5);
    assert_digits(t.p, 0.013117283950617281);
    assert_digits(t.z, 2.5298221281347035);
    assert_digits(t.p_least, 2 / pow(6, 5));
    assert_true(t.n_rising == 3 && t.n_falling == 0);
    static const double down[] = { 5, 3, 2, 1, 4, 5, 2, 0, 3, 1, 2, 0 };
    t = trend_judge(down, 3, 4);
    assert_digits(t.p, 0.0057870370370370367);
    assert_digits(t.z, -2.6);
    assert_true(t.n_rising == 0 && t.n_falling == 1);
    static const double five[] = {
        3, 1, 2, 5, 4, 2, 9, 1, 7, 8, 1, 2, 4, 3, 5,
        2, 1, 3, 5, 4, 1, 3, 2, 4, 5, 5, 4, 1, 3, 2
    };
    t = trend_judge(five, 6, 5);
    assert_digits(t.p, 0.028441364458751287);
    assert_digits(t.z, 2.2045407685048604);
    static const double eight[] = { 1, 2, 3, 4, 5, 6, 7, 8,
                                    2, 1, 3, 5, 4, 6, 8, 7 };
    t = trend_judge(eight, 2, 8);
    assert_true(t.is_exact);
    assert_digits(t.p, 4.2812263794406654e-07);
}

static void test_trend__many_levels_are_judged_by_the_normal(void **state)
{
    (void)state;
    static const double nine[] = { 3, 1, 2, 4, 6, 5, 7, 9, 8, 1, 2, 4, 3, 5,
                                   7, 6, 8, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8 };
    struct trend t = trend_judge(nine, 3, 9);
    assert_false(t.is_exact);
    assert_true(t.p_least == 0);
    assert_close(t.p, 0.00019249477341296096, 1e-12);
}

static void test_trend__ties_and_gaps_are_dealt_out(void **state)
{
    (void)state;
    static const double tied[] = { 0, 0, 1, 0, 1, 1, 0, 0, 0, 0, 0.5, 1 };
    static const double two[] = { 1, 2, 1, 3, 2, 2.5, 2, 4, 0, 1 };
    static const double gap[] = { 1, 2, 3, 2, NAN, 9, 4, 5, 6 };
    static const double never[] = { 1, 2, INFINITY, 1, INFINITY, INFINITY };
    static const double order[] = { 1, 2, 3, 1, 4, 4 };
    static const double alone[] = { 1, NAN, NAN, NAN, 2, NAN };
    assert_digits(trend_judge(tied, 4, 3).p, 0.037037037037037035);
    assert_digits(trend_judge(two, 5, 2).p, 2 / 32.0);
    assert_digits(trend_judge(gap, 3, 3).p, 2 / 72.0);
    assert_true(trend_judge(never, 2, 3).p == trend_judge(order, 2, 3).p);
    assert_true(trend_judge(tied + 6, 1, 3).p == 1);
    struct trend t = trend_judge(alone, 2, 3);
    assert_true(t.n_seeds == 0 && isnan(t.p) && isnan(t.z));
    assert_true(isnan(trend_judge(alone, 0, 3).p));
}

/* Of all orders of three seeds' values at three levels, which are equally
 * likely where there is no trend, how many come out with a p so small? */
static void
test_trend__chance_is_called_a_trend_as_often_as_p_says(void **state)
{
    (void)state;
    static const double orders[6][3] = {
        { 1, 2, 3 }, { 1, 3, 2 }, { 2, 1, 3 },
        { 2, 3, 1 }, { 3, 1, 2 }, { 3, 2, 1 }
    };
    enum { ALL = 6 * 6 * 6 };
    double p[ALL];
    for (idx i = 0; i < ALL; i++) {
        double v[9];
        for (idx k = 0; k < 3; k++) {
            v[k] = orders[i / 36][k];
            v[3 + k] = orders[i / 6 % 6][k];
            v[6 + k] = orders[i % 6][k];
        }
        p[i] = trend_judge(v, 3, 3).p;
    }
    for (idx i = 0; i < ALL; i++) {
        idx n = 0;
        for (idx k = 0; k < ALL; k++)
            n += p[k] <= p[i] + 1e-9;
        assert_digits((double)n / ALL, p[i]); /* exact: neither more nor less */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_trend__untied_values_are_judged_as_scipy_does),
        cmocka_unit_test(test_trend__many_levels_are_judged_by_the_normal),
        cmocka_unit_test(test_trend__ties_and_gaps_are_dealt_out),
        cmocka_unit_test(
            test_trend__chance_is_called_a_trend_as_often_as_p_says),
    };
    return cmocka_run_group_tests_name("trend", tests, NULL, NULL);
}
