#include "analysis/kept.h"
#include "harness.h"

#include <string.h>

static void test_kept__a_checkpoint_is_its_step_and_its_bytes(void **state)
{
    char lines[200];
    struct text t = { lines, sizeof lines, 0 };
    struct kept k = { .checkpoints = lines };
    (void)state;
    kept_line(&t, 0, "0123456789abcdef");
    kept_line(&t, 10, "aaaaaaaaaaaaaaaa");
    kept_line(&t, 100, "bbbbbbbbbbbbbbbb");
    assert_int_equal(kept_row(&k, 0, "0123456789abcdef"), 0);
    assert_int_equal(kept_row(&k, 10, "aaaaaaaaaaaaaaaa"), 1);
    assert_int_equal(kept_row(&k, 100, "bbbbbbbbbbbbbbbb"), 2);
    assert_int_equal(kept_row(&k, 10, "aaaaaaaaaaaaaaab"), -1); /* changed */
    assert_int_equal(kept_row(&k, 1, "aaaaaaaaaaaaaaaa"), -1);
    assert_int_equal(kept_row(&k, 100, "aaaaaaaaaaaaaaaa"), -1);
}

static void test_kept__nothing_is_kept_where_nothing_is(void **state)
{
    struct kept k;
    struct run_columns none = { .meter = NULL };
    (void)state;
    kept_open(&k, test_dir(), "0123456789abcdef", &none);
    assert_int_equal(kept_row(&k, 0, "0123456789abcdef"), -1);
    assert_false(k.has_all || k.has_losses);
    kept_close(&k);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept__a_checkpoint_is_its_step_and_its_bytes),
        cmocka_unit_test(test_kept__nothing_is_kept_where_nothing_is),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
