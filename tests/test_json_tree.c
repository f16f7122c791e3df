/* JSON read as a tree: values are what the text says, of their own type alone,
 * and what is no JSON is one sentence, wherever it is cut. */
#include "io/json_tree.h"

#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char whole[] =
    "{\"text\":\"a\\u00e4\\\"b\",\"count\":9007199254740993,\"minus\":-1,"
    "\"real\":0.1,\"one\":1.0,\"yes\":true,\"no\":false,"
    "\"none\":null,\"list\":[1,[],{\"x\":2}],\"object\":{\"k\":\"v\"}}";

/* A copy of exactly these bytes, so that one more is a fault. */
static int read_bytes(struct json_tree *t, const char *text, size_t n,
                      struct err *e)
{
    char *own = malloc(n ? n : 1);
    assert_non_null(own);
    memcpy(own, text, n);
    int rc = json_tree_read(t, own, n, "file.json", e);
    free(own);
    return rc;
}

static struct json_tree read_text(const char *text)
{
    struct json_tree t;
    struct err e = { 0 };
    if (read_bytes(&t, text, strlen(text), &e))
        fail_msg("%s: %s", text, e.text);
    return t;
}

static void test_json_tree__values_are_what_the_text_says(void **state)
{
    (void)state;
    struct json_tree t = read_text(whole);
    const struct json_value *o = t.root, *list;
    const char *text;
    double number;
    idx count;
    bool is;
    assert_true(json_value_is_object(o));
    assert_true(json_take_text(&text, json_value_member(o, "text")));
    assert_string_equal(text, "a\303\244\"b");
    assert_true(json_take_count(&count, json_value_member(o, "count")));
    assert_true(count == 9007199254740993);
    assert_true(json_take_number(&number, json_value_member(o, "real")));
    assert_true(number == 0.1);
    assert_true(json_take_number(&number, json_value_member(o, "minus")));
    assert_true(number == -1);
    assert_true(json_take_bool(&is, json_value_member(o, "yes")) && is);
    assert_true(json_take_bool(&is, json_value_member(o, "no")) && !is);
    assert_true(json_value_is_null(json_value_member(o, "none")));
    list = json_value_member(o, "list");
    assert_int_equal(json_value_length(list), 3);
    assert_int_equal(json_value_length(json_value_at(list, 1)), 0);
    assert_true(json_take_count(
        &count, json_value_member(json_value_at(list, 2), "x")));
    assert_int_equal(count, 2);
    json_tree_release(&t);
    json_tree_release(&t);
}

/* A value is of one type: what asks for another one gets nothing, and what it
 * had stays. */
static void test_json_tree__no_value_is_of_another_type(void **state)
{
    (void)state;
    enum { TEXT = 1, NUMBER = 2, COUNT = 4, BOOL = 8, LIST = 16, OBJECT = 32 };
    static const struct {
        const char *key;
        int is;
    } cases[] = {
        { "text", TEXT },         { "count", NUMBER | COUNT },
        { "minus", NUMBER },      { "real", NUMBER },
        { "one", NUMBER },        { "yes", BOOL },
        { "no", BOOL },           { "none", 0 },
        { "list", LIST },         { "object", OBJECT },
        { "nobody has this", 0 },
    };
    static const char stays[] = "stays";
    struct json_tree t = read_text(whole);
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        const struct json_value *v = json_value_member(t.root, cases[i].key);
        const char *text = stays;
        double number = 7;
        idx count = 7;
        bool is = true;
        int got = json_take_text(&text, v) * TEXT |
                  json_take_number(&number, v) * NUMBER |
                  json_take_count(&count, v) * COUNT |
                  json_take_bool(&is, v) * BOOL |
                  (json_value_length(v) >= 0) * LIST |
                  json_value_is_object(v) * OBJECT;
        if (got != cases[i].is)
            fail_msg("%s: %d, want %d", cases[i].key, got, cases[i].is);
        assert_true(got & TEXT || text == stays);
        assert_true(got & NUMBER || number == 7);
        assert_true(got & COUNT || count == 7);
        assert_true(got & BOOL || is);
    }
    json_tree_release(&t);
}

static void test_json_tree__one_may_ask_on_where_nothing_is(void **state)
{
    (void)state;
    struct json_walk w = { 0 };
    assert_null(json_value_member(NULL, "x"));
    assert_true(json_value_is_null(NULL));
    assert_false(json_value_is_object(NULL));
    assert_int_equal(json_value_length(NULL), -1);
    assert_null(json_value_at(NULL, 0));
    assert_false(json_value_next(&w, NULL));
    struct json_tree t = read_text("{\"a\":[1]}");
    const struct json_value *list = json_value_member(t.root, "a");
    assert_null(json_value_member(list, "a"));
    assert_null(json_value_at(list, 1));
    assert_null(json_value_at(list, -1));
    w = (struct json_walk){ 0 };
    assert_false(json_value_next(&w, list));
    json_tree_release(&t);
}

static void test_json_tree__a_walk_sees_each_member_once(void **state)
{
    (void)state;
    struct json_tree t = read_text("{\"a\":1,\"b\":2,\"c\":4}");
    idx n = 0, sum = 0, value;
    for (struct json_walk w = { 0 }; json_value_next(&w, t.root); n++) {
        assert_true(json_take_count(&value, w.value));
        assert_ptr_equal(w.value, json_value_member(t.root, w.key));
        sum += value;
    }
    assert_int_equal(n, 3);
    assert_int_equal(sum, 7);
    json_tree_release(&t);
}

static void refused(const char *text, size_t n, const char *what)
{
    struct json_tree t;
    struct err e = { 0 };
    assert_int_equal(read_bytes(&t, text, n, &e), ERR_DATA);
    assert_null(t.root);
    if (strncmp(e.text, "file.json: no JSON, at its byte ", 32) != 0)
        fail_msg("%s: %s", what, e.text);
    json_tree_release(&t);
}

static void test_json_tree__what_is_no_json_is_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "{",
        "{\"a\":1,}",
        "{'a':1}",
        "{\"a\":1}x",
        "{\"a\":01}",
        "{\"a\":nan}",
        "{a:1}",
        "{\"a\"}",
        "\"a",
        "{\"a\":1,\"a\":1}",
        "[1 2]",
        "{\"a\":\"\x01\"}",
        "{\"a\":\"\xff\"}",
        "5",
        "{\"a\":99999999999999999999}",
        "{\"a\":1e400}",
    };
    for (idx i = 0; i < COUNT_OF(texts); i++)
        refused(texts[i], strlen(texts[i]), texts[i]);
    refused("{\"a\":\"b\0\"}", 10, "a NUL");
}

static void test_json_tree__cut_anywhere_it_is_none(void **state)
{
    (void)state;
    static const char text[] = "{\"a\":[1,{\"b\":\"c\"},true],\"d\":0.5}";
    for (size_t n = 0; n < sizeof text - 1; n++)
        refused(text, n, "cut");
    struct json_tree t = read_text(text);
    json_tree_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_tree__values_are_what_the_text_says),
        cmocka_unit_test(test_json_tree__no_value_is_of_another_type),
        cmocka_unit_test(test_json_tree__one_may_ask_on_where_nothing_is),
        cmocka_unit_test(test_json_tree__a_walk_sees_each_member_once),
        cmocka_unit_test(test_json_tree__what_is_no_json_is_refused),
        cmocka_unit_test(test_json_tree__cut_anywhere_it_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
