#include "harness.h"
#include "io/csv_lines.h"

#include <stdlib.h>
#include <string.h>

static char *text;
static struct csv_lines lines;

static int open_text(const char *bytes, struct err *e)
{
    free(text);
    text = NULL;
    *e = (struct err){ 0 };
    return csv_lines_open(&lines, &text, test_write_text("t.csv", bytes), 4096,
                          "make it anew", e);
}

static void refused(const char *bytes, const char *want)
{
    struct err e;
    int rc = open_text(bytes, &e);
    while (rc == OK && csv_lines_next(&lines, &e))
        ;
    assert_int_equal(e.code, ERR_DATA);
    if (!strstr(e.text, want))
        fail_msg("got \"%s\", want \"%s\"", e.text, want);
}

static int release(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    return 0;
}

static void test_csv_lines__cells_are_as_they_were_written(void **state)
{
    (void)state;
    static const char *const want[][3] = { { "run", "a,b", "c" },
                                           { "1", "say \"x\"", "" },
                                           { "2", "", "two\nlines" } };
    struct err e;
    assert_int_equal(open_text("run,\"a,b\",c\r\n1,\"say \"\"x\"\"\",\n"
                               "2,,\"two\nlines\"\n",
                               &e),
                     OK);
    for (idx i = 0; i < COUNT_OF(want); i++) {
        assert_int_equal(lines.line, i + 1);
        assert_int_equal(lines.n, 3);
        for (idx c = 0; c < 3; c++)
            assert_string_equal(lines.cells[c], want[i][c]);
        assert_int_equal(csv_lines_next(&lines, &e), i < 2);
    }
    assert_int_equal(e.code, OK);
    assert_int_equal(open_text("", &e), OK);
    assert_int_equal(lines.n, 0);
}

/* At whatever byte it was cut: what is left of a number is one, too. */
static void test_csv_lines__a_torn_line_is_refused(void **state)
{
    (void)state;
    static const char whole[] = "run,step\nlr/0,0.534\n";
    char cut[sizeof whole];
    struct err e;
    for (size_t n = 1; n < sizeof whole - 1; n++) {
        memcpy(cut, whole, n);
        cut[n] = '\0';
        if (cut[n - 1] == '\n')
            assert_int_equal(open_text(cut, &e), OK);
        else
            refused(cut, n < 9 ? "t.csv:1: got a line without its end: make it"
                               : "t.csv:2: got a line without its end: make");
    }
    assert_int_equal(open_text(whole, &e), OK);
}

static void test_csv_lines__what_is_no_table_is_refused(void **state)
{
    (void)state;
    char wide[2 * CSV_CELLS_MAX + 2];
    struct err e = { 0 };
    refused("run\n\"lr/0,0,1\n", "t.csv:2: got a quote that is not closed");
    memset(wide, ',', sizeof wide);
    strcpy(wide + CSV_CELLS_MAX, "\n");
    refused(wide, "t.csv:1: got too many cells: make it anew");
    strcpy(wide + CSV_CELLS_MAX - 1, "\n");
    assert_int_equal(open_text(wide, &e), OK);
    assert_int_equal(lines.n, CSV_CELLS_MAX);
    test_write_file(test_path("t.csv"), "run\n\0\n", 6);
    free(text);
    text = NULL;
    assert_int_equal(
        csv_lines_open(&lines, &text, test_path("t.csv"), 4096, "", &e),
        ERR_DATA);
    assert_true(strstr(e.text, "holds a NUL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_csv_lines__cells_are_as_they_were_written),
        cmocka_unit_test(test_csv_lines__a_torn_line_is_refused),
        cmocka_unit_test(test_csv_lines__what_is_no_table_is_refused),
    };
    return cmocka_run_group_tests_name("csv_lines", tests, NULL, release);
}
