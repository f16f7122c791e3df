/* The CSV reader: what it accepts, and how it names what it does not. */
#include "harness.h"

#include "chained.h"
#include "io/table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *write_text(const char *text)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/t.csv", test_dir());
    test_write_file(path, text, strlen(text));
    return path;
}

static void read_ok(struct table *t, const char *text)
{
    struct err e = { 0 };
    *t = (struct table){ 0 };
    int rc = table_read(t, write_text(text), "made_of", &e);
    if (rc != OK)
        fail_msg("%s", e.text);
}

static void test_table__columns_are_found_by_name(void **state)
{
    (void)state;
    struct table t;
    read_ok(&t, "step,val_loss,sink_1\n0,4.5,0\n100,-1e-3,0.25\n");
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.columns, 3);
    assert_string_equal(t.names[1], "val_loss");
    assert_int_equal(table_find(&t, "sink_1"), 2);
    assert_int_equal(table_find(&t, "sink"), -1);
    assert_null(table_column(&t, -1));
    const double *loss = table_column(&t, table_find(&t, "val_loss"));
    assert_close(loss[0], 4.5, 0);
    assert_close(loss[1], -1e-3, 0);
    table_release(&t);
}

static void expect_given(const struct table *t, idx column, const char *want)
{
    const bool *given = table_given(t, column);
    for (idx i = 0; i < t->rows; i++)
        if (given[i] != (want[i] == 'x'))
            fail_msg("column %td, row %td", column, i);
}

/* An empty cell was not measured; nan was, and is what came out. */
static void test_table__empty_is_told_from_nan(void **state)
{
    (void)state;
    struct table t;
    double last;
    read_ok(&t, "a,b,c,d\n1,nan,,\n,-nan,,NAN\n2,inf,,\n,,,\n");
    expect_given(&t, 0, "x.x.");
    expect_given(&t, 1, "xxx.");
    expect_given(&t, 2, "....");
    expect_given(&t, 3, ".x..");
    assert_true(table_last(&last, &t, 0) && last == 2);
    assert_true(table_last(&last, &t, 1) && isinf(last));
    assert_false(table_last(&last, &t, 2));
    assert_true(isnan(last));
    assert_true(table_last(&last, &t, 3) && isnan(last));
    assert_false(table_last(&last, &t, -1));
    assert_true(table_is_given(&t, 3) && !table_is_given(&t, 2));
    assert_false(table_is_given(&t, -1));
    assert_null(table_given(&t, -1));
    table_release(&t);
}

static void test_table__empty_cells_are_nan(void **state)
{
    (void)state;
    struct table t;
    read_ok(&t, "a,b,c\n,2,\n,,\nnan,inf,-inf\n");
    assert_int_equal(t.rows, 3);
    assert_true(isnan(table_column(&t, 0)[0]));
    assert_close(table_column(&t, 1)[0], 2, 0);
    assert_true(isnan(table_column(&t, 2)[0]));
    assert_true(isnan(table_column(&t, 1)[1]));
    assert_true(isnan(table_column(&t, 0)[2]));
    assert_true(isinf(table_column(&t, 1)[2]));
    table_release(&t);
}

static void test_table__torn_last_line_is_dropped(void **state)
{
    (void)state;
    /* cut in a cell, before a cell, after a whole row */
    static const char *const torn[] = { "3", "3,", "3,4" };
    for (idx i = 0; i < COUNT_OF(torn); i++) {
        char text[64];
        struct table t;
        snprintf(text, sizeof text, "a,b\n1,2\n%s", torn[i]);
        read_ok(&t, text);
        assert_int_equal(t.rows, 1);
        assert_close(table_column(&t, 1)[0], 2, 0);
        table_release(&t);
    }
}

static void test_table__a_header_alone_has_no_rows(void **state)
{
    (void)state;
    struct table t;
    read_ok(&t, "step,sink_1\n");
    assert_int_equal(t.rows, 0);
    assert_int_equal(table_find(&t, "sink_1"), 1);
    assert_non_null(table_column(&t, 1));
    table_release(&t);
}

static void test_table__one_column_and_dos_lines_are_read(void **state)
{
    (void)state;
    struct table t;
    read_ok(&t, "a\r\n1\r\n\r\n3\r\n");
    assert_int_equal(t.columns, 1);
    assert_int_equal(t.rows, 3);
    assert_string_equal(t.names[0], "a");
    assert_true(isnan(table_column(&t, 0)[1]));
    assert_close(table_column(&t, 0)[2], 3, 0);
    table_release(&t);
}

static void test_table__what_is_wrong_is_named_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "", "t.csv:1: no header line" },
        { "a,b", "t.csv:1: no header line" },
        { "a,,b\n", "t.csv:1: column 2 has no name" },
        { "a,b,a\n", "t.csv:1: two columns are named 'a'" },
        { "a,b\n1,2\n1\n", "t.csv:3: got 1 cells, want 2" },
        { "a,b\n1,2,3\n1,2\n", "t.csv:2: got 3 cells, want 2" },
        { "a,b\n1,2\n\n", "t.csv:3: got 1 cells, want 2" },
        { "a,b\n1,x\n", "t.csv:2: b: got 'x', want a number" },
        { "a,b\n1, 2\n", "t.csv:2: b: got ' 2', want a number" },
        { "a,b\n1,2 \n", "t.csv:2: b: got '2 ', want a number" },
        { "a,b\n\"1\",2\n", "t.csv:2: a: got '\"1\"', want a number" },
        { "a,b\n1,\x1b[31m\n", "b: got '\\x1b[31m', want a number" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct table t = { 0 };
        struct err e = { 0 };
        int rc = table_read(&t, write_text(cases[i].text), "made_of", &e);
        assert_int_equal(rc, ERR_DATA);
        if (!strstr(e.text, cases[i].want))
            fail_msg("got \"%s\", want \"%s\"", e.text, cases[i].want);
        assert_null(t.v);
        assert_null(t.names);
        assert_int_equal(t.rows, 0);
    }
}

static void test_table__steps_are_whole_numbers(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "a,b\n1,2\n", "t.csv:1: no column named step" },
        { "a,step\n1,0\n1,\n", "t.csv:3: step: got nothing, want 0, 1, 2" },
        { "a,step\n1,nan\n", "t.csv:2: step: got nan, want 0, 1, 2" },
        { "a,step\n1,inf\n", "t.csv:2: step: got inf, want 0, 1, 2" },
        { "step\n-1\n", "t.csv:2: step: got -1, want 0, 1, 2" },
        { "step\n1e300\n", "t.csv:2: step: got 1.0" },
        { "step\n2\n2.5\n", "t.csv:3: step: got 2.5, want 0, 1, 2" },
    };
    struct table t = { 0 };
    struct err e = { 0 };
    (void)state;
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        e = (struct err){ 0 };
        assert_int_equal(
            table_read_steps(&t, write_text(cases[i].text), NULL, &e),
            ERR_DATA);
        if (!strstr(e.text, cases[i].want))
            fail_msg("'%s' does not say '%s'", e.text, cases[i].want);
        assert_null(t.text);
    }
    e = (struct err){ 0 };
    if (table_read_steps(&t, write_text("a,step\n,0\n,1e6\n"), NULL, &e))
        fail_msg("%s", e.text);
    table_release(&t);
}

static void test_table__a_nul_byte_is_refused(void **state)
{
    (void)state;
    char path[256];
    struct table t = { 0 };
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s/nul.csv", test_dir());
    test_write_file(path, "a,b\n1\0,2\n", 9);
    assert_int_equal(table_read(&t, path, "made_of", &e), ERR_DATA);
    assert_non_null(strstr(e.text, "NUL"));
}

static void test_table__one_column_may_be_hexadecimal(void **state)
{
    const char *text = "step,made_of\n1,00ff00ff00ff00ff\n2,00ff00ff00ff00ff\n";
    const char *other =
        "step,made_of\n1,00ff00ff00ff00ff\n2,00ff00ff00ff00fe\n";
    struct table t = { 0 };
    struct err e = { 0 };
    (void)state;
    assert_int_equal(table_read(&t, write_text(text), "made_of", &e), OK);
    assert_string_equal(t.origin, "00ff00ff00ff00ff");
    table_release(&t);
    assert_int_equal(table_read(&t, write_text(text), NULL, &e), ERR_DATA);
    assert_non_null(strstr(e.text, "want a number"));
    e = (struct err){ 0 };
    assert_int_equal(table_read(&t, write_text(other), "made_of", &e),
                     ERR_DATA);
    assert_non_null(strstr(e.text, ":3: made_of: got '00ff00ff00ff00fe'"));
}

static void test_table__missing_files_and_folders_are_refused(void **state)
{
    (void)state;
    char path[256];
    struct table t = { 0 };
    struct err e = { 0 };
    snprintf(path, sizeof path, "%s/none.csv", test_dir());
    assert_int_equal(table_read(&t, path, "made_of", &e), ERR_IO);
    assert_non_null(strstr(e.text, "none.csv"));
    e = (struct err){ 0 };
    assert_int_not_equal(table_read(&t, test_dir(), "made_of", &e), OK);
    assert_null(t.text);
    table_release(&t);
}

/* However a file is cut, what was whole is read and nothing else. */
static void test_table__every_cut_keeps_the_whole_rows(void **state)
{
    (void)state;
    static const char whole[] = "step,x\n0,1\n10,0.5\n20,\n";
    for (size_t n = 0; n < sizeof whole; n++) {
        char text[sizeof whole];
        struct table t = { 0 };
        struct err e = { 0 };
        idx lines = 0;
        memcpy(text, whole, n);
        text[n] = '\0';
        for (size_t i = 0; i < n; i++)
            lines += text[i] == '\n';
        int rc = table_read(&t, write_text(text), "made_of", &e);
        assert_int_equal(rc, lines > 0 ? OK : ERR_DATA);
        assert_int_equal(t.rows, lines > 0 ? lines - 1 : 0);
        table_release(&t);
    }
}

static const char rows[] = "step,loss\n0,5.5\n10,\n20,5\n";

static void test_table__row_hash_is_checked_and_no_column(void **state)
{
    (void)state;
    struct table t;
    read_ok(&t, chained(rows));
    assert_true(t.is_chained);
    assert_false(t.is_torn);
    assert_int_equal(t.columns, 2);
    assert_int_equal(t.rows, 3);
    assert_int_equal(table_find(&t, "row_hash"), -1);
    assert_close(table_column(&t, 1)[2], 5, 0);
    table_release(&t);
    read_ok(&t, rows);
    assert_false(t.is_chained);
    table_release(&t);
    read_ok(&t, chained("step,loss\n0,1\n10,2"));
    assert_true(t.is_torn);
    assert_int_equal(t.rows, 1);
    table_release(&t);
}

/* A changed byte is refused, or (as the last line feed) costs its row and is
 * told as a torn line. */
static void test_table__changed_bytes_of_hashed_rows_are_told(void **state)
{
    char text[512];
    size_t n = strlen(chained(rows));
    (void)state;
    for (size_t i = 0; i < n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct table t = { 0 };
            struct err e = { 0 };
            snprintf(text, sizeof text, "%s", chained(rows));
            text[i] = (char)(text[i] ^ (1 << bit));
            char path[256];
            snprintf(path, sizeof path, "%s/flip.csv", test_dir());
            test_write_file(path, text, n);
            int rc = table_read(&t, path, "made_of", &e);
            if (i + 1 < n) {
                assert_int_equal(rc, ERR_DATA);
                assert_non_null(strstr(e.text, "flip.csv:"));
            } else {
                assert_int_equal(rc, text[i] ? OK : ERR_DATA);
                assert_true(rc != OK || t.is_torn);
            }
            table_release(&t);
        }
}

/* What was there stays, and what is added is found as any other. */
static void test_table__columns_are_added(void **state)
{
    static const double more[2][2] = { { 7, NAN }, { 8, 9 } };
    static const bool given[2][2] = { { true, false }, { true, true } };
    (void)state;
    struct table t;
    struct err e = { 0 };
    read_ok(&t, chained("step,loss\n0,\n10,2.5\n"));
    assert_true(t.is_chained);
    for (idx i = 0; i < 2; i++)
        assert_int_equal(table_add(&t, i ? "b" : "a", more[i], given[i], &e),
                         OK);
    assert_int_equal(t.columns, 4);
    assert_int_equal(table_find(&t, "row_hash"), -1);
    assert_int_equal(table_find(&t, "a"), 2);
    assert_int_equal(table_find(&t, "b"), 3);
    expect_given(&t, 1, ".x");
    expect_given(&t, 2, "x.");
    expect_given(&t, 3, "xx");
    assert_close(table_column(&t, 1)[1], 2.5, 0);
    assert_close(table_column(&t, 2)[0], 7, 0);
    assert_close(table_column(&t, 3)[1], 9, 0);
    table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table__row_hash_is_checked_and_no_column),
        cmocka_unit_test(test_table__changed_bytes_of_hashed_rows_are_told),
        cmocka_unit_test(test_table__columns_are_found_by_name),
        cmocka_unit_test(test_table__columns_are_added),
        cmocka_unit_test(test_table__empty_is_told_from_nan),
        cmocka_unit_test(test_table__empty_cells_are_nan),
        cmocka_unit_test(test_table__torn_last_line_is_dropped),
        cmocka_unit_test(test_table__a_header_alone_has_no_rows),
        cmocka_unit_test(test_table__one_column_and_dos_lines_are_read),
        cmocka_unit_test(test_table__what_is_wrong_is_named_with_its_line),
        cmocka_unit_test(test_table__steps_are_whole_numbers),
        cmocka_unit_test(test_table__a_nul_byte_is_refused),
        cmocka_unit_test(test_table__one_column_may_be_hexadecimal),
        cmocka_unit_test(test_table__missing_files_and_folders_are_refused),
        cmocka_unit_test(test_table__every_cut_keeps_the_whole_rows),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
