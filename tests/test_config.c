/* Reading configurations: order of assignments, includes, presets, origins. */
#include "harness.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/config.h"
#include "nn/param.h"
#include "kern/products.h"

static void load(struct config *c, const char *path, const char *override)
{
    struct err e = { 0 };
    if (config_load(c, path, &override, override != NULL, NULL, &e))
        fail_msg("refused: %s", e.text);
}

static void test_config__base_ini_is_the_defaults(void **state)
{
    (void)state;
    struct config base, none;
    load(&base, "configs/base.ini", NULL);
    load(&none, NULL, NULL);
    assert_memory_equal(&base, &none, sizeof base);
    assert_int_equal(none.run.seed, 1);
    assert_int_equal(none.run.init_seed, -1);
    assert_int_equal(none.train.steps, 1000);
    assert_int_equal(none.checkpoint.steps.n, 0);
    assert_string_equal(none.run.dir, "");
}

static void test_config__later_wins(void **state)
{
    (void)state;
    struct config c;
    test_write_text("first.ini",
                    "[train]\nsteps = 5\nbatch = 6\n[optim]\nlr = 0.5\n");
    test_write_text("second.ini", "[train]\nbatch = 7\n");
    const char *path =
        test_write_text("later.ini", "include = first.ini, second.ini\n"
                                     "[optim]\nlr = 0.25\n");
    load(&c, path, NULL);
    assert_int_equal(c.train.steps, 5);
    assert_int_equal(c.train.batch, 7);
    assert_true(c.optim.lr == 0.25);
    load(&c, path, "optim.lr=0.125");
    assert_true(c.optim.lr == 0.125);
    const char *twice[] = { "train.steps=8", " train.steps = 9 " };
    assert_int_equal(config_load(&c, path, twice, 2, NULL, ERR_IGNORED), OK);
    assert_int_equal(c.train.steps, 9);
}

static void test_config__include_is_relative_to_its_file(void **state)
{
    (void)state;
    struct config c;
    char text[600];
    mkdir(test_path("sub"), 0700);
    test_write_text("sub/inner.ini", "[run]\nseed = 11\n");
    test_write_text("sub/outer.ini", "include = inner.ini\n");
    load(&c, test_write_text("rel.ini", "include = sub/outer.ini ; two deep\n"),
         NULL);
    assert_int_equal(c.run.seed, 11);
    snprintf(text, sizeof text, "include = %s", test_path("sub/inner.ini"));
    load(&c, test_write_text("abs.ini", text), NULL);
    assert_int_equal(c.run.seed, 11);
}

static void test_config__a_file_may_be_included_twice_by_two(void **state)
{
    (void)state;
    struct config c;
    test_write_text("root.ini", "[train]\nsteps = 3\n");
    test_write_text("left.ini", "include = root.ini\n[train]\nsteps = 4\n");
    test_write_text("right.ini", "include = root.ini\n");
    load(&c, test_write_text("diamond.ini", "include = left.ini, right.ini\n"),
         NULL);
    assert_int_equal(c.train.steps, 3);
}

static void test_config__sections_may_be_split(void **state)
{
    (void)state;
    struct config c;
    load(&c,
         test_write_text("split.ini", "[train]\nsteps = 3\n[run]\n[train]\n"
                                      "batch = 4\n"),
         NULL);
    assert_int_equal(c.train.steps, 3);
    assert_int_equal(c.train.batch, 4);
}

static void test_config__lists_go_on_in_indented_lines(void **state)
{
    (void)state;
    struct config c;
    load(&c,
         test_write_text("list.ini",
                         "[checkpoint]\nsteps = 1, 2,  # more\n  3\n"
                         "\t4, 5\nevery = 7\n"),
         NULL);
    assert_int_equal(c.checkpoint.steps.n, 5);
    for (idx i = 0; i < 5; i++)
        assert_int_equal(c.checkpoint.steps.v[i], i + 1);
    assert_int_equal(c.checkpoint.every, 7);
    load(&c, test_write_text("list.ini", "[checkpoint]\nsteps =\n  1\n  2"),
         NULL);
    assert_int_equal(c.checkpoint.steps.n, 2);
}

static void test_config__long_paths_are_one_line(void **state)
{
    (void)state;
    struct config c;
    char text[KEY_TEXT_MAX + 64], path[KEY_TEXT_MAX];
    for (size_t i = 0; i < sizeof path; i++)
        path[i] = "abc/def ="[i % 9];
    path[0] = path[sizeof path - 2] = 'x';
    path[sizeof path - 1] = '\0';
    snprintf(text, sizeof text, "[data]\nsource = text\npath = %s\nbos = no\n",
             path);
    load(&c, test_write_text("long.ini", text), NULL);
    assert_string_equal(c.data.path, path);
    assert_false(c.data.bos);
}

static void test_config__a_preset_is_for_what_is_given_nowhere(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[model]\npreset = llama\nnorm = layernorm\n",
        "[model]\nnorm = layernorm\npreset = llama\n",
    };
    struct config c;
    for (idx i = 0; i < COUNT_OF(texts); i++) {
        load(&c, test_write_text("p.ini", texts[i]), NULL);
        assert_int_equal(c.model.norm, NORM_LAYER);
        assert_int_equal(c.model.ffn, FFN_SWIGLU);
        assert_int_equal(c.model.position, POSITION_ROPE);
        assert_false(c.model.biases);
    }
    static const char *const orders[][2] = {
        { "model.init=framework", "model.preset=llama" },
        { "model.preset=llama", "model.init=framework" },
    };
    for (idx i = 0; i < COUNT_OF(orders); i++) {
        assert_int_equal(config_load(&c, NULL, orders[i], 2, NULL, ERR_IGNORED),
                         OK);
        assert_int_equal(c.model.init, INIT_FRAMEWORK);
        assert_int_equal(c.model.norm, NORM_RMS);
    }
}

/* The last preset counts, whole; a key that any place gives stays. */
static void test_config__the_last_preset_undoes_no_key(void **state)
{
    (void)state;
    struct config c;
    const char *file =
        test_write_text("f.ini", "[model]\npreset = llama\ninit = framework\n");
    load(&c, file, "model.preset=llama");
    assert_int_equal(c.model.init, INIT_FRAMEWORK);
    assert_int_equal(c.model.norm, NORM_RMS);
    load(&c, file, "model.preset=gpt2");
    assert_int_equal(c.model.init, INIT_FRAMEWORK);
    assert_int_equal(c.model.norm, NORM_LAYER);
    assert_int_equal(c.model.ffn, FFN_GELU);
    assert_true(c.model.tied_head);
    const char *upper =
        test_write_text("g.ini", "include = f.ini\n[model]\npreset = gpt2\n");
    load(&c, upper, NULL);
    assert_int_equal(c.model.init, INIT_FRAMEWORK);
    assert_int_equal(c.model.position, POSITION_LEARNED);
    load(&c, upper, "model.preset=llama");
    assert_int_equal(c.model.init, INIT_FRAMEWORK);
    assert_int_equal(c.model.position, POSITION_ROPE);
    /* base.ini names all keys, and does not stand in a preset's way */
    char text[PATH_MAX + 64], base[PATH_MAX];
    assert_non_null(realpath("configs/base.ini", base));
    snprintf(text, sizeof text, "include = %s\n[model]\npreset = llama\n",
             base);
    load(&c, test_write_text("h.ini", text), NULL);
    assert_int_equal(c.model.norm, NORM_RMS);
    assert_int_equal(c.model.init, INIT_STUDY);
}

static void test_config__a_preset_says_what_it_left_alone(void **state)
{
    (void)state;
    struct config c;
    struct config_source *origins = NULL;
    char want[1024];
    const char *override[] = { "model.preset=llama" };
    const char *file = test_write_text(
        "left.ini", "[model]\nffn = swiglu\nnorm = layernorm\ninit = gpt2\n");
    assert_int_equal(config_load(&c, file, override, 1, &origins, ERR_IGNORED),
                     OK);
    snprintf(want, sizeof want,
             "command line: model.preset = llama leaves alone what is given "
             "elsewhere: norm (%s:3), init (%s:4)",
             file, file);
    assert_string_equal(config_notes(origins), want);
    config_source_free(origins);
    /* no need, where one file says both */
    file =
        test_write_text("left.ini", "[model]\npreset = llama\ninit = gpt2\n");
    assert_int_equal(config_load(&c, file, NULL, 0, &origins, ERR_IGNORED), OK);
    assert_string_equal(config_notes(origins), "");
    config_source_free(origins);
}

static void test_config__presets_name_the_same_keys(void **state)
{
    (void)state;
    for (int i = 0; model_keys[0].choice(i); i++)
        for (idx k = 0; k < n_model_keys; k++)
            assert_int_equal(!model_preset_value(i, &model_keys[k]),
                             !model_preset_value(0, &model_keys[k]));
}

static void
test_config__presets_set_keys_that_exist_gpt2_the_defaults(void **state)
{
    (void)state;
    struct config c, none;
    load(&none, NULL, NULL);
    for (const struct preset_value *v = model_presets; v->preset; v++) {
        char override[128];
        snprintf(override, sizeof override, "model.preset=%s", v->preset);
        load(&c, NULL, override);
    }
    load(&c, NULL, "model.preset=gpt2");
    assert_memory_equal(&c, &none, sizeof c);
}

static void expect_origin(const char *dump, const char *line,
                          const char *origin)
{
    const char *at = strstr(dump, line);
    assert_non_null(at);
    const char *end = strchr(at + 1, '\n');
    assert_true((size_t)(end - at) > strlen(origin));
    assert_memory_equal(end - strlen(origin), origin, strlen(origin));
    assert_memory_equal(end - strlen(origin) - 3, " ; ", 3);
}

static void test_config__origins_say_file_line_preset_or_override(void **state)
{
    (void)state;
    struct config c;
    struct config_source *origins = NULL;
    char want[ORIGIN_MAX];
    const char *overrides[] = { "optim.lr=0.5" };
    test_write_text("in.ini", "[model]\n\npreset = llama\nbiases = yes\n");
    const char *path =
        test_write_text("o.ini", "include = in.ini\n[run]\nseed = 4\n");
    assert_int_equal(config_load(&c, path, overrides, 1, &origins, ERR_IGNORED),
                     OK);
    char *dump = config_print(&c, origins);
    snprintf(want, sizeof want, "%s/o.ini:3", test_dir());
    expect_origin(dump, "\nseed = 4 ", want);
    snprintf(want, sizeof want, "%s/in.ini:3", test_dir());
    expect_origin(dump, "\npreset = llama ", want);
    snprintf(want, sizeof want, "preset llama (%s/in.ini:3)", test_dir());
    expect_origin(dump, "\nnorm = rmsnorm ", want);
    snprintf(want, sizeof want, "%s/in.ini:4", test_dir());
    expect_origin(dump, "\nbiases = yes ", want);
    expect_origin(dump, "\nlr = 0.5 ", "command line");
    expect_origin(dump, "\nlayers = 1 ", "default");
    free(dump);
    config_source_free(origins);
}

static void test_config__only_some_keys_change_on_resume(void **state)
{
    (void)state;
    struct config c, before;
    struct err e = { 0 };
    load(&c, NULL, NULL);
    const char *good[] = { "train.steps=2000", "run.dir=x", "model.width=64",
                           "model.preset=gpt2", "checkpoint.steps=1,2" };
    assert_int_equal(config_override(&c, NULL, good, 5, KEY_RESUME, NULL, &e),
                     OK);
    assert_int_equal(c.train.steps, 2000);
    assert_string_equal(c.run.dir, "x");
    before = c;
    const char *bad[] = { "train.threads=2", "model.width=128" };
    assert_int_equal(config_override(&c, NULL, bad, 2, KEY_RESUME, NULL, &e),
                     ERR_CONFIG);
    assert_string_equal(e.text,
                        "command line: model.width: cannot be changed: "
                        "what the run computed so far was with 64: leave it "
                        "out, or train anew in another run.dir");
    assert_memory_equal(&c, &before, sizeof c);
    assert_int_equal(config_override(&c, NULL, bad, 2, 0, NULL, ERR_IGNORED),
                     OK);
    assert_int_equal(c.model.width, 128);
    const char *preset[] = { "model.preset=llama" };
    assert_int_equal(
        config_override(&c, NULL, preset, 1, KEY_RESUME, NULL, ERR_IGNORED),
        ERR_CONFIG);
}

/* By whatever library a run's numbers were computed, it can be read by others;
 * what else made them stays. */
static void test_config__readers_may_change_the_library(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    load(&c, NULL, NULL);
    const char *library[] = { "train.products=onednn", "train.steps=2000" };
    assert_int_equal(
        config_override(&c, NULL, library, 1, KEY_RESUME, NULL, ERR_IGNORED),
        ERR_CONFIG);
    assert_int_equal(
        config_override(&c, NULL, library, 2, KEY_RESUME | KEY_READ, NULL, &e),
        OK);
    assert_string_equal(products_name(c.train.products), "onednn");
    const char *precision[] = { "train.precision=bfloat16" };
    assert_int_equal(config_override(&c, NULL, precision, 1,
                                     KEY_RESUME | KEY_READ, NULL, ERR_IGNORED),
                     ERR_CONFIG);
}

#define TEST(name) cmocka_unit_test(test_config__##name)

static void test_config__the_name_of_a_key_finds_it(void **state)
{
    (void)state;
    idx n = 0;
    for (struct config_key k = { 0 }; config_next_key(&k); n++) {
        char name[CONFIG_KEY_NAME_MAX];
        struct config_key found = config_key_find(config_key_name(name, k));
        assert_ptr_equal(found.section, k.section);
        assert_ptr_equal(found.key, k.key);
    }
    assert_int_equal(n, config_key_count());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(base_ini_is_the_defaults),
        TEST(later_wins),
        TEST(include_is_relative_to_its_file),
        TEST(a_file_may_be_included_twice_by_two),
        TEST(sections_may_be_split),
        TEST(lists_go_on_in_indented_lines),
        TEST(long_paths_are_one_line),
        TEST(a_preset_is_for_what_is_given_nowhere),
        TEST(the_last_preset_undoes_no_key),
        TEST(a_preset_says_what_it_left_alone),
        TEST(presets_name_the_same_keys),
        TEST(presets_set_keys_that_exist_gpt2_the_defaults),
        TEST(origins_say_file_line_preset_or_override),
        TEST(only_some_keys_change_on_resume),
        TEST(readers_may_change_the_library),
        TEST(the_name_of_a_key_finds_it),
    };
    return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
