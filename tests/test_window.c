#include "harness.h"
#include "metric/window.h"

#include <math.h>

static double number(idx i)
{
    return sin((double)i * 1.7) + 1e6;
}

/* By the definition, of values from .. to - 1. */
static double plain_z(idx from, idx to, double x)
{
    long double n = (long double)(to - from), mean = 0, square = 0;
    for (idx i = from; i < to; i++)
        mean += (long double)number(i) / n;
    for (idx i = from; i < to; i++)
        square +=
            ((long double)number(i) - mean) * ((long double)number(i) - mean);
    return (double)(((long double)x - mean) / sqrtl(square / (n - 1)));
}

static void test_window__compares_with_the_last_values_alone(void **state)
{
    struct window w = { .n = 0 };
    (void)state;
    for (idx i = 0; i < 3 * WINDOW_VALUES; i++) {
        idx from = i < WINDOW_VALUES ? 0 : i - WINDOW_VALUES;
        if (i > 1)
            assert_near(window_z(&w, number(i) + 3),
                        plain_z(from, i, number(i) + 3), 1e-7, 1);
        window_add(&w, number(i));
        assert_int_equal(w.n, i < WINDOW_VALUES ? i + 1 : WINDOW_VALUES);
        assert_true(w.values[w.n - 1] == number(i));
    }
    assert_true(w.values[0] == number(2 * WINDOW_VALUES));
}

static void test_window__has_no_answer_without_a_deviation(void **state)
{
    struct window w = { .n = 0 };
    (void)state;
    assert_true(isnan(window_z(&w, 1)));
    window_add(&w, 0.1);
    assert_true(isnan(window_z(&w, 1)));
    for (idx i = 0; i < WINDOW_VALUES; i++)
        window_add(&w, 0.1);
    assert_true(isnan(window_z(&w, 0.1)) && isnan(window_z(&w, 1)));
    window_add(&w, 0.2);
    assert_true(window_z(&w, 0.3) > 1);
    window_add(&w, NAN);
    assert_true(isnan(window_z(&w, 0.3)));
    for (idx i = 0; i < WINDOW_VALUES; i++) /* until it is gone */
        window_add(&w, (double)(i % 2));
    assert_close(window_z(&w, 0.5 + 3), 6 * sqrt(127. / 128), 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_window__compares_with_the_last_values_alone),
        cmocka_unit_test(test_window__has_no_answer_without_a_deviation),
    };
    return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
