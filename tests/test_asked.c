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
    wrong("word",
          "tanh: no model of ours is like that (docs/MODELS.md has what is)",
          refuse);
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

/* ---- positions ----------------------------------------------------------- */

/* The settings, blank between them; or what is wrong, behind the place. */
static void check_rope(const char *json, const char *want)
{
    struct question q;
    char got[512] = "";
    double part = 1;
    struct asked *a = ask(&q, json);
    asked_put_rope(a, "rope_theta", &part);
    for (idx i = 0; i < a->n && !q.e.code; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s",
                 i ? " " : "", a->settings[i]);
    if (q.e.code)
        snprintf(got, sizeof got, "%.511s",
                 q.e.text + strlen("m/config.json: "));
    assert_string_equal(got, want);
    json_tree_release(&q.tree);
}

#define PLAIN "model.position=rope model.rope_base=500"
#define LINEAR PLAIN " model.rope_scaling=linear model.rope_factor=4"

static void test_asked__positions_in_either_spelling(void **state)
{
    (void)state;
    check_rope("{}", "model.position=rope model.rope_base=10000");
    check_rope("{\"rope_theta\":500}", PLAIN);
    check_rope("{\"rope_parameters\":{\"rope_theta\":500}}", PLAIN);
    check_rope("{\"rope_theta\":500,\"rope_scaling\":{\"type\":\"linear\","
               "\"factor\":4}}",
               LINEAR);
    check_rope("{\"rope_parameters\":{\"rope_theta\":500,\"rope_type\":"
               "\"linear\",\"factor\":4}}",
               LINEAR);
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":4},"
               "\"rope_parameters\":{\"rope_theta\":500,\"rope_type\":"
               "\"linear\",\"factor\":4}}",
               LINEAR);
    check_rope("{\"rope_theta\":500,\"rope_scaling\":{\"type\":\"linear\","
               "\"factor\":1}}",
               PLAIN);
    check_rope("{\"rope_theta\":500,\"rope_scaling\":{\"rope_type\":"
               "\"llama3\",\"factor\":8,\"low_freq_factor\":1,"
               "\"high_freq_factor\":4,"
               "\"original_max_position_embeddings\":8192}}",
               PLAIN " model.rope_scaling=llama3 model.rope_factor=8 "
                     "model.rope_slow=1 model.rope_fast=4 "
                     "model.rope_from=8192");
}

static void test_asked__the_base_of_positions_is_in_either_object(void **state)
{
    (void)state;
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":1,"
               "\"rope_theta\":500}}",
               PLAIN);
    check_rope("{\"rope_parameters\":{\"rope_theta\":500}}", PLAIN);
}

static void test_asked__positions_that_ours_have_not(void **state)
{
    (void)state;
    check_rope(
        "{\"rope_scaling\":{\"type\":\"yarn\",\"factor\":4}}",
        "rope_scaling: yarn: no model of ours is like that (docs/MODELS.md "
        "has what is)");
    check_rope("{\"rope_scaling\":{\"type\":\"linear\"}}",
               "rope_scaling: factor is not there: want a number");
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"rope_type\":"
               "\"llama3\",\"factor\":4}}",
               "rope_scaling: linear: no model of ours is like that "
               "(docs/MODELS.md has what is)");
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":4},"
               "\"rope_parameters\":{\"type\":\"linear\",\"factor\":2}}",
               "rope_scaling: says otherwise than rope_parameters");
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":1},"
               "\"rope_parameters\":{\"type\":\"linear\",\"factor\":3}}",
               "rope_scaling: says otherwise than rope_parameters");
    check_rope("{\"rope_scaling\":{\"type\":\"linear\",\"factor\":2},"
               "\"rope_parameters\":{\"rope_type\":\"default\"}}",
               "rope_scaling: says otherwise than rope_parameters");
    check_rope("{\"rope_scaling\":{\"rope_theta\":500},"
               "\"rope_parameters\":{\"rope_theta\":600}}",
               "rope_scaling: says otherwise than rope_parameters");
    check_rope("{\"rope_scaling\":{\"rope_theta\":-1}}",
               "rope_theta: want a number from 1");
    check_rope("{\"rope_theta\":0.5}", "rope_theta: want a number from 1");
}

/* ---- windows ------------------------------------------------------------- */

static void check_windows(idx size, const char *json, const char *want)
{
    struct question q;
    struct windows w = { .layers = 3, .size = size, .has = { 0, 1, 1 } };
    struct asked *a = ask(&q, json);
    char got[256] = "";
    asked_window_types(&w, a, "types", "near", "all");
    asked_put_windows(a, &w);
    for (idx i = 0; i < a->n && !q.e.code; i++)
        snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s",
                 i ? " " : "", a->settings[i]);
    if (q.e.code)
        snprintf(got, sizeof got, "%.255s", q.e.text);
    assert_string_equal(got, want);
    json_tree_release(&q.tree);
}

static void test_asked__windows_of_some_layers(void **state)
{
    (void)state;
#define LONG "{\"max_position_embeddings\":64"
    static const char wrong_types[] =
        "m/config.json: types: want near or all of each of 3 layers";
    check_windows(8, LONG "}",
                  "attention.window=8 attention.window_layers=1,2");
    check_windows(8, LONG ",\"types\":[\"near\",\"all\",\"near\"]}",
                  "attention.window=8 attention.window_layers=0,2");
    check_windows(8, LONG ",\"types\":[\"near\",\"near\",\"near\"]}",
                  "attention.window=8");
    check_windows(8, LONG ",\"types\":[\"all\",\"all\",\"all\"]}", "");
    check_windows(0, LONG "}", "");
    check_windows(63, LONG "}",
                  "attention.window=63 attention.window_layers=1,2");
    check_windows(64, LONG "}", ""); /* it hides nothing */
    check_windows(8, LONG ",\"types\":[\"near\",\"all\"]}", wrong_types);
    check_windows(8, LONG ",\"types\":\"near\"}", wrong_types);
    check_windows(8, LONG ",\"types\":[\"near\",\"all\",5]}", wrong_types);
    check_windows(8, LONG ",\"types\":[\"near\",\"all\",\"far\"]}",
                  wrong_types);
#undef LONG
}

/* ---- families ------------------------------------------------------------ */

static void test_families__all_are_found_and_told(void **state)
{
    (void)state;
    char all[FAMILY_TYPES_MAX];
    family_types(all);
    for (idx i = 0; families[i]; i++) {
        assert_non_null(families[i]->architecture);
        assert_non_null(strstr(all, families[i]->types[0]));
        assert_ptr_equal(family_find(families[i]->types[0]), families[i]);
    }
    assert_null(family_find("bert"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_asked__values_and_fallbacks),
        cmocka_unit_test(test_asked__another_type_is_told_with_its_key),
        cmocka_unit_test(test_asked__the_first_fault_stays),
        cmocka_unit_test(test_asked__bos_is_a_token_of_the_model),
        cmocka_unit_test(test_asked__positions_in_either_spelling),
        cmocka_unit_test(test_asked__the_base_of_positions_is_in_either_object),
        cmocka_unit_test(test_asked__positions_that_ours_have_not),
        cmocka_unit_test(test_asked__windows_of_some_layers),
        cmocka_unit_test(test_families__all_are_found_and_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
