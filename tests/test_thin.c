/* Fewer points of a curve: which. */
#include "report/thin.h"

#include "harness.h"

enum { ROWS = 10000 };

static void test_thin__few_rows_all_stay(void **state)
{
    (void)state;
    idx rows[ROWS];
    for (idx n = 0; n <= 7; n++) {
        assert_int_equal(thin_rows(rows, n, 7), n);
        for (idx i = 0; i < n; i++)
            assert_int_equal(rows[i], i);
    }
}

static void test_thin__ends_stay_rows_rise_and_are_no_more(void **state)
{
    (void)state;
    static idx rows[ROWS];
    for (idx n = 3; n <= ROWS; n += 1 + n / 3)
        for (idx most = 2; most < n; most += 1 + most / 2) {
            idx kept = thin_rows(rows, n, most);
            assert_true(kept >= 2 && kept <= most);
            assert_int_equal(rows[0], 0);
            assert_int_equal(rows[kept - 1], n - 1);
            for (idx i = 1; i < kept; i++)
                assert_true(rows[i] > rows[i - 1]);
        }
}

static void test_thin__half_of_them_stand_at_the_start(void **state)
{
    (void)state;
    static idx rows[ROWS];
    idx kept = thin_rows(rows, ROWS, 100), early = 0;
    for (idx i = 0; i < kept; i++)
        early += rows[i] < 100; /* half of the decades, 1 % of the rows */
    assert_true(early >= 15 && early <= 30);
    /* and nowhere else is a hole larger than twice the even distance */
    for (idx i = 1; i < kept; i++)
        assert_true(rows[i] - rows[i - 1] <= 2 * ROWS / 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_thin__few_rows_all_stay),
        cmocka_unit_test(test_thin__ends_stay_rows_rise_and_are_no_more),
        cmocka_unit_test(test_thin__half_of_them_stand_at_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
