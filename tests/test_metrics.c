#include "chained.h"
#include "harness.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "run/metrics.h"

#include <errno.h>
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

/* What metrics_open leaves of a file, when the state counts on `kept`. */
static void check_open(const char *before, idx up_to_step, const char *kept)
{
    struct metrics m;
    struct err e = { 0 };
    write_text(chained(before));
    int rc =
        metrics_open(&m, path(), HEADER, up_to_step, chained_last(kept), &e);
    if (rc != OK)
        fail_msg("%s", e.text);
    assert_false(m.is_new);
    check_text(chained(kept));
    assert_string_equal(m.chain.hex, chained_last(kept));
}

/* before: as it stands in the file; kept: what the state counts on. */
static void check_refused(const char *before, idx up_to_step, const char *kept,
                          const char *words)
{
    struct metrics m;
    struct err e = { 0 };
    write_text(before);
    assert_int_equal(
        metrics_open(&m, path(), HEADER, up_to_step, chained_last(kept), &e),
        ERR_DATA);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
    check_text(before);
}

/* The same where rows may be missing, and damage is cut off from cut_line. */
static void check_cut(const char *before, idx up_to_step, const char *after,
                      idx cut_line)
{
    struct metrics m;
    struct err e = { 0 };
    write_text(before);
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, up_to_step, &e), OK);
    assert_int_equal(m.cut_line, cut_line);
    check_text(chained(after));
    assert_string_equal(m.chain.hex, chained_last(after));
}

#define ROWS HEADER "\n0,1,2\n10,1,2\n20,1,2\n"

static void test_metrics__rows_follow_the_header(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    unlink(path());
    assert_int_equal(metrics_create(&m, path(), HEADER, &e), OK);
    assert_string_equal(m.chain.hex, chained_last(HEADER "\n"));
    assert_int_equal(metrics_append(&m, "0,5.5,0", &e), OK);
    assert_int_equal(metrics_append(&m, "10,nan,0.1", &e), OK);
    assert_int_equal(metrics_sync(&m, &e), OK);
    check_text(chained(HEADER "\n0,5.5,0\n10,nan,0.1\n"));
    assert_string_equal(m.chain.hex,
                        chained_last(HEADER "\n0,5.5,0\n10,nan,0.1\n"));
    assert_int_equal(metrics_create(&m, path(), HEADER, &e), OK);
    check_text(chained(HEADER "\n"));
}

/* A row that could not be written is none: the next one follows the former. */
static void test_metrics__a_failed_row_leaves_the_chain(void **state)
{
    struct metrics m;
    struct err e = { 0 }, failed = { 0 };
    (void)state;
    assert_int_equal(metrics_create(&m, path(), HEADER, &e), OK);
    assert_int_equal(metrics_append(&m, "0,1,2", &e), OK);
    fsys_fail_at(2, ENOSPC);
    assert_int_equal(metrics_append(&m, "10,1,2", &failed), ERR_IO);
    fsys_fail_at(0, 0);
    assert_int_equal(metrics_append(&m, "10,1,2", &e), OK);
    check_text(chained(HEADER "\n0,1,2\n10,1,2\n"));
}

/* Before readers refuse the file, and with it the run. */
static void test_metrics__no_file_gets_too_large_to_be_read(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(metrics_create(&m, path(), HEADER, &e), OK);
    assert_int_equal(metrics_append(&m, "0,1,2", &e), OK);
    char *before;
    size_t n;
    assert_int_equal(fsys_read_file(&before, &n, path(), 1 << 20, &e), OK);
    assert_int_equal(m.bytes, n);
    const struct row_chain last = m.chain;
    assert_int_equal(metrics_open(&m, path(), HEADER, 0, last.hex, &e), OK);
    assert_int_equal(m.bytes, n);
    struct metrics full = m;
    full.bytes = TABLE_MAX_BYTES - (n - strlen(HEADER ",row_hash\n"));
    struct metrics fuller = full;
    fuller.bytes++;
    assert_int_equal(metrics_append(&fuller, "1,2,3", &e), ERR_IO);
    if (!strstr(e.text, "metrics.csv: full: ") ||
        !strstr(e.text, "move it away") || !strstr(e.text, "train.log_every"))
        fail_msg("%s", e.text);
    check_text(before);
    e = (struct err){ 0 };
    assert_int_equal(truncate(path(), (off_t)full.bytes), 0); /* of holes */
    assert_int_equal(metrics_append(&full, "1,2,3", &e), OK);
    assert_int_equal(full.bytes, TABLE_MAX_BYTES);
    assert_int_equal(unlink(path()), 0);
    free(before);
}

/* A log that was removed would go on without its header, and be none. */
static void test_metrics__rows_go_where_the_others_are(void **state)
{
    struct metrics m;
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct err e = { 0 }, told = { 0 };
        assert_int_equal(metrics_create(&m, path(), HEADER, &e), OK);
        assert_int_equal(metrics_append(&m, "0,1,2", &e), OK);
        const struct row_chain last = m.chain;
        if (i == 0)
            assert_int_equal(unlink(path()), 0);
        else
            assert_int_equal(truncate(path(), i == 1 ? 3 : 3000), 0);
        assert_false(m.is_changed);
        assert_int_equal(metrics_append(&m, "10,1,2", &told), ERR_IO);
        assert_true(m.is_changed);
        if (!strstr(told.text, i == 0 ? "metrics.csv: was removed by another"
                                      : "metrics.csv: was changed by another"))
            fail_msg("%s", told.text);
        assert_string_equal(m.chain.hex, last.hex);
        assert_int_equal(access(path(), F_OK), i == 0 ? -1 : 0);
    }
    assert_int_equal(unlink(path()), 0);
}

static void test_metrics__missing_file_is_created_on_resume(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    unlink(path());
    assert_int_equal(
        metrics_open(&m, path(), HEADER, 10, chained_last(ROWS), &e), OK);
    assert_true(m.is_new);
    check_text(chained(HEADER "\n"));
    assert_string_equal(m.chain.hex, chained_last(HEADER "\n"));
    unlink(path());
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, 10, &e), OK);
    check_text(chained(HEADER "\n"));
}

/* "Not there" and "cannot be looked at" are two things: a log that exists is
 * never begun anew for the second. */
static void test_metrics__what_cannot_be_looked_at_is_not_missing(void **state)
{
    char loop[RUN_PATH_MAX];
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    run_path(loop, test_dir(), "loop");
    unlink(loop);
    assert_int_equal(symlink("loop", loop), 0); /* ELOOP, also for root */
    assert_int_equal(metrics_open(&m, loop, HEADER, 10, chained_last(ROWS), &e),
                     ERR_IO);
    assert_non_null(strstr(e.text, "loop: cannot look at it: "));
    e = (struct err){ 0 };
    assert_int_equal(metrics_open_cut(&m, loop, HEADER, 10, &e), ERR_IO);
    char target[8] = "";
    assert_int_equal(readlink(loop, target, sizeof target), 4);
}

static void test_metrics__resume_drops_rows_beyond_its_step(void **state)
{
    (void)state;
    check_open(ROWS, 20, ROWS);
    check_open(ROWS, 99, ROWS);
    check_open(ROWS, 19, HEADER "\n0,1,2\n10,1,2\n");
    check_open(ROWS, 10, HEADER "\n0,1,2\n10,1,2\n");
    check_open(ROWS, 0, HEADER "\n0,1,2\n");
    check_open(HEADER "\n5,1,2\n", 4, HEADER "\n");
    check_cut(chained(ROWS), 20, ROWS, 0);
    check_cut(chained(ROWS), 19, HEADER "\n0,1,2\n10,1,2\n", 0);
    check_cut(chained(ROWS), 0, HEADER "\n0,1,2\n", 0);
}

static void test_metrics__torn_last_line_is_dropped(void **state)
{
    (void)state;
    check_open(HEADER "\n0,1,2\n10,1", 20, HEADER "\n0,1,2\n");
    check_open(HEADER "\n0,1,2\n1", 20, HEADER "\n0,1,2\n");
    check_cut(chained(HEADER "\n0,1,2\n10,1,2"), 20, HEADER "\n0,1,2\n", 0);
    check_cut(HEADER, 20, HEADER "\n", 1);
    check_cut("step,lo", 20, HEADER "\n", 1);
    check_cut("", 20, HEADER "\n", 1);
}

/* Cut after any byte: a resumed file is what a whole one would have been, if
 * all that the state counts on is there; else the file is refused. */
static void test_metrics__any_cut_leaves_whole_rows_or_is_told(void **state)
{
    const char *const kept = HEADER "\n0,1,2\n10,1,2\n";
    size_t needed = strlen(chained(kept));
    (void)state;
    for (size_t n = 0; n <= strlen(chained(ROWS)); n++) {
        char cut[256], want[256];
        struct metrics m;
        struct err e = { 0 };
        snprintf(cut, sizeof cut, "%.*s", (int)n, chained(ROWS));
        write_text(cut);
        int rc = metrics_open(&m, path(), HEADER, 10, chained_last(kept), &e);
        assert_int_equal(rc, n < needed ? ERR_DATA : OK);
        if (rc == OK)
            check_text(chained(kept));
        else
            check_text(cut);

        write_text(cut);
        assert_int_equal(metrics_open_cut(&m, path(), HEADER, 20, &e), OK);
        size_t header = strlen(chained(HEADER "\n")), keep = n;
        while (keep > header && chained(ROWS)[keep - 1] != '\n')
            keep--;
        snprintf(want, sizeof want, "%.*s",
                 (int)(keep < header ? header : keep), chained(ROWS));
        check_text(want);
    }
}

static void test_metrics__rows_beyond_the_state_may_be_anything(void **state)
{
    char text[256];
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    snprintf(text, sizeof text, "%s20,1\nrubbish\n",
             chained(HEADER "\n0,1,2\n"));
    write_text(text);
    assert_int_equal(metrics_open(&m, path(), HEADER, 10,
                                  chained_last(HEADER "\n0,1,2\n"), &e),
                     OK);
    check_text(chained(HEADER "\n0,1,2\n"));
}

/* In front of the state's row nothing may be changed, lost or put in. */
static void test_metrics__every_changed_byte_is_told_with_its_line(void **state)
{
    char text[256], where[64];
    size_t n = strlen(chained(ROWS));
    idx line = 1;
    (void)state;
    for (size_t i = 0; i < n; i++) {
        snprintf(text, sizeof text, "%s", chained(ROWS));
        bool is_end = text[i] == '\n';
        text[i] ^= 1;
        snprintf(where, sizeof where, "metrics.csv:%lld: ", (long long)line);
        check_refused(text, 20, ROWS, where);
        line += is_end;
    }
}

static void test_metrics__lost_rows_are_told(void **state)
{
    char text[256], *second;
    (void)state;
    snprintf(text, sizeof text, "%s", chained(ROWS));
    second = strchr(text, '\n') + 1;
    second = strchr(second, '\n') + 1;
    char *third = strchr(second, '\n') + 1;
    memmove(second, third, strlen(third) + 1);
    check_refused(text, 20, ROWS,
                  "metrics.csv:3: damaged: this row was changed, or the line "
                  "in front of it was changed or lost; put a copy");
    check_refused(chained(HEADER "\n0,1,2\n10,1,2\n"), 20, ROWS,
                  "metrics.csv:3: ends too early: rows up to step 20 are lost");
    check_refused(chained(HEADER "\n"), 20, ROWS, "metrics.csv:1: ends too");
}

static void test_metrics__damaged_times_are_cut_off(void **state)
{
    char text[256];
    (void)state;
    snprintf(text, sizeof text, "%s", chained(ROWS));
    *strstr(text, "10,1,2") = '4';
    check_cut(text, 20, HEADER "\n0,1,2\n", 3);
    check_cut("step,loss\n0,1\n", 20, HEADER "\n", 1);
}

static void test_metrics__foreign_file_is_refused_unchanged(void **state)
{
    static const struct {
        const char *text, *words;
    } cases[] = {
        { "step,lose\n0,1\n", "metrics.csv:1: got 'step,lose,row_hash', want" },
        { "loss,step\n0,1\n", "metrics.csv:1: got 'loss,step,row_hash', want" },
        { "step,lr,lr\n0,1\n", "metrics.csv:1: got 'step,lr,lr,row_has" },
        { HEADER ",sink_1\n", "metrics.csv:1:" },
        { HEADER "\n0,1\n", "metrics.csv:2: got '0,1," },
        { HEADER "\n0,1,2\nx,1,2\n", "metrics.csv:3: got 'x,1,2," },
        { HEADER "\n0,1,2\n-1,1,2\n", "metrics.csv:3:" },
        { HEADER "\n0,1,2\n\n", "metrics.csv:3:" },
        { HEADER "\n5,1,2\n5,1,2\n", "a later step" },
        { HEADER "\n0,1,2\n11,1,2\n", "a step that the saved state has" },
        { HEADER "\n99999999999999999999,1,2\n", "metrics.csv:2:" },
    };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++)
        check_refused(chained(cases[i].text), 10, ROWS, cases[i].words);
    check_refused(HEADER "\n0,1,2\n", 10, ROWS, "metrics.csv:1: got");
}

/* A file that was begun with fewer columns, or with ours in another order, goes
 * on as it is: cells are put where their names stand. */
static void test_metrics__columns_are_known_by_their_names(void **state)
{
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    write_text(chained("step,lr\n0,2\n10,3\n20,4\n"));
    assert_int_equal(metrics_open(&m, path(), HEADER, 10,
                                  chained_last("step,lr\n0,2\n10,3\n"), &e),
                     OK);
    assert_string_equal(m.absent, "loss");
    assert_int_equal(metrics_append(&m, "20,1.5,", &e), OK);
    assert_int_equal(metrics_append(&m, "30,2.5,0.5", &e), OK);
    check_text(chained("step,lr\n0,2\n10,3\n20,\n30,0.5\n"));

    write_text(chained("step,lr,loss\n"));
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, 10, &e), OK);
    assert_string_equal(m.absent, "");
    assert_int_equal(metrics_append(&m, "20,1.5,2", &e), OK);
    check_text(chained("step,lr,loss\n20,2,1.5\n"));

    write_text("step,lr\n0,2\n"); /* not ours: begun anew, with all */
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, 10, &e), OK);
    assert_string_equal(m.absent, "");
    assert_int_equal(metrics_append(&m, "20,1.5,2", &e), OK);
    check_text(chained(HEADER "\n20,1.5,2\n"));
}

/* Commas and quotes of a text are no borders between cells. */
static void test_metrics__a_text_in_quotes_is_one_cell(void **state)
{
    static const char rows[] = HEADER "\n0,\"a, \"\"b\"\",,\",1\n5,\"\",2\n"
                                      "10,\",\",3\n";
    static const char after[] = HEADER "\n0,\"a, \"\"b\"\",,\",1\n5,\"\",2\n"
                                       "7,\"\"\",\",4\n";
    struct metrics m;
    struct err e = { 0 };
    (void)state;
    write_text(chained(rows));
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, 5, &e), OK);
    assert_int_equal(m.cut_line, 0);
    assert_int_equal(metrics_append(&m, "7,\"\"\",\",4", &e), OK);
    check_text(chained(after));
    assert_int_equal(metrics_open_cut(&m, path(), HEADER, 7, &e), OK);
    assert_int_equal(m.cut_line, 0);
    check_text(chained(after));
    check_cut(chained(HEADER "\n0,\"a\",1\n5,\"b,2\n"), 5,
              HEADER "\n0,\"a\",1\n", 3); /* the quote never ends */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metrics__columns_are_known_by_their_names),
        cmocka_unit_test(test_metrics__rows_follow_the_header),
        cmocka_unit_test(test_metrics__a_failed_row_leaves_the_chain),
        cmocka_unit_test(test_metrics__no_file_gets_too_large_to_be_read),
        cmocka_unit_test(test_metrics__rows_go_where_the_others_are),
        cmocka_unit_test(test_metrics__missing_file_is_created_on_resume),
        cmocka_unit_test(test_metrics__what_cannot_be_looked_at_is_not_missing),
        cmocka_unit_test(test_metrics__resume_drops_rows_beyond_its_step),
        cmocka_unit_test(test_metrics__torn_last_line_is_dropped),
        cmocka_unit_test(test_metrics__any_cut_leaves_whole_rows_or_is_told),
        cmocka_unit_test(test_metrics__rows_beyond_the_state_may_be_anything),
        cmocka_unit_test(
            test_metrics__every_changed_byte_is_told_with_its_line),
        cmocka_unit_test(test_metrics__lost_rows_are_told),
        cmocka_unit_test(test_metrics__damaged_times_are_cut_off),
        cmocka_unit_test(test_metrics__a_text_in_quotes_is_one_cell),
        cmocka_unit_test(test_metrics__foreign_file_is_refused_unchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
