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

/* Of an analysis of these rows that somebody else wrote, sealed right. */
static void open_kept(struct kept *k, const char *rows, const char *note)
{
    static const int64_t step[] = { 0 };
    static struct meter meter = { .n_columns = 0 };
    const struct axis axis = { "step", "1", "updates", 1, step, NULL };
    const struct note notes[] = { { "settings", "0123456789abcdef" },
                                  { "checkpoints", note } };
    const struct arrays all = { notes, 2, &axis, 1, NULL, 0 };
    struct run_columns none = { .meter = &meter };
    struct err e = { 0 };
    assert_int_equal(arrays_save(test_path("analysis.h5"), &all, &e), OK);
    assert_int_equal(analysis_write_csv(test_dir(), "", rows, strlen(rows), &e),
                     OK);
    kept_open(k, test_dir(), "", "0123456789abcdef", &none);
}

/* Behind the only row's line there is a part of another. */
static void test_kept__lines_that_are_cut_off_keep_nothing(void **state)
{
    static const char *const notes[] = {
        "0 aaaaaaaaaaaaaaaa\n",
        "0 aaaaaaaaaaaaaaaa\n1",
        "0 aaaaaaaaaaaaaaaa\n10 bbbbbbbb",
        "0 aaaaaaaaaaaaaaaa\n10 bbbbbbbbbbbbbbbb",
        "0 aaaaaaaa\n10 bbbbbbbbbbbbbbbb", /* and so is the row's */
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(notes); i++) {
        bool is_whole = i < COUNT_OF(notes) - 1;
        struct kept k;
        open_kept(&k, "step\n0\n", notes[i]);
        assert_non_null(k.at); /* it was not refused */
        assert_int_equal(kept_row(&k, 0, "aaaaaaaaaaaaaaaa"),
                         is_whole ? 0 : -1);
        assert_int_equal(kept_row(&k, 10, "bbbbbbbbbbbbbbbb"), -1);
        assert_int_equal(kept_row(&k, 7, "cccccccccccccccc"), -1);
        kept_close(&k);
    }
}

/* One line for each row, and rows at all. */
static void test_kept__other_numbers_of_lines_are_refused(void **state)
{
    static const struct {
        const char *rows, *note;
    } cases[] = {
        { "step\n", "" },
        { "step\n", "0 0123456789abcdef" },
        { "step\n0\n", "" },
        { "step\n0\n", "0 aaaaaaaaaaaaaaaa" },
        { "step\n0\n", "0 aaaaaaaaaaaaaaaa\n10 bbbbbbbbbbbbbbbb\n" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct kept k;
        open_kept(&k, cases[i].rows, cases[i].note);
        assert_null(k.at);
        assert_int_equal(kept_row(&k, 0, "aaaaaaaaaaaaaaaa"), -1);
        kept_close(&k);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept__a_checkpoint_is_its_step_and_its_bytes),
        cmocka_unit_test(test_kept__nothing_is_kept_where_nothing_is),
        cmocka_unit_test(test_kept__lines_that_are_cut_off_keep_nothing),
        cmocka_unit_test(test_kept__other_numbers_of_lines_are_refused),
    };
    return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
