/* JSON texts: what is written, and that nothing in it gets out of it. */
#include "io/json.h"

#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The text of j, to be freed. */
static char *text_of(struct json *j, int digits)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    assert_int_equal(json_write(out, j, digits, &e), OK);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_written(struct json *j, int digits, const char *want)
{
    char *text = text_of(j, digits);
    assert_string_equal(text, want);
    free(text);
}

static void test_json__values_stand_in_the_order_they_came(void **state)
{
    (void)state;
    struct json j = { 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "z", "last letter");
    json_put_count(&j, "a", -3);
    json_begin_array(&j, "list");
    json_put_bool(&j, NULL, true);
    json_put_null(&j, NULL);
    json_begin_object(&j, NULL);
    json_end(&j);
    json_end(&j);
    json_put_number(&j, "x", 0.5);
    json_end(&j);
    assert_written(&j, 6,
                   "{\"z\":\"last letter\",\"a\":-3,\"list\":[true,null,{}],"
                   "\"x\":0.5}\n");
}

static void test_json__numbers_are_cut_but_whole_ones_never(void **state)
{
    (void)state;
    static const struct {
        double value;
        int digits;
        const char *want;
    } cases[] = {
        { 0.123456789, 4, "[0.1235]\n" },
        { 1.0 / 3, 9, "[0.333333333]\n" },
        { 123456789, 3, "[123456789]\n" },
        { -0.0, 3, "[0]\n" },
        { 9007199254740991, 3, "[9007199254740991]\n" },
        { 1e300, 3, "[1e300]\n" },
        { -2.5e-7, 6, "[-2.5e-7]\n" },
        { NAN, 6, "[\"nan\"]\n" },
        { INFINITY, 6, "[\"inf\"]\n" },
        { -INFINITY, 6, "[\"-inf\"]\n" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct json j = { 0 };
        json_begin_array(&j, NULL);
        json_put_number(&j, NULL, cases[i].value);
        json_end(&j);
        assert_written(&j, cases[i].digits, cases[i].want);
    }
}

static void test_json__no_text_ends_a_script_or_its_own_string(void **state)
{
    (void)state;
    struct json j = { 0 };
    json_begin_object(&j, NULL);
    json_put_text(&j, "</script><script>a", "<!--\"\\\n\x01</script>");
    json_end(&j);
    assert_written(&j, 6,
                   "{\"\\u003c/script>\\u003cscript>a\":"
                   "\"\\u003c!--\\\"\\\\\\n\\u0001\\u003c/script>\"}\n");
}

/* What is read back is, with each \\x and two digits as a byte, the text. */
static void test_json__stray_bytes_are_not_lost(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "a\xff\xc3\xa9\xed\xa0\x80z",
          "[\"a\\\\xff\xc3\xa9\\\\xed\\\\xa0\\\\x80z\"]\n" },
        { "\\xff", "[\"\\\\x5cxff\"]\n" },
        { "\\\\xff\xff", "[\"\\\\\\\\x5cxff\\\\xff\"]\n" },
        { "\\x5cxff", "[\"\\\\x5cx5cxff\"]\n" },
        { "C:\\xf", "[\"C:\\\\xf\"]\n" }, /* only one digit */
        { "C:\\new \\xFF", "[\"C:\\\\new \\\\xFF\"]\n" },
        { "\xff", "[\"\\\\xff\"]\n" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct json j = { 0 };
        json_begin_array(&j, NULL);
        json_put_text(&j, NULL, cases[i].text);
        json_end(&j);
        assert_written(&j, 6, cases[i].want);
    }
}

static void test_json__one_is_written_after_the_other(void **state)
{
    (void)state;
    struct json j = { 0 };
    for (int i = 0; i < 2; i++) {
        json_begin_array(&j, NULL);
        json_end(&j);
        assert_written(&j, 6, "[]\n");
    }
    json_begin_array(&j, NULL);
    json_release(&j);
    json_release(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json__values_stand_in_the_order_they_came),
        cmocka_unit_test(test_json__numbers_are_cut_but_whole_ones_never),
        cmocka_unit_test(test_json__no_text_ends_a_script_or_its_own_string),
        cmocka_unit_test(test_json__stray_bytes_are_not_lost),
        cmocka_unit_test(test_json__one_is_written_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
