/* The catalog: every value that a config may choose has its text, in the
 * parser's order; the command prints it. */
#include "config/catalog.h"
#include "harness.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "config/attention_document.h"
#include "data/options.h"
#include "metric/options.h"
#include "nn/options.h"
#include "optim/options.h"

static const struct key *key_of(const struct key *keys, idx n, const char *name)
{
    for (idx i = 0; i < n; i++)
        if (strcmp(keys[i].name, name) == 0)
            return &keys[i];
    fail_msg("no key %s", name);
    return NULL;
}

static const struct catalog_kind *kind_of(const char *name)
{
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    fail_msg("no kind %s", name);
    return NULL;
}

/* --- values --------------------------------------------------------------- */

/* The key's values are the kind's entries from number `from` on. */
static void check_order(const char *kind, int from, const struct key *key)
{
    struct catalog_entry e;
    assert_int_equal(key->type, KEY_CHOICE);
    assert_non_null(key->choice(0));
    for (int i = 0; key->choice(i); i++) {
        if (!catalog_entry(kind_of(kind), from + i, &e))
            fail_msg("%s: no text for %s", key->name, key->choice(i));
        assert_string_equal(e.text.name, key->choice(i));
    }
}

static void test_catalog__has_the_parsers_values_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *kind, *key;
        int from;
    } of_attention[] = {
        { "attention", "weights", 0 },
        { "normalizer", "normalizer", 0 },
        { "operation", "operation", 0 },
        { "column", "bias", 0 },
        { "column", "bias_value", BIAS_LOGIT + 1 },
    }, of_model[] = {
        { "position", "position", 0 },
        { "norm", "norm", 0 },
        { "norm_place", "norm_place", 0 },
        { "ffn", "ffn", 0 },
        { "init", "init", 0 },
        { "preset", "preset", 0 },
    };
    for (int i = 0; i < COUNT_OF(of_attention); i++)
        check_order(
            of_attention[i].kind, of_attention[i].from,
            key_of(attention_keys, n_attention_keys, of_attention[i].key));
    for (int i = 0; i < COUNT_OF(of_model); i++)
        check_order(of_model[i].kind, of_model[i].from,
                    key_of(model_keys, n_model_keys, of_model[i].key));
    check_order("optimizer", 0, key_of(optim_keys, n_optim_keys, "name"));
    check_order("schedule", 0, key_of(optim_keys, n_optim_keys, "schedule"));
    check_order("source", 0, key_of(data_keys, n_data_keys, "source"));
    check_order("input", 0, key_of(sink_keys, n_sink_keys, "input"));
    check_order("format", 0, key_of(data_keys, n_data_keys, "format"));
}

/* Is `word` in the text, and no part of a longer one? */
static bool has_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = text; at && (at = strstr(at, word)); at++) {
        bool begins = at == text || !(isalnum(at[-1]) || at[-1] == '_');
        if (begins && !isalnum(at[n]) && at[n] != '_')
            return true;
    }
    return false;
}

/* Is the key set by an entry, to this value if there is one, or read by it? */
static bool is_told(const char *key, const char *value, bool by_parameters)
{
    struct catalog_entry e;
    char set[80];
    snprintf(set, sizeof set, "[attention] %s = ", key);
    for (const struct catalog_kind *k = catalog_kinds; k->title; k++)
        for (int i = 0; catalog_entry(k, i, &e); i++) {
            bool is_set = strncmp(e.text.key, set, strlen(set)) == 0;
            if (is_set && (!value || has_word(e.text.key + strlen(set), value)))
                return true;
            if (by_parameters && has_word(e.text.parameters, key))
                return true;
        }
    return false;
}

static void test_catalog__tells_every_key_of_attention(void **state)
{
    (void)state;
    for (idx i = 0; i < n_attention_keys; i++) {
        const struct key *key = &attention_keys[i];
        if (!is_told(key->name, NULL, true))
            fail_msg("[attention] %s is told nowhere", key->name);
        if (key->type != KEY_CHOICE || !is_told(key->name, NULL, false))
            continue;
        for (int j = 0; key->choice(j); j++)
            if (strcmp(key->choice(j), key->fallback) != 0 &&
                !is_told(key->name, key->choice(j), false))
                fail_msg("[attention] %s = %s is told nowhere", key->name,
                         key->choice(j));
    }
}

/* --- texts ---------------------------------------------------------------- */

static bool is_text(const char *text)
{
    return text && *text && text[strlen(text) - 1] != '.' &&
           !strchr(text, '`') && !strchr(text, '\n');
}

static void check_texts(const struct catalog_kind *k)
{
    struct catalog_entry e, other;
    assert_true(catalog_entry(k, 0, &e));
    for (int i = 0; catalog_entry(k, i, &e); i++) {
        assert_true(is_text(e.text.name) && is_text(e.text.formula));
        assert_null(strchr(e.text.name, ' '));
        for (int j = 0; j < i && catalog_entry(k, j, &other); j++)
            assert_string_not_equal(e.text.name, other.text.name);
        if (!k->title)
            continue;
        if (!is_text(e.text.parameters) || !is_text(e.text.source) ||
            !is_text(e.text.sinks) || !is_text(e.text.key))
            fail_msg("%s: a text is missing", e.text.name);
        assert_true(strncmp(e.text.key, "[attention] ", 12) == 0 ||
                    strncmp(e.text.key, "[model] ", 8) == 0);
        assert_non_null(strstr(e.text.key, " = "));
    }
}

static void test_catalog__entries_say_what_they_are(void **state)
{
    (void)state;
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++) {
        assert_true(is_text(k->name) && is_text(k->key) && is_text(k->label));
        assert_int_equal(!k->title, !k->about);
        check_texts(k);
    }
}

static void test_attention__rules_say_why(void **state)
{
    (void)state;
    const char *keys, *reason;
    idx n = 0;
    for (; attention_rule(n, &keys, &reason); n++)
        assert_true(is_text(keys) && is_text(reason) && keys[0] == '[');
    assert_true(n > 0);
}

static void test_attention_document__has_every_entry(void **state)
{
    (void)state;
    struct catalog_entry e;
    char *text = NULL, heading[80];
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    attention_document(out);
    assert_int_equal(fclose(out), 0);
    for (const struct catalog_kind *k = catalog_kinds; k->title; k++) {
        snprintf(heading, sizeof heading, "\n## %s\n", k->title);
        const char *section = strstr(text, heading);
        assert_non_null(section);
        for (int i = 0; catalog_entry(k, i, &e); i++) {
            snprintf(heading, sizeof heading, "\n### %s\n", e.text.name);
            section = strstr(section + 1, heading);
            if (!section)
                fail_msg("%s: no section %s", k->title, e.text.name);
        }
    }
    free(text);
}

/* --- the command ---------------------------------------------------------- */

static void test_list__refuses_what_it_does_not_know(void **state)
{
    (void)state;
    struct err e = { 0 };
    char list[] = "list", no[] = "no-kind", flag[] = "--no-flag";
    assert_int_equal(command_list.run(2, (char *[]){ list, no, NULL }, &e),
                     ERR_USAGE);
    for (const struct catalog_kind *k = catalog_kinds; k->name; k++)
        assert_true(has_word(e.text, k->name));
    assert_int_equal(command_list.run(2, (char *[]){ list, flag, NULL }, &e),
                     ERR_USAGE);
}

/* Neither a kind that is called nearly so nor a metric of that name. */
static void test_list__tells_keys(void **state)
{
    (void)state;
    static const struct {
        const char *word, *want;
    } cases[] = {
        { "optim.lr", "'optim.lr' is a key (optim.lr), of which" },
        { "lr", "(optim.lr), of which there is no list: `sinklab help config` "
                "tells of it; or `sinklab list metric lr`" },
        { "steps", "is a key (train.steps, checkpoint.steps)" },
        { "optim.name", "did you mean optimizer;" },
        { "weights", "did you mean attention;" },
        { "sink_1", "did you mean metric sink_1;" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char list[] = "list", word[32];
        struct err e = { 0 };
        snprintf(word, sizeof word, "%s", cases[i].word);
        assert_int_equal(
            command_list.run(2, (char *[]){ list, word, NULL }, &e), ERR_USAGE);
        if (!strstr(e.text, cases[i].want))
            fail_msg("%s", e.text);
    }
}

static void test_help__of_a_page_takes_no_more(void **state)
{
    (void)state;
    struct err e = { 0 };
    char help[] = "help", page[] = "config", key[] = "optim.lr";
    assert_int_equal(
        command_help.run(3, (char *[]){ help, page, key, NULL }, &e),
        ERR_USAGE);
    assert_non_null(strstr(e.text, "unexpected argument optim.lr: `sinklab "
                                   "help config` prints the whole"));
}

static void test_list__refuses_a_name_that_a_kind_has_not(void **state)
{
    (void)state;
    struct err e = { 0 };
    char list[] = "list", metric[] = "metric", no[] = "no_*";
    assert_int_equal(
        command_list.run(3, (char *[]){ list, metric, no, NULL }, &e),
        ERR_USAGE);
    assert_non_null(
        strstr(e.text, "of metric there is no group and no name 'no_*'"));
    for (const struct metric_group *g = metric_groups; g->name; g++)
        assert_true(has_word(e.text, g->name));
}

/* Whatever analysis.csv has is told, the losses too. */
static void test_catalog__has_the_losses_beside_the_metrics(void **state)
{
    (void)state;
    static const char *const wanted[] = { "val_loss", "val_loss_se",
                                          "val_excess", "sink_1_raw" };
    for (int k = 0; k < COUNT_OF(wanted); k++) {
        struct catalog_entry e;
        bool is_found = false;
        for (int i = 0; catalog_entry(kind_of("metric"), i, &e); i++)
            if (strcmp(e.text.name, wanted[k]) == 0)
                is_found = e.text.formula && *e.text.formula;
        if (!is_found)
            fail_msg("no %s", wanted[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_catalog__has_the_parsers_values_in_order),
        cmocka_unit_test(test_catalog__tells_every_key_of_attention),
        cmocka_unit_test(test_catalog__entries_say_what_they_are),
        cmocka_unit_test(test_attention__rules_say_why),
        cmocka_unit_test(test_attention_document__has_every_entry),
        cmocka_unit_test(test_list__refuses_what_it_does_not_know),
        cmocka_unit_test(test_list__tells_keys),
        cmocka_unit_test(test_help__of_a_page_takes_no_more),
        cmocka_unit_test(test_list__refuses_a_name_that_a_kind_has_not),
        cmocka_unit_test(test_catalog__has_the_losses_beside_the_metrics),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
