#include "analysis/kept.h"

#include "analysis/analysis.h"
#include "harness.h"
#include "io/arrays.h"

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
    kept_open(&k, test_dir(), "", "0123456789abcdef", &none);
    assert_int_equal(kept_row(&k, 0, "0123456789abcdef"), -1);
    assert_false(k.has_all || k.has_losses);
    kept_close(&k);
}

/* A note that somebody else wrote, sealed right. */
static void test_kept__lines_that_are_cut_off_keep_nothing(void **state)
{
    static const char *const notes[] = {
        "",
        "0",
        "0 0123456789abcdef",
        "0 aaaaaaaaaaaaaaaa\n10 bbbbbbbb",
    };
    static const int64_t step[] = { 0 };
    const struct axis axis = { "step", "1", "updates", 1, step, NULL };
    struct meter meter = { .n_columns = 0 };
    struct run_columns none = { .meter = &meter };
    (void)state;
    for (idx i = 0; i < COUNT_OF(notes); i++) {
        const struct note all_notes[] = { { "settings", "0123456789abcdef" },
                                          { "checkpoints", notes[i] } };
        const struct arrays all = { all_notes, 2, &axis, 1, NULL, 0 };
        const char *rows = i < 3 ? "step\n" : "step\n0\n";
        struct kept k;
        struct err e = { 0 };
        assert_int_equal(arrays_save(test_path("analysis.h5"), &all, &e), OK);
        assert_int_equal(
            analysis_write_csv(test_dir(), "", rows, strlen(rows), &e), OK);
        kept_open(&k, test_dir(), "", "0123456789abcdef", &none);
        assert_int_equal(kept_row(&k, 7, "cccccccccccccccc"), -1);
        kept_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept__a_checkpoint_is_its_step_and_its_bytes),
        cmocka_unit_test(test_kept__nothing_is_kept_where_nothing_is),
        cmocka_unit_test(test_kept__lines_that_are_cut_off_keep_nothing),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
