#include "harness.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/rng.h"
#include "base/text.h"
#include "io/ini.h"

enum { LOG_MAX = 16384 };

/* Writes what it is handed, one line an item. */
static void log_item(void *user, const struct ini_item *item)
{
    static const char kinds[] = { 'S', 'V', 'M', 'P' };
    struct text *log = user;
    if (item->kind == INI_SECTION)
        *item->is_whole = strcmp(item->section, "whole") == 0;
    text_add(log, "%td %c", item->line, kinds[item->kind]);
    if (item->kind != INI_PROBLEM)
        text_add(log, " [%s]", item->section);
    if (item->kind == INI_VALUE || item->kind == INI_MORE)
        text_add(log, " %s =", item->key);
    text_add(log, " %s\n", item->text);
}

static void expect_bytes(const char *bytes, size_t n, const char *want)
{
    char seen[LOG_MAX] = "";
    struct text log = { .at = seen, .cap_bytes = sizeof seen };
    assert_int_equal(ini_read_text(bytes, n, log_item, &log, ERR_IGNORED), OK);
    assert_string_equal(seen, want);
}

static void expect(const char *text, const char *want)
{
    expect_bytes(text, strlen(text), want);
}

static void test_ini__lines_are_numbered_and_trimmed(void **state)
{
    (void)state;
    expect("include = a\n\n[model]\nlayers = 2\n  \nwidth=64  \n[run]\n"
           "dir = x y\n",
           "1 V [] include = a\n3 S [model] \n4 V [model] layers = 2\n"
           "6 V [model] width = 64\n7 S [run] \n8 V [run] dir = x y\n");
    expect("", "");
    expect("\n\n", "");
}

static void test_ini__line_ends_may_be_lf_or_crlf_or_missing(void **state)
{
    (void)state;
    const char *want = "1 S [a] \n2 V [a] b = c\n";
    expect("[a]\nb = c\n", want);
    expect("[a]\r\nb = c\r\n", want);
    expect("[a]\nb = c", want);
    expect("[a]\r\nb = c", want);
    expect("\xef\xbb\xbf[a]\nb = c", want);
    expect("[a]\rb = c\r",
           "1 P got a carriage return, want LF or CRLF line ends\n");
    expect("[a]\nb = c\r", "1 S [a] \n2 P got a carriage return, want LF or "
                           "CRLF line ends\n");
}

static void test_ini__comments_start_first_or_after_a_blank(void **state)
{
    (void)state;
    expect("# x\n; y\n   # z\n[a] ; s\nb = 1 # one\nc = 2 ; two\nd = 3;x#y\n"
           "e = # none\nf =\t;none\ng = x\t# tab\nh = a # b = c\n",
           "4 S [a] \n5 V [a] b = 1\n6 V [a] c = 2\n7 V [a] d = 3;x#y\n"
           "8 V [a] e = \n9 V [a] f = \n10 V [a] g = x\n11 V [a] h = a\n");
}

static void test_ini__indented_lines_go_on_with_the_key_above(void **state)
{
    (void)state;
    expect("[a]\nb = 1,\n  2, 3 # c\n\n# c\n\t4\n[c]\n  d = 5\n  [e]\n",
           "1 S [a] \n2 V [a] b = 1,\n3 M [a] b = 2, 3\n6 M [a] b = 4\n"
           "7 S [c] \n8 V [c] d = 5\n9 M [c] d = [e]\n");
    expect("  [a]\n  b = 1\nc = 2\n",
           "1 S [a] \n2 V [a] b = 1\n3 V [a] c = 2\n");
}

static void test_ini__a_line_that_is_nothing_is_a_problem(void **state)
{
    (void)state;
    expect("[a]\nfoo\nb = 1\n= 2\n",
           "1 S [a] \n2 P got 'foo', want key = value\n3 V [a] b = 1\n"
           "4 P got '= 2', want key = value\n");
    expect("foo", "1 P got 'foo', want key = value\n");
    expect("[a]\nfoo ; = 3\n", "1 S [a] \n2 P got 'foo', want key = value\n");
}

static void test_ini__lines_may_stay_whole(void **state)
{
    char line[1200], text[1300], want[1300];
    (void)state;
    expect("[whole]\na < 1\nb=1 and ; x\n  c <= 2 = 3\n= : 4\n[a]\nfoo\n",
           "1 S [whole] \n2 V [whole]  = a < 1\n3 V [whole]  = b=1 and\n"
           "4 M [whole]  = c <= 2 = 3\n5 V [whole]  = = : 4\n6 S [a] \n"
           "7 P got 'foo', want key = value\n");
    for (size_t n = 180; n < sizeof line; n += n < 220 ? 1 : 97) {
        memset(line, '=', n); /* in pieces */
        line[n] = '\0';
        snprintf(text, sizeof text, "[whole]\n%s", line);
        snprintf(want, sizeof want, "1 S [whole] \n2 V [whole]  = %s\n", line);
        expect(text, want);
    }
}

static void test_ini__a_bad_section_hides_its_keys(void **state)
{
    (void)state;
    expect("[a\nb = 1\n[c]\nd = 2\n",
           "1 P got '[a', want [section]\n3 S [c] \n4 V [c] d = 2\n");
    expect("[]\nb = 1\n", "1 P got '[]', want [section]\n");
    expect("[a] b = 1\nc = 2\n", "1 P got '[a] b = 1', want [section]\n");
    expect("[a b]\n", "1 P got '[a b]', want [section]\n");
    expect("[a]]\n", "1 P got '[a]]', want [section]\n");
    expect("[a_section_whose_name_is_longer_than_the_fifty_bytes_of_inih]\n"
           "b = 1\n",
           "1 S [a_section_whose_name_is_longer_than_the_fifty_bytes_of_inih] "
           "\n");
}

static void test_ini__bytes_that_are_not_text_end_the_reading(void **state)
{
    (void)state;
    static const char nul[] = "[a]\nb = 1\0c\nd = 2\n";
    expect_bytes(nul, sizeof nul - 1,
                 "1 S [a] \n2 P got a NUL byte, want text\n");
    expect("[a]\nb = \x1b[0m\nc = 1\n",
           "1 S [a] \n2 P got control character 27, want text\n");
    expect("[a]\nb = x\v;y\n",
           "1 S [a] \n2 P got control character 11, want text\n");
}

/* The packaged inih splits lines after 199 bytes and takes the rest for a line
 * of its own. */
static void test_ini__long_values_arrive_whole(void **state)
{
    (void)state;
    struct rng r = rng_open(3, RNG_TEST, 0, 0);
    static const char bytes[] = "ab =|;#[]:,\\\"'% ";
    for (int n = 1; n < INI_LINE_MAX - 4; n += n < 900 ? 7 : 331) {
        char text[INI_LINE_MAX + 16], want[INI_LINE_MAX + 64];
        char *value = text + 8;
        for (int i = 0; i < n; i++)
            value[i] = bytes[rng_below(&r, sizeof bytes - 1)];
        for (int i = 0; i < n; i++)
            if ((value[i] == '#' || value[i] == ';') &&
                (i == 0 || value[i - 1] == ' '))
                value[i] = 'x';
        value[0] = value[n - 1] = 'z';
        value[n] = '\0';
        memcpy(text, "[a]\nb = ", 8);
        snprintf(want, sizeof want, "1 S [a] \n2 V [a] b = %s\n", value);
        expect(text, want);
    }
}

static void test_ini__long_continuations_and_blanks_arrive_whole(void **state)
{
    (void)state;
    char text[4096], want[4096], blanks[701], items[601];
    memset(blanks, ' ', sizeof blanks);
    blanks[sizeof blanks - 1] = '\0';
    for (size_t i = 0; i < sizeof items; i++)
        items[i] = i % 2 ? ',' : '1';
    items[sizeof items - 1] = '\0';
    snprintf(text, sizeof text, "[a]\nb =%s%s\n%s%s%s# c\nc = 1", blanks, items,
             blanks, items, blanks);
    snprintf(want, sizeof want,
             "1 S [a] \n2 V [a] b = %s\n3 M [a] b = %s\n4 V [a] c = 1\n", items,
             items);
    expect(text, want);
    snprintf(text, sizeof text, "[a]\nb = x%sy\n", blanks);
    snprintf(want, sizeof want, "1 S [a] \n2 V [a] b = x%sy\n", blanks);
    expect(text, want);
}

static void test_ini__a_long_line_without_a_key_is_one_problem(void **state)
{
    (void)state;
    char text[1024];
    memset(text, 'x', sizeof text);
    memcpy(text, "[a]\nb = 1\n", 10);
    memcpy(text + sizeof text - 12, " = 3\nlr = 9", 12);
    expect(text, "1 S [a] \n2 V [a] b = 1\n3 P got 'xxxxxxxxxxxxxxxxxxxxxxxxx"
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...', want key = "
                 "value\n4 V [a] lr = 9\n");
}

static void test_ini__over_long_lines_are_refused_not_split(void **state)
{
    (void)state;
    char text[INI_LINE_MAX + 64];
    memset(text, 'x', sizeof text);
    memcpy(text, "[a]\nb = ", 8);
    memcpy(text + 4 + INI_LINE_MAX, "\nlr = 9", 8);
    expect(text, "1 S [a] \n2 P got a line of 4096 bytes, want at most 4095\n"
                 "3 V [a] lr = 9\n");
}

static void test_ini__what_is_not_a_readable_file_is_refused(void **state)
{
    (void)state;
    char path[256], want[512];
    struct err e = { 0 };
    assert_int_equal(ini_read_file(test_dir(), log_item, NULL, &e), ERR_IO);
    snprintf(want, sizeof want, "%s: got a folder, want a file", test_dir());
    assert_string_equal(e.text, want);

    snprintf(path, sizeof path, "%s/missing.ini", test_dir());
    memset(&e, 0, sizeof e);
    assert_int_equal(ini_read_file(path, log_item, NULL, &e), ERR_IO);
    snprintf(want, sizeof want,
             "%s: cannot open: No such file or directory; check the path",
             path);
    assert_string_equal(e.text, want);

    snprintf(path, sizeof path, "%s/pipe", test_dir());
    assert_int_equal(mkfifo(path, 0600), 0);
    memset(&e, 0, sizeof e);
    assert_int_equal(ini_read_file(path, log_item, NULL, &e), ERR_IO);

    snprintf(path, sizeof path, "%s/secret.ini", test_dir());
    test_write_file(path, "[a]\n", 4);
    assert_int_equal(chmod(path, 0), 0);
    memset(&e, 0, sizeof e);
    if (access(path, R_OK)) /* root reads everything */
        assert_int_equal(ini_read_file(path, log_item, NULL, &e), ERR_IO);
}

static void test_ini__huge_files_are_refused(void **state)
{
    (void)state;
    char path[256];
    struct err e = { 0 };
    static char blanks[INI_FILE_MAX + 1];
    memset(blanks, '\n', sizeof blanks);
    snprintf(path, sizeof path, "%s/huge.ini", test_dir());
    test_write_file(path, blanks, sizeof blanks - 1);
    assert_int_equal(ini_read_file(path, log_item, NULL, &e), OK);
    test_write_file(path, blanks, sizeof blanks);
    assert_int_equal(ini_read_file(path, log_item, NULL, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ini__lines_are_numbered_and_trimmed),
        cmocka_unit_test(test_ini__line_ends_may_be_lf_or_crlf_or_missing),
        cmocka_unit_test(test_ini__comments_start_first_or_after_a_blank),
        cmocka_unit_test(test_ini__indented_lines_go_on_with_the_key_above),
        cmocka_unit_test(test_ini__a_line_that_is_nothing_is_a_problem),
        cmocka_unit_test(test_ini__lines_may_stay_whole),
        cmocka_unit_test(test_ini__a_bad_section_hides_its_keys),
        cmocka_unit_test(test_ini__bytes_that_are_not_text_end_the_reading),
        cmocka_unit_test(test_ini__long_values_arrive_whole),
        cmocka_unit_test(test_ini__long_continuations_and_blanks_arrive_whole),
        cmocka_unit_test(test_ini__a_long_line_without_a_key_is_one_problem),
        cmocka_unit_test(test_ini__over_long_lines_are_refused_not_split),
        cmocka_unit_test(test_ini__what_is_not_a_readable_file_is_refused),
        cmocka_unit_test(test_ini__huge_files_are_refused),
    };
    return cmocka_run_group_tests_name("ini", tests, NULL, NULL);
}
