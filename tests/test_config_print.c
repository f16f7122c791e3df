/* What a config looks like from outside: the dump that reads back to the same
 * bytes, its identity, the document; and random damage to real files. */
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/text.h"
#include "config/config.h"
#include "config/config_document.h"
#include "nn/attention/weights/normalizer.h"

enum { BASE_MAX = 16384 };

static idx read_base(char text[BASE_MAX])
{
    FILE *f = fopen("configs/base.ini", "rb");
    assert_non_null(f);
    size_t n = fread(text, 1, BASE_MAX - 1, f);
    fclose(f);
    assert_true(n > 0 && n < BASE_MAX - 1);
    text[n] = '\0';
    return (idx)n;
}

/* A random value of the key, as text. */
static void random_value(char *out, size_t cap, const struct key *key,
                         struct rng *r)
{
    static const char bytes[] = "az09/._-= ,:[]'\"|\\%\xc3\xa4";
    struct text t = { .at = out, .cap_bytes = cap };
    double span = fmin(key->max - key->min, 9007199254740992.0);
    text_add(&t, "%s", "");
    idx n = 0;
    switch (key->type) {
    case KEY_INT:
        text_add(&t, "%.0f", key->min + floor(rng_uniform(r) * span));
        break;
    case KEY_REAL:
        text_add(&t, "%.17g", key->min + rng_uniform(r) * span);
        break;
    case KEY_BOOL:
        text_add(&t, "%s", rng_below(r, 2) ? "on" : "off");
        break;
    case KEY_TEXT:
        n = rng_below(r, rng_below(r, 2) ? 20 : KEY_TEXT_MAX);
        for (idx i = 0; i < n; i++)
            text_add(&t, "%c",
                     i == 0 || i == n - 1
                         ? 'x'
                         : bytes[rng_below(r, sizeof bytes - 1)]);
        break;
    case KEY_CHOICE:
        while (key->choice((int)n))
            n++;
        text_add(&t, "%s", key->choice((int)rng_below(r, n)));
        break;
    case KEY_STEPS:
        n = rng_below(r, 4);
        for (idx i = 0; i < n; i++)
            text_add(&t, "%.17g until %td, ", key->min + rng_uniform(r) * span,
                     1 + i * 10 + rng_below(r, 10));
        text_add(&t, "%.17g", key->min + rng_uniform(r) * span);
        break;
    case KEY_LIST:
        n = rng_below(r, rng_below(r, 2) ? 5 : KEY_LIST_MAX + 1);
        for (idx i = 0; i < n; i++)
            text_add(&t, "%s%.0f", i ? "," : "",
                     key->min + floor(rng_uniform(r) * span));
        break;
    }
}

/* Keys that must fit together; those that are not read may be anything. */
static void make_fit(struct config *c)
{
    c->model.width = 64;
    c->model.heads = 4;
    c->model.layers = 2;
    c->model.head_width = 0;
    c->model.rope_part = 0.625; /* 10 dimensions */
    c->model.parallel = false;
    c->model.rope_slow = 1;
    c->model.rope_fast = 4;
    c->attention.window_layers = (struct key_list){ 0 };
    c->attention.operation = OPERATION_ROWS;
    c->attention.normalizer = NORMALIZER_OWN;
    c->attention.linear_time = false;
    c->attention.bias = BIAS_KEY;
    c->attention.bias_dims = 0;
    c->attention.prefix = 0;
    c->attention.documents = DOCUMENTS_ACROSS;
    c->attention.document_token = -1;
    c->attention.kv_heads = 0;
    c->loss.from = c->loss.to = c->loss.hidden_depth = 0;
    key_copy_text(c->metrics.names, "sink_*, companions");
    key_copy_text(c->metrics.eps, "");
}

static void random_config(struct config *c, struct rng *r)
{
    static char value[2 * KEY_PRINT_MAX];
    struct err e = { 0 };
    assert_int_equal(config_load(c, NULL, NULL, 0, NULL, ERR_IGNORED), OK);
    for (idx s = 0; s < n_config_sections; s++)
        for (idx k = 0; k < *config_sections[s].n_keys; k++) {
            const struct key *key = &config_sections[s].keys[k];
            random_value(value, sizeof value, key, r);
            if (key_parse(key, (char *)c + config_sections[s].offset, value,
                          &e))
                fail_msg("%s: %s", key->name, e.text);
        }
    make_fit(c);
}

static void test_config__printed_reads_back_to_the_same_bytes(void **state)
{
    (void)state;
    struct rng r = rng_open(7, RNG_TEST, 0, 0);
    static struct config c, back;
    for (int i = 0; i < 300; i++) {
        char id[CONFIG_ID_MAX], back_id[CONFIG_ID_MAX];
        struct err e = { 0 };
        random_config(&c, &r);
        char *text = config_print(&c, NULL);
        if (config_load_text(&back, text, "dump", &e))
            fail_msg("%s\n%s", e.text, text);
        assert_memory_equal(&c, &back, sizeof c);
        char *again = config_print(&back, NULL);
        assert_string_equal(text, again);
        config_id(id, &c);
        config_id(back_id, &back);
        assert_string_equal(id, back_id);
        free(text);
        free(again);
    }
}

static void test_config__a_dump_with_origins_reads_back_too(void **state)
{
    (void)state;
    static struct config c, back;
    struct config_source *origins = NULL;
    char list[2048] = "checkpoint.steps=", dir[KEY_TEXT_MAX], path[512];
    const char *overrides[] = { list, dir, "model.preset=llama" };
    struct text t = { .at = list, .cap_bytes = sizeof list, .n = strlen(list) };
    for (int i = 0; i < KEY_LIST_MAX; i++)
        text_add(&t, "%s%d", i ? "," : "", i);
    memset(dir, 'd', sizeof dir);
    memcpy(dir, "run.dir=", 8);
    dir[sizeof dir - 1] = '\0';
    snprintf(path, sizeof path, "%s/a # \n\x7f;name.ini", test_dir());
    test_write_file(path, "[run]\nseed = 3\n", 15);
    assert_int_equal(config_load(&c, path, overrides, 3, &origins, ERR_IGNORED),
                     OK);
    char *text = config_print(&c, origins);
    assert_int_equal(config_load_text(&back, text, "dump", ERR_IGNORED), OK);
    assert_memory_equal(&c, &back, sizeof c);
    free(text);
    config_source_free(origins);
}

static void test_config__the_default_dump_is_as_expected(void **state)
{
    (void)state;
    struct config c;
    static const char want[] = "[run]\ndir =\nseed = 1\ninit_seed = -1\n"
                               "data_seed = -1\n\n[model]\npreset = gpt2\n";
    assert_int_equal(config_load(&c, NULL, NULL, 0, NULL, ERR_IGNORED), OK);
    char *text = config_print(&c, NULL);
    assert_memory_equal(text, want, sizeof want - 1);
    free(text);
}

static void test_config__identity_ignores_cosmetic_keys_only(void **state)
{
    (void)state;
    struct config c, d;
    char id[CONFIG_ID_MAX], other[CONFIG_ID_MAX];
    assert_int_equal(config_load(&c, NULL, NULL, 0, NULL, ERR_IGNORED), OK);
    config_id(id, &c);
    assert_int_equal(strlen(id), 16);
    assert_int_equal(strspn(id, "0123456789abcdef"), 16);
    static const char *const same[] = { "run.dir=x", "train.threads=2",
                                        "train.log_every=3",
                                        "checkpoint.every=1",
                                        "checkpoint.steps=1,2" };
    static const char *const different[] = { "run.seed=2", "train.steps=999",
                                             "optim.lr=0.0010000000000000002",
                                             "model.layers=2", "data.bos=no" };
    for (idx i = 0; i < COUNT_OF(same); i++) {
        d = c;
        assert_int_equal(
            config_override(&d, NULL, &same[i], 1, 0, NULL, ERR_IGNORED), OK);
        config_id(other, &d);
        assert_string_equal(id, other);
    }
    for (idx i = 0; i < COUNT_OF(different); i++) {
        d = c;
        assert_int_equal(
            config_override(&d, NULL, &different[i], 1, 0, NULL, ERR_IGNORED),
            OK);
        config_id(other, &d);
        assert_string_not_equal(id, other);
    }
}

/* Bytes behind the end of a text are none of its. */
static void test_config__identity_knows_a_text_by_its_letters(void **state)
{
    (void)state;
    struct config c, d;
    char id[CONFIG_ID_MAX], other[CONFIG_ID_MAX];
    assert_int_equal(config_load(&c, NULL, NULL, 0, NULL, ERR_IGNORED), OK);
    config_id(id, &c);
    d = c;
    strcpy(d.data.hash, "91f0b2f0aa1c3d77");
    strcpy(d.data.hash, c.data.hash);
    config_id(other, &d);
    assert_string_equal(id, other);
}

/* Lines "key =" between begin and end; "# key =" for one that is to follow the
 * preset, which a line of its own would stop. */
static int count_lines(const char *begin, const char *end,
                       const struct key *key)
{
    bool is_preset = model_preset_value(0, key) && key >= model_keys &&
                     key < model_keys + n_model_keys;
    char line[64];
    int n = 0;
    snprintf(line, sizeof line, "\n%s%s =", is_preset ? "# " : "", key->name);
    for (const char *at = begin; (at = strstr(at, line)) && at < end; at++)
        n++;
    return n;
}

static void test_config__base_ini_names_every_key_once(void **state)
{
    (void)state;
    static char text[BASE_MAX];
    read_base(text);
    for (idx s = 0; s < n_config_sections; s++) {
        char header[64];
        snprintf(header, sizeof header, "\n[%s]\n", config_sections[s].name);
        const char *begin = strstr(text, header);
        assert_non_null(begin);
        const char *end = strstr(begin + 2, "\n[");
        end = end ? end : text + strlen(text);
        for (idx k = 0; k < *config_sections[s].n_keys; k++) {
            const struct key *key = &config_sections[s].keys[k];
            int n = count_lines(begin, end, key);
            if (n != 1)
                fail_msg("%s: %d times in base.ini", key->name, n);
        }
    }
}

static void test_config__tables_are_sound(void **state)
{
    (void)state;
    for (idx s = 0; s < n_config_sections; s++) {
        assert_true(strlen(config_sections[s].help) > 0);
        for (idx k = 0; k < *config_sections[s].n_keys; k++) {
            const struct key *key = &config_sections[s].keys[k];
            size_t n = strlen(key->help);
            if (n < 2 || (key->help[n - 1] == '.' && key->help[n - 2] != '.'))
                fail_msg("%s: help is empty or ends in a full stop", key->name);
            assert_true(strlen(key->name) < 24);
            assert_true(key->min <= key->max);
            assert_int_equal(key->type == KEY_CHOICE, key->choice != NULL);
            for (idx j = 0; j < k; j++)
                assert_string_not_equal(key->name,
                                        config_sections[s].keys[j].name);
        }
    }
    assert_true(config_is_preset(config_key_find("model.preset")));
}

static void test_config__document_has_a_row_for_every_key(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    config_document(out, NULL);
    fclose(out);
    for (idx s = 0; s < n_config_sections; s++) {
        char wanted[64];
        snprintf(wanted, sizeof wanted, "\n## [%s]: ", config_sections[s].name);
        const char *at = strstr(text, wanted);
        assert_non_null(at);
        for (idx k = 0; k < *config_sections[s].n_keys; k++) {
            snprintf(wanted, sizeof wanted, "\n| `%s` | ",
                     config_sections[s].keys[k].name);
            at = strstr(at, wanted); /* in the order of the table */
            assert_non_null(at);
        }
    }
    assert_non_null(strstr(text, "| `batch` | integer, 1 to 65536 | `32` | "));
    free(text);
}

/* One random edit: a byte set, lines dropped, doubled or joined, a cut. */
static idx damage(char *text, idx n, struct rng *r)
{
    static const char likely[] = "\n\r\t []=;#,.-0129eEx\\\"\0\xef\xff";
    idx at = rng_below(r, n), length = 1 + rng_below(r, 40);
    length = idx_min(length, n - at);
    switch (rng_below(r, 6)) {
    case 0:
        text[at] = (char)rng_below(r, 256);
        return n;
    case 1:
        text[at] = likely[rng_below(r, sizeof likely)];
        return n;
    case 2:
        memmove(text + at, text + at + length, (size_t)(n - at - length));
        return n - length;
    case 3:
        memmove(text + at + length, text + at, (size_t)(n - at));
        return n + length;
    case 4:
        memset(text + at, text[at], (size_t)length);
        return n;
    default:
        return rng_below(r, 8) ? n : at + 1;
    }
}

static void test_config__damaged_files_load_or_explain(void **state)
{
    (void)state;
    static char base[BASE_MAX], text[2 * BASE_MAX];
    static struct config c;
    char path[512];
    idx n_base = read_base(base), n_loaded = 0, n_refused = 0;
    struct rng r = rng_open(11, RNG_TEST, 0, 0);
    snprintf(path, sizeof path, "%s/fuzz.ini", test_dir());
    int n_files = test_is_long() ? 4000 : 500;
    for (int i = 0; i < n_files; i++) {
        struct err e = { 0 };
        idx n = n_base, n_edits = 1 + rng_below(&r, 8);
        memcpy(text, base, (size_t)n);
        for (idx k = 0; k < n_edits && n > 0; k++)
            n = damage(text, n, &r);
        remove(path); /* rewriting a file in place may wait for the disk */
        test_write_file(path, text, (size_t)n);
        int rc = config_load(&c, path, NULL, 0, NULL, &e);
        if (rc == OK) {
            char *dump = config_print(&c, NULL);
            assert_int_equal(config_load_text(&c, dump, "dump", ERR_IGNORED),
                             OK);
            free(dump);
            n_loaded++;
        } else {
            /* ERR_IO: an include of what is not there */
            assert_true(rc == ERR_CONFIG || rc == ERR_IO);
            assert_int_equal(e.code, rc);
            assert_true(strlen(e.text) > 20);
            n_refused++;
        }
    }
    assert_true(n_loaded > n_files / 40);
    assert_true(n_refused > n_files / 4);
}

#define TEST(name) cmocka_unit_test(test_config__##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(printed_reads_back_to_the_same_bytes),
        TEST(a_dump_with_origins_reads_back_too),
        TEST(the_default_dump_is_as_expected),
        TEST(identity_ignores_cosmetic_keys_only),
        TEST(identity_knows_a_text_by_its_letters),
        TEST(base_ini_names_every_key_once),
        TEST(tables_are_sound),
        TEST(document_has_a_row_for_every_key),
        TEST(damaged_files_load_or_explain),
    };
    return cmocka_run_group_tests_name("config_print", tests, NULL, NULL);
}
