#include "harness.h"
#include "io/metrics.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define HEADER "step,loss,lr"

static const char *path(void)
{
    static char path[RUN_PATH_MAX];
    run_path(path, test_dir(), "metrics.csv");
    return path;
}

static void write_text(const char *text)
{
    test_write_file(path(), text, strlen(text));
}

static void check_text(const char *want)
{
    char *got;
    size_t n;
    struct err e = { 0 };
    assert_int_equal(fsys_read_file(&got, &n, path(), 1 << 20, &e), OK);
    assert_string_equal(got, want);
    free(got);
}

/* What metrics_open leaves of a file. */
static void check_open(const char *before, idx up_to_step, const char *after)
{
    struct metrics m;
    struct err e = { 0 };
    write_text(before);
    assert_int_equal(metrics_open(&m, path(), HEADER, up_to_step, &e), OK);
    check_text(after);
}

static void check_refused(const char *before, idx up_to_step, const char *words)
{
    struct metrics m;
    struct err e = { 0 };
    write_text(before);
    assert_int_equal(metrics_open(&m, path(), HEADER, up_to_step, &e),
                     ERR_DATA);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
    check_text(before);
}

static void test_metrics__rows_follow_the_header(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    unlink(path());
    assert_int_equal(metrics_open(&m, path(), HEADER, -1, &e), OK);
    assert_int_equal(metrics_append(&m, "0,5.5,0", &e), OK);
    assert_int_equal(metrics_append(&m, "10,nan,0.1", &e), OK);
    assert_int_equal(metrics_sync(&m, &e), OK);
    check_text(HEADER "\n0,5.5,0\n10,nan,0.1\n");
}

static void test_metrics__missing_file_is_created_on_resume(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    unlink(path());
    assert_int_equal(metrics_open(&m, path(), HEADER, 10, &e), OK);
    check_text(HEADER "\n");
}

static void test_metrics__resume_drops_rows_beyond_its_step(void **state)
{
    const char *const rows = HEADER "\n0,1,2\n10,1,2\n20,1,2\n";
    (void)state;
    check_open(rows, 20, rows);
    check_open(rows, 99, rows);
    check_open(rows, 19, HEADER "\n0,1,2\n10,1,2\n");
    check_open(rows, 10, HEADER "\n0,1,2\n10,1,2\n");
    check_open(rows, 0, HEADER "\n0,1,2\n");
    check_open(rows, -1, HEADER "\n");
    check_open(HEADER "\n5,1,2\n", 4, HEADER "\n");
}

static void test_metrics__torn_last_line_is_dropped(void **state)
{
    (void)state;
    check_open(HEADER "\n0,1,2\n10,1", 20, HEADER "\n0,1,2\n");
    check_open(HEADER "\n0,1,2\n1", 20, HEADER "\n0,1,2\n");
    check_open(HEADER "\n0,1,2\n10,1,2", 20, HEADER "\n0,1,2\n");
    check_open(HEADER, 20, HEADER "\n");
    check_open("step,lo", 20, HEADER "\n");
    check_open("", 20, HEADER "\n");
}

/* Cut after any byte, a resumed file is what a whole one would have been. */
static void test_metrics__any_cut_leaves_whole_rows(void **state)
{
    const char *const rows = HEADER "\n0,1,2\n10,1,2\n20,1,2\n";
    (void)state;
    for (size_t n = 0; n <= strlen(rows); n++) {
        char cut[64], want[64];
        struct metrics m;
        struct err e = { 0 };
        snprintf(cut, sizeof cut, "%.*s", (int)n, rows);
        write_text(cut);
        assert_int_equal(metrics_open(&m, path(), HEADER, 20, &e), OK);
        size_t keep = n;
        while (keep > strlen(HEADER) + 1 && rows[keep - 1] != '\n')
            keep--;
        if (keep < strlen(HEADER) + 1)
            keep = strlen(HEADER) + 1;
        snprintf(want, sizeof want, "%.*s", (int)keep, rows);
        check_text(want);
    }
}

static void test_metrics__rows_beyond_the_step_may_be_anything(void **state)
{
    (void)state;
    check_open(HEADER "\n0,1,2\n20,1\nrubbish\n", 10, HEADER "\n0,1,2\n");
}

static void test_metrics__foreign_file_is_refused_unchanged(void **state)
{
    (void)state;
    check_refused("step,loss\n0,1\n", 10, "metrics.csv:1: got 'step,loss'");
    check_refused(HEADER ",sink_1\n", 10, "metrics.csv:1:");
    check_refused(HEADER "\n0,1\n", 10, "metrics.csv:2: got '0,1'");
    check_refused(HEADER "\n0,1,2\nx,1,2\n", 10, "metrics.csv:3:");
    check_refused(HEADER "\n0,1,2\n-1,1,2\n", 10, "metrics.csv:3:");
    check_refused(HEADER "\n0,1,2\n\n", 10, "metrics.csv:3:");
    check_refused(HEADER "\n5,1,2\n5,1,2\n", 10, "a later step");
    check_refused(HEADER "\n99999999999999999999,1,2\n", 10, "metrics.csv:2:");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__rows_follow_the_header),
        cmocka_unit_test(test_metrics__missing_file_is_created_on_resume),
        cmocka_unit_test(test_metrics__resume_drops_rows_beyond_its_step),
        cmocka_unit_test(test_metrics__torn_last_line_is_dropped),
        cmocka_unit_test(test_metrics__any_cut_leaves_whole_rows),
        cmocka_unit_test(test_metrics__rows_beyond_the_step_may_be_anything),
        cmocka_unit_test(test_metrics__foreign_file_is_refused_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
