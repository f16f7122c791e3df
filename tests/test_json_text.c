/* One string out of a line of JSON: what is in it, and what is wrong. */
#include "prepare/json_text.h"

#include "harness.h"

#include <string.h>

enum { OUT_BYTES = 4096 };

static bool read_text(char *out, size_t *n, const char *json,
                      struct json_problem *p)
{
    return json_text(out, n, json, strlen(json), "text", p);
}

static void test_json_text__gives_the_string_of_the_name(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "{\"text\":\"a\"}", "a" },
        { " \t{ \"text\" : \"a b\" } \r", "a b" },
        { "{\"a\":{\"text\":\"no\"},\"text\":\"yes\",\"b\":[]}", "yes" },
        { "{\"text\":\"first\",\"text\":\"a longer second\"}",
          "a longer second" },
        { "{\"text\":\"a longer first\",\"text\":\"2\"}", "2" },
        { "{\"t\\u0065xt\":\"spelt\"}", "spelt" },
        { "{\"text\":\"\"}", "" },
        { "{\"text\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "\"\\/\b\f\n\r\t" },
        { "{\"text\":\"\\u0041\\u00e9\\u20ac\\ud83d\\uDE00\"}",
          "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80" },
        { "{\"text\":\"\\uffff\\ud800\\udc00\\udbff\\udfff\"}",
          "\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
        { "{\"text\":\"raw \xc3\xa9 \xff\"}", "raw \xc3\xa9 \xff" },
        { "{\"n\":[0,-1.5e+3,true,false,null,NaN,-Infinity,{\"x\":[]}],"
          "\"text\":\"t\"}",
          "t" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char out[OUT_BYTES];
        size_t n;
        struct json_problem p;
        if (!read_text(out, &n, cases[i][0], &p))
            fail_msg("%s: %s at %zu", cases[i][0], p.what, p.at);
        assert_int_equal(n, strlen(cases[i][1]));
        assert_memory_equal(out, cases[i][1], n);
    }
}

static void test_json_text__a_nul_is_a_character(void **state)
{
    (void)state;
    char out[OUT_BYTES];
    size_t n;
    struct json_problem p;
    assert_true(read_text(out, &n, "{\"text\":\"a\\u0000b\"}", &p));
    assert_int_equal(n, 3);
    assert_memory_equal(out, "a\0b", 3);
}

static void test_json_text__what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *json, *what;
        size_t at;
    } cases[] = {
        { "", "no JSON object", 0 },
        { "[1]", "no JSON object", 0 },
        { "\"text\"", "no JSON object", 0 },
        { "{\"text\":\"a\"", "neither a comma nor the end", 11 },
        { "{\"text\":\"a\"}x", "something behind", 12 },
        { "{\"text\":\"a\"}{}", "something behind", 12 },
        { "{\"text\":\"a", "a string without its end", 8 },
        { "{\"text\":\"a\\", "a backslash", 10 },
        { "{\"text\":\"\\x\"}", "a backslash", 9 },
        { "{\"text\":\"\\u12g4\"}", "\\u without four", 13 },
        { "{\"text\":\"\\ud800\"}", "half of a pair", 9 },
        { "{\"text\":\"\\ud800\\n\\n\\n\"}", "half of a pair", 9 },
        { "{\"text\":\"\\ud800\\u0041\"}", "half of a pair", 9 },
        { "{\"text\":\"\\udc00\"}", "half of a pair", 9 },
        { "{\"text\":\"a\tb\"}", "a control character", 10 },
        { "{\"text\":1}", "is no string", 8 },
        { "{\"text\":null}", "is no string", 8 },
        { "{\"txt\":\"a\"}", "nothing of that name", 0 },
        { "{}", "nothing of that name", 0 },
        { "{\"a\":}", "no value", 5 },
        { "{\"a\":1.}", "no value", 5 },
        { "{\"a\":+1}", "no value", 5 },
        { "{\"a\":1e}", "no value", 5 },
        { "{\"a\":[1,]}", "no value", 8 },
        { "{\"a\":[1 2]}", "neither a comma", 8 },
        { "{\"a\" 1}", "no colon", 5 },
        { "{a:1}", "no string", 1 },
        { "{\"text\":\"a\",}", "no string", 12 },
        { "{\"a\":{\"b\"}}", "no colon", 9 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char out[OUT_BYTES];
        size_t n;
        struct json_problem p;
        assert_false(read_text(out, &n, cases[i].json, &p));
        if (!strstr(p.what, cases[i].what) || p.at != cases[i].at)
            fail_msg("%s: got '%s' at %zu, want '%s' at %zu", cases[i].json,
                     p.what, p.at, cases[i].what, cases[i].at);
    }
}

static void test_json_text__a_line_that_is_cut_anywhere_is_none(void **state)
{
    (void)state;
    static const char json[] = "{\"a\":[1,{\"b\":-2.5e1,\"c\":\"\\u00e9\"}],"
                               "\"text\":\"x\\ud83d\\ude00\",\"d\":true}";
    char out[OUT_BYTES];
    size_t n;
    struct json_problem p;
    assert_true(json_text(out, &n, json, sizeof json - 1, "text", &p));
    for (size_t cut = 0; cut < sizeof json - 1; cut++) {
        char whole[sizeof json]; /* so that a sanitizer sees reads behind it */
        memcpy(whole, json, cut);
        memset(whole + cut, '"', sizeof whole - cut);
        assert_false(json_text(out, &n, whole, cut, "text", &p));
        assert_true(p.what && p.at <= cut);
    }
}

static void test_json_text__nesting_has_a_bound(void **state)
{
    (void)state;
    static char json[200000], out[sizeof json];
    size_t n;
    struct json_problem p;
    memset(json, '[', sizeof json - 1);
    memcpy(json, "{\"a\":", 5);
    assert_false(json_text(out, &n, json, sizeof json - 1, "text", &p));
    assert_non_null(strstr(p.what, "values in values"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_text__gives_the_string_of_the_name),
        cmocka_unit_test(test_json_text__a_nul_is_a_character),
        cmocka_unit_test(test_json_text__what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(test_json_text__a_line_that_is_cut_anywhere_is_none),
        cmocka_unit_test(test_json_text__nesting_has_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
