/* Which text is held out. */
#include "prepare/held_out.h"

#include "harness.h"

static void test_held_out__tails_are_that_share_of_each(void **state)
{
    (void)state;
    const struct held_out h = { HELD_OUT_TAILS, 0.1, 0 };
    assert_int_equal(held_out_text(&h, 0, 0), 0);
    assert_int_equal(held_out_text(&h, 0, 9), 0);
    assert_int_equal(held_out_text(&h, 1, 10), 1);
    assert_int_equal(held_out_text(&h, 2, 1115394), 111539);
}

static void test_held_out__documents_go_whole_and_as_many(void **state)
{
    (void)state;
    enum { N = 100000 };
    for (uint64_t seed = 0; seed < 3; seed++) {
        const struct held_out h = { HELD_OUT_DOCUMENTS, 0.1, seed };
        idx n = 0;
        for (idx i = 0; i < N; i++) {
            size_t held = held_out_text(&h, i, 7);
            assert_true(held == 0 || held == 7);
            assert_int_equal(held, held_out_text(&h, i, 7));
            n += held > 0;
        }
        /* six deviations of a binomial: sqrt(100000 * 0.09) = 95 */
        assert_true(n > 10000 - 570 && n < 10000 + 570);
    }
}

/* XXH3-64 of seed and number as 16 bytes, little-endian, by another program
 * (Python's xxhash): what is printed there must be what is drawn here. */
static void test_held_out__the_draw_is_the_published_one(void **state)
{
    (void)state;
    const struct held_out h = { HELD_OUT_DOCUMENTS, 0.1, 0 },
                          other = { HELD_OUT_DOCUMENTS, 0.1, 1 };
    static const idx drawn[] = { 1, 12, 14, 22, 29, 31, 34, 42 },
                     drawn_1[] = { 2, 4, 19, 42, 53 };
    idx n = 0, n_1 = 0;
    for (idx i = 0; i < 60; i++) {
        if (held_out_text(&h, i, 1)) {
            assert_true(n < COUNT_OF(drawn));
            assert_int_equal(i, drawn[n++]);
        }
        if (held_out_text(&other, i, 1)) {
            assert_true(n_1 < COUNT_OF(drawn_1));
            assert_int_equal(i, drawn_1[n_1++]);
        }
    }
    assert_int_equal(n, COUNT_OF(drawn));
    assert_int_equal(n_1, COUNT_OF(drawn_1));
}

static void
test_held_out__a_larger_fraction_holds_out_the_same_and_more(void **state)
{
    (void)state;
    const struct held_out less = { HELD_OUT_DOCUMENTS, 0.1, 5 },
                          more = { HELD_OUT_DOCUMENTS, 0.3, 5 };
    for (idx i = 0; i < 1000; i++)
        if (held_out_text(&less, i, 1))
            assert_int_equal(held_out_text(&more, i, 1), 1);
}

static void test_held_out__nothing_is_nothing(void **state)
{
    (void)state;
    const struct held_out h = { HELD_OUT_NONE, 0, 0 };
    assert_int_equal(held_out_text(&h, 3, 1000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_held_out__tails_are_that_share_of_each),
        cmocka_unit_test(test_held_out__documents_go_whole_and_as_many),
        cmocka_unit_test(test_held_out__the_draw_is_the_published_one),
        cmocka_unit_test(
            test_held_out__a_larger_fraction_holds_out_the_same_and_more),
        cmocka_unit_test(test_held_out__nothing_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
