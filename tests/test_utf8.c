/* Foreign text made fit to show. */
#include "harness.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void test_utf8__valid_and_stray_bytes_are_told_apart(void **state)
{
    (void)state;
    static const struct {
        const char *s;
        int32_t c;
        idx n;
    } cases[] = {
        { "A", 'A', 1 },
        { "\xc3\xa9", 0xe9, 2 },
        { "\xe2\x82\xac", 0x20ac, 3 },
        { "\xf0\x9f\x98\x80", 0x1f600, 4 },
        { "\xf4\x8f\xbf\xbf", 0x10ffff, 4 },
        { "\x80", -1, 1 },             /* a continuation first */
        { "\xc0\xaf", -1, 1 },         /* overlong */
        { "\xe0\x80\xaf", -1, 1 },     /* overlong */
        { "\xed\xa0\x80", -1, 1 },     /* surrogate */
        { "\xf4\x90\x80\x80", -1, 1 }, /* beyond Unicode */
        { "\xe2\x82", -1, 1 },         /* cut */
        { "\xff", -1, 1 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        int32_t c;
        assert_int_equal(utf8_decode(&c, cases[i].s), cases[i].n);
        assert_int_equal(c, cases[i].c);
    }
}

static void test_utf8__what_is_shown_is_printable(void **state)
{
    (void)state;
    static const struct {
        const char *s, *unicode, *ascii;
    } cases[] = {
        { "plain _{}'\"\\", "plain _{}'\"\\", "plain _{}'\"\\" },
        { "a\nb\tc\r", "a\\nb\\tc\\r", "a\\nb\\tc\\r" },
        { "\033[31m\x7f", "\\x1b[31m\\x7f", "\\x1b[31m\\x7f" },
        { "caf\xc3\xa9", "caf\xc3\xa9", "caf?" },
        { "\xff\xc3", "\\xff\\xc3", "\\xff\\xc3" },
        { "\xc2\x9b", "\\x9b", "\\x9b" },
        { "\xe2\x80\xaetxt", "\\u202etxt", "\\u202etxt" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char out[64];
        utf8_show(out, sizeof out, cases[i].s, 60, true);
        assert_string_equal(out, cases[i].unicode);
        utf8_show(out, sizeof out, cases[i].s, 60, false);
        assert_string_equal(out, cases[i].ascii);
    }
}

static void test_utf8__a_long_text_loses_its_middle(void **state)
{
    (void)state;
    char out[64];
    assert_int_equal(utf8_show(out, sizeof out, "0123456789", 10, true), 10);
    assert_string_equal(out, "0123456789");
    assert_int_equal(utf8_show(out, sizeof out, "0123456789", 9, true), 9);
    assert_string_equal(out, "012..6789");
    assert_int_equal(utf8_show(out, sizeof out, "0123456789", 3, true), 3);
    assert_string_equal(out, "..9");
    assert_int_equal(utf8_show(out, sizeof out, "0123456789", 0, true), 0);
    assert_string_equal(out, "");
    /* wide characters are not cut in half */
    assert_in_range(utf8_show(out, sizeof out,
                              "\xe4\xb8\xad\xe4\xb8\xad\xe4\xb8\xad", 5, true),
                    4, 5);
}

static void test_utf8__accents_stay_with_their_letter(void **state)
{
    char out[64];
    (void)state;
    assert_int_equal(utf8_show(out, sizeof out, "cafe\xcc\x81", 10, true), 4);
    assert_string_equal(out, "cafe\xcc\x81");
    utf8_show(out, sizeof out,
              "e\xcc\x81"
              "abcdef",
              4, true);
    assert_string_equal(out, "e\xcc\x81..f");
    utf8_show(out, sizeof out, "\xcc\x81", 10, true);
    assert_string_equal(out, "\xcc\x81");
}

static void test_utf8__no_buffer_is_overrun(void **state)
{
    (void)state;
    for (size_t cap = 1; cap < 12; cap++) {
        char out[16];
        memset(out, '#', sizeof out);
        utf8_show(out, cap, "\xc3\xa9\n\xe4\xb8\xad plus", 8, true);
        assert_non_null(memchr(out, '\0', cap));
        for (size_t i = cap; i < sizeof out; i++)
            assert_int_equal(out[i], '#');
    }
}

static void test_utf8__lines_stay_lines(void **state)
{
    (void)state;
    static const char text[] = "a\tb\n\x1b[31m\xff\xc3\xa9\r\0c";
    char *shown = NULL;
    size_t n_shown;
    FILE *f = open_memstream(&shown, &n_shown);
    assert_non_null(f);
    utf8_print(f, text, sizeof text - 1, true);
    fputc('|', f);
    utf8_print(f, "\xc3\xa9", 2, false);
    fclose(f);
    assert_string_equal(shown, "a\tb\n\\x1b[31m\\xff\xc3\xa9\\r\\x00c|?");
    free(shown);
}

static void test_utf8__the_locale_decides_about_unicode(void **state)
{
    (void)state;
    static const struct {
        const char *all, *type, *lang;
        bool want;
    } cases[] = {
        { "", "", "", false },
        { "", "", "C.UTF-8", true },
        { "", "", "en_GB.utf8", true },
        { "C", "", "en_GB.UTF-8", false },
        { "", "POSIX", "en_GB.UTF-8", false },
        { "en_GB.UTF-8", "C", "C", true },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        setenv("LC_ALL", cases[i].all, 1);
        setenv("LC_CTYPE", cases[i].type, 1);
        setenv("LANG", cases[i].lang, 1);
        assert_int_equal(utf8_terminal(), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__valid_and_stray_bytes_are_told_apart),
        cmocka_unit_test(test_utf8__what_is_shown_is_printable),
        cmocka_unit_test(test_utf8__a_long_text_loses_its_middle),
        cmocka_unit_test(test_utf8__accents_stay_with_their_letter),
        cmocka_unit_test(test_utf8__no_buffer_is_overrun),
        cmocka_unit_test(test_utf8__lines_stay_lines),
        cmocka_unit_test(test_utf8__the_locale_decides_about_unicode),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
