#include "harness.h"
#include "io/tail.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_tail(const char *text, size_t n, bool is_whole,
                       const char *want)
{
    char path[4096], line[64] = "before";
    snprintf(path, sizeof path, "%s/log", test_dir());
    test_write_file(path, text, n);
    assert_int_equal(tail_line(line, sizeof line, path, is_whole, ERR_IGNORED),
                     OK);
    assert_string_equal(line, want);
}

static void check_text(const char *text, bool is_whole, const char *want)
{
    check_tail(text, strlen(text), is_whole, want);
}

static void test_tail__last_line_that_is_not_empty(void **state)
{
    (void)state;
    check_text("one\ntwo\n", false, "two");
    check_text("one\ntwo\n\n\n", false, "two");
    check_text("one\ntwo", false, "two");
    check_text("one", false, "one");
    check_text("", false, "");
    check_text("\n\n", false, "");
}

static void test_tail__whole_lines_end_in_a_line_feed(void **state)
{
    (void)state;
    check_text("10,320,4.1\n20,640,3.", true, "10,320,4.1");
    check_text("10,320,4.1\n20,640,3.9\n", true, "20,640,3.9");
    check_text("10,3", true, "");
}

static void test_tail__long_files_cost_no_more(void **state)
{
    size_t n = 10 * (size_t)TAIL_MAX;
    char *text = malloc(n);
    (void)state;
    memset(text, 'x', n);
    text[n - 5] = '\n';
    check_tail(text, n, false, "xxxx");
    char line[64];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\0';
    check_tail(text, n - 5, false, line); /* cut to what fits */
    check_tail(text, n, true, line);
    free(text);
}

static void test_tail__no_file_no_line(void **state)
{
    char line[8] = "before", path[4096];
    struct err e = { 0 };
    (void)state;
    assert_int_equal(tail_line(line, sizeof line, "/nowhere/log", false, &e),
                     OK);
    assert_string_equal(line, "");
    assert_int_equal(tail_line(line, sizeof line, "/", false, &e), OK);
    assert_string_equal(line, "");
    snprintf(path, sizeof path, "%s/loop", test_dir());
    assert_int_equal(symlink(path, path), 0);
    assert_int_equal(tail_line(line, sizeof line, path, false, &e), ERR_IO);
    assert_non_null(strstr(e.text, "loop: cannot open: "));
}

#define RUN(name) cmocka_unit_test(test_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(tail__last_line_that_is_not_empty),
        RUN(tail__whole_lines_end_in_a_line_feed),
        RUN(tail__long_files_cost_no_more),
        RUN(tail__no_file_no_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
