/* What a config.json says, key by key: values, fallbacks, and one sentence for
 * the first key that is wrong. */
#include "exchange/family.h"

#include "harness.h"

#include <string.h>

struct question {
    struct json_tree tree;
    struct err e;
    struct asked a;
};

static struct asked *ask(struct question *q, const char *text)
{
    *q = (struct question){ .tree = { NULL } };
    assert_int_equal(
        json_tree_read(&q->tree, text, strlen(text), "config.json", &q->e), OK);
    q->a.place = "m/config.json";
    q->a.json = q->tree.root;
    q->a.e = &q->e;
    return &q->a;
}

static const char text[] = "{\"n\":3,\"zero\":0,\"x\":0.5,\"yes\":true,"
                           "\"word\":\"gelu\",\"none\":null,"
                           "\"minus\":-1,\"big\":2147483648,\"whole\":2.0}";

static void test_asked__values_and_fallbacks(void **state)
{
    (void)state;
    struct question q;
    struct asked *a = ask(&q, text);
    assert_int_equal(asked_need(a, "n"), 3);
    assert_int_equal(asked_count(a, "n", 9), 3);
    assert_int_equal(asked_count(a, "zero", 9), 0);
    assert_int_equal(asked_count(a, "none", 9), 9);
    assert_int_equal(asked_count(a, "gone", 9), 9);
    assert_true(asked_number(a, "x", 9) == 0.5);
    assert_true(asked_number(a, "n", 9) == 3);
    assert_true(asked_number(a, "gone", 9) == 9);
    assert_true(asked_bool(a, "yes", false));
    assert_true(asked_bool(a, "none", true));
    assert_string_equal(asked_text(a, "word", "relu"), "gelu");
    assert_string_equal(asked_text(a, "gone", "relu"), "relu");
    assert_int_equal(q.e.code, OK);
    json_tree_release(&q.tree);
}

/* Which key is wrong, and in how far. */
static void wrong(const char *key, const char *what,
                  void (*asks)(struct asked *a, const char *key))
{
    struct question q;
    char want[128];
    struct asked *a = ask(&q, text);
    asks(a, key);
    assert_int_equal(q.e.code, ERR_DATA);
    snprintf(want, sizeof want, "m/config.json: %s: %s", key, what);
    if (strncmp(q.e.text, want, strlen(want)) != 0)
        fail_msg("got '%s', want '%s'", q.e.text, want);
    json_tree_release(&q.tree);
}

static void need(struct asked *a, const char *key)
{
    assert_int_equal(asked_need(a, key), 0);
}

static void count(struct asked *a, const char *key)
{
    assert_int_equal(asked_count(a, key, 5), 0);
}

static void number(struct asked *a, const char *key)
{
    (void)asked_number(a, key, 5);
}

static void is(struct asked *a, const char *key)
{
    (void)asked_bool(a, key, true);
}

static void word(struct asked *a, const char *key)
{
    (void)asked_text(a, key, "x");
}

static void refuse(struct asked *a, const char *key)
{
    asked_refuse(a, key, "tanh");
}

static void test_asked__another_type_is_told_with_its_key(void **state)
{
    (void)state;
    static const char *const no_count[] = { "x",     "yes", "word",
                                            "minus", "big", "whole" };
    for (idx i = 0; i < COUNT_OF(no_count); i++) {
        wrong(no_count[i], "want an integer below 2^31", count);
        wrong(no_count[i], "want an integer below 2^31", need);
    }
    wrong("gone", "is not there, or is 0", need);
    wrong("none", "is not there, or is 0", need);
    wrong("zero", "is not there, or is 0", need);
    wrong("word", "want a number", number);
    wrong("yes", "want a number", number);
    wrong("n", "want true or false", is);
    wrong("yes", "want a text", word);
    wrong("word", "tanh: no model of ours is like that", refuse);
}

static void test_asked__the_first_fault_stays(void **state)
{
    (void)state;
    struct question q;
    struct asked *a = ask(&q, text);
    (void)asked_number(a, "word", 1);
    (void)asked_need(a, "gone");
    asked_refuse(a, "n", "3");
    assert_string_equal(q.e.text, "m/config.json: word: want a number");
    json_tree_release(&q.tree);
}

/* BOS is one of the model's tokens, or there is none. */
static void check_tokens(const char *json, const char *bos,
                         const char *bos_token)
{
    struct question q;
    struct asked *a = ask(&q, json);
    asked_put_tokens(a, 100);
    assert_int_equal(q.e.code, OK);
    assert_int_equal(a->n, bos_token ? 4 : 3);
    assert_string_equal(a->settings[0], "data.source=random");
    assert_string_equal(a->settings[1], "data.vocab=100");
    assert_string_equal(a->settings[2], bos);
    if (bos_token)
        assert_string_equal(a->settings[3], bos_token);
    json_tree_release(&q.tree);
}

static void test_asked__bos_is_a_token_of_the_model(void **state)
{
    (void)state;
    check_tokens("{}", "data.bos=no", NULL);
    check_tokens("{\"bos_token_id\":null}", "data.bos=no", NULL);
    check_tokens("{\"bos_token_id\":0}", "data.bos=yes", "data.bos_token=0");
    check_tokens("{\"bos_token_id\":99}", "data.bos=yes", "data.bos_token=99");
    check_tokens("{\"bos_token_id\":100}", "data.bos=no", NULL);
    check_tokens("{\"bos_token_id\":-1}", "data.bos=no", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked__values_and_fallbacks),
        cmocka_unit_test(test_asked__another_type_is_told_with_its_key),
        cmocka_unit_test(test_asked__the_first_fault_stays),
        cmocka_unit_test(test_asked__bos_is_a_token_of_the_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
