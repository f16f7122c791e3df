/* Every mistake a user can make in a configuration, and the sentence that
 * answers it. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "config/config.h"

static void load(struct config *c, const char *path, const char *override)
{
    struct err e = { 0 };
    if (config_load(c, path, &override, override != NULL, NULL, &e))
        fail_msg("refused: %s", e.text);
}

/* The text must be refused; every "@" in `want` stands for the file's name. */
static void expect_code(int code, const char *text, const char *want)
{
    char full[ERR_TEXT_MAX] = "";
    struct text t = { .at = full, .cap_bytes = sizeof full };
    const char *path = test_write_text("bad.ini", text);
    struct config c;
    struct err e = { 0 };
    for (; *want; want++)
        if (*want == '@')
            text_add(&t, "%s", path);
        else
            text_add(&t, "%c", *want);
    assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), code);
    assert_string_equal(e.text, full);
}

static void expect(const char *text, const char *want)
{
    expect_code(ERR_CONFIG, text, want);
}

static void expect_override(const char *override, const char *want)
{
    struct config c;
    struct err e = { 0 };
    assert_int_equal(config_load(&c, NULL, &override, 1, NULL, &e), ERR_CONFIG);
    assert_string_equal(e.text, want);
}

static void test_config__unknown_key_names_the_nearest(void **state)
{
    (void)state;
    expect("[model]\nwidht = 64\n",
           "@:2: [model] widht: unknown key, did you mean [model] width?");
    expect("[optim]\nlayers = 64\n",
           "@:2: [optim] layers: unknown key; there is [model] layers");
    expect("[train]\nweigth_decay = 1\n", "@:2: [train] weigth_decay: unknown "
                                          "key, did you mean [optim] "
                                          "weight_decay?");
    expect("[attention]\nzzzzz = 1\n",
           "@:2: [attention] zzzzz: unknown key; `sinklab help config` has all "
           "keys");
    expect("[run]\nzzzzz = 1\n",
           "@:2: [run] zzzzz: unknown key, want one of dir, seed, init_seed, "
           "data_seed");
    expect("[train]\nval_sequences = 64\n",
           "@:2: [train] val_sequences: of an earlier version: give "
           "train.val_tokens, which counts tokens (sequences x model.context); "
           "a run of that version cannot go on with this one, which draws "
           "weights and data otherwise");
    expect("lr = 1\n",
           "@:1: lr: no section is given for it; there is [optim] lr");
}

static void test_config__unknown_section_names_the_nearest(void **state)
{
    (void)state;
    expect("[modle]\nwidht = 64\n  8\n",
           "@:1: unknown section 'modle', did you mean model?");
    expect("[zzzzz]\n", "@:1: unknown section 'zzzzz', want one of run, model, "
                        "attention, loss, "
                        "optim, train, data, sink, metrics, checkpoint");
}

static void test_config__wrong_values_say_what_is_wanted(void **state)
{
    (void)state;
    expect("[train]\nsteps = many\n",
           "@:2: [train] steps: got 'many', want integer, 0 to 99999999");
    expect("[train]\n\nbatch = 0\n",
           "@:3: [train] batch: got '0', want integer, 1 to 65536");
    expect("[data]\nbos = maybe\n",
           "@:2: [data] bos: got 'maybe', want yes or no");
    expect("[optim]\nlr = inf\n",
           "@:2: [optim] lr: got 'inf', want number, 0 to 1000");
    expect("[optim]\nlr =\n",
           "@:2: [optim] lr: got '', want number, 0 to 1000");
    expect("[model]\nnorm = rms\n",
           "@:2: [model] norm: got 'rms', want one of layernorm, rmsnorm, "
           "ssnorm, dyt; did you mean rmsnorm?");
    expect("[checkpoint]\nsteps = 1, 2\n  x\n",
           "@:2: [checkpoint] steps: got 'x', want up to 256 integers "
           "separated by commas, 0 to 99999999");
}

static void test_config__a_key_given_twice_names_both_lines(void **state)
{
    (void)state;
    expect("[train]\nsteps = 1\n[run]\n[train]\nsteps = 1\n",
           "@:5: [train] steps: given twice in this file, first in line 2");
    expect("[model]\npreset = gpt2\nnorm = rmsnorm\npreset = llama\n",
           "@:4: [model] preset: given twice in this file, first in line 2");
}

static void test_config__an_indented_key_is_not_swallowed(void **state)
{
    (void)state;
    expect("[data]\n  path = x\n  bos = no\n",
           "@:3: got an indented line, which would go on with path of line 2: "
           "want every key at the start of its line");
}

static void test_config__damaged_files_are_refused(void **state)
{
    (void)state;
    char text[5000];
    expect("[train]\rsteps = 1\r",
           "@:1: got a carriage return, want LF or CRLF line ends");
    expect("[train\nsteps = 1\n", "@:1: got '[train', want [section]");
    expect("[train]\nsteps\n", "@:2: got 'steps', want key = value");
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    expect(text, "@:1: got a line of 4999 bytes, want at most 4095");

    struct config c;
    struct err e = { 0 };
    const char *path = test_path("nul.ini");
    test_write_file(path, "[run]\nseed = 1\0002\n", 17);
    assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "nul.ini:2: got a NUL byte, want text"));
}

static void test_config__unreadable_files_are_io_errors(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    assert_int_equal(config_load(&c, "no/such.ini", NULL, 0, NULL, &e), ERR_IO);
    assert_string_equal(e.text,
                        "no/such.ini: cannot open: No such file or directory; "
                        "check the path");
    memset(&e, 0, sizeof e);
    assert_int_equal(config_load(&c, "configs", NULL, 0, NULL, &e), ERR_IO);
    assert_string_equal(e.text, "configs: got a folder, want a file");
}

static void test_config__includes_that_multiply_end(void **state)
{
    enum { FILES = 5, TIMES = 201 };
    char text[4096], path[512];
    struct config c;
    struct err e = { 0 };
    (void)state;
    for (int i = 0; i < FILES; i++) {
        struct text t = { text, sizeof text, 0 };
        for (int k = 0; k < TIMES; k++)
            text_add(&t, "%s%d.ini", k ? "," : "include = ", i + 1);
        text_add(&t, "\n");
        assert_true(t.n < sizeof text);
        snprintf(path, sizeof path, "%s/%d.ini", test_dir(), i);
        test_write_file(path, text, t.n);
    }
    snprintf(path, sizeof path, "%s/%d.ini", test_dir(), FILES);
    test_write_file(path, "[train]\n", 8);
    snprintf(path, sizeof path, "%s/0.ini", test_dir());
    assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), ERR_CONFIG);
    if (!strstr(e.text, "5.ini would be file 1001 of this config; the limit "
                        "is 1000: include each file once"))
        fail_msg("%s", e.text);
    assert_null(strchr(e.text, '\n')); /* told once */
}

static void test_config__bad_includes_name_the_line(void **state)
{
    (void)state;
    char want[600];
    snprintf(want, sizeof want,
             "@:1: include: %s/absent.ini: cannot open: No such file or "
             "directory; check the path",
             test_dir());
    expect_code(ERR_IO, "include = absent.ini\n", want);
    expect("[run]\ninclude = other.ini\n",
           "@:2: include belongs above the first section");
    expect("include = bad.ini\n",
           "@:1: include: bad.ini is being read already; files must not "
           "include each other in a circle");
    expect("include =\n",
           "@:1: include: got '', want file names separated by commas");
    test_write_text("ok.ini", "");
    expect("include = ok.ini\ninclude = ok.ini\n",
           "@:2: include: given twice in this file; separate the files of one "
           "line by commas");
    test_write_text("wrong.ini", "[run]\nsede = 1\n");
    snprintf(want, sizeof want,
             "%s/wrong.ini:2: [run] sede: unknown key, did you mean [run] "
             "seed?",
             test_dir());
    expect("include = wrong.ini\n", want);
}

static void test_config__include_circles_and_depths_end(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    test_write_text("a.ini", "include = b.ini\n");
    test_write_text("b.ini", "include = ./a.ini\n");
    assert_int_equal(config_load(&c, test_path("a.ini"), NULL, 0, NULL, &e),
                     ERR_CONFIG);
    assert_non_null(strstr(e.text, "b.ini:1: include: ./a.ini is being read"));

    memset(&e, 0, sizeof e);
    for (int i = 0; i < 12; i++) {
        char name[32], text[64];
        snprintf(name, sizeof name, "d%d.ini", i);
        snprintf(text, sizeof text, "include = d%d.ini\n", i + 1);
        test_write_text(name, i == 11 ? "" : text);
    }
    load(&c, test_path("d3.ini"), NULL);
    assert_int_equal(config_load(&c, test_path("d2.ini"), NULL, 0, NULL, &e),
                     ERR_CONFIG);
    assert_non_null(strstr(e.text, "d10.ini:1: include: d11.ini would be file "
                                   "9 inside others; the limit is 8"));
}

static void test_config__bad_overrides_say_command_line(void **state)
{
    (void)state;
    expect_override("lr", "command line: got 'lr', want section.key=value");
    expect_override("lr=1", "command line: lr: no section is given for it; "
                            "there is optim.lr");
    expect_override("optim.lrr=1", "command line: optim.lrr: unknown key, did "
                                   "you mean optim.lr?");
    expect_override("train.width=1",
                    "command line: train.width: unknown key; there is "
                    "model.width");
    expect_override("optin.lr=1", "command line: unknown section 'optin', did "
                                  "you mean optim?");
    expect_override("optim.lr=fast", "command line: optim.lr: got 'fast', want "
                                     "number, 0 to 1000");
    expect_override("run.dir=a\nb",
                    "command line: run.dir: got 'a?b' with control character "
                    "10 at byte 2, want printable text");
    expect_override("=1", "command line: : no section is given for it");
    expect_override("", "command line: got '', want section.key=value");
}

static void test_config__keys_must_fit_together(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    const char *override = "model.heads=3";
    assert_int_equal(config_load(&c, NULL, &override, 1, NULL, &e), ERR_CONFIG);
    assert_non_null(strstr(e.text, "width"));
    assert_non_null(strstr(e.text, "heads"));
    assert_int_equal(strncmp(e.text, "command line: ", 14), 0);
    load(&c, NULL, "sink.tokens=4096"); /* capped at the context later */
}

static void test_config__all_problems_are_told_up_to_a_limit(void **state)
{
    (void)state;
    expect("[run]\nsede = 1\n[optim]\nlr = x\n",
           "@:2: [run] sede: unknown key, did you mean [run] seed?\n"
           "@:4: [optim] lr: got 'x', want number, 0 to 1000");
    char text[1000] = "";
    struct text t = { .at = text, .cap_bytes = sizeof text };
    for (int i = 0; i < 100; i++)
        text_add(&t, "z%d\n", i);
    struct config c;
    struct err e = { 0 };
    assert_int_equal(
        config_load(&c, test_write_text("many.ini", text), NULL, 0, NULL, &e),
        ERR_CONFIG);
    int n_lines = 1;
    for (const char *s = e.text; (s = strchr(s, '\n')); s++)
        n_lines++;
    assert_int_equal(n_lines, 21);
    assert_non_null(strstr(e.text, "\n... and 80 more"));
}

static void test_config__a_stored_text_includes_nothing(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    assert_int_equal(config_load_text(&c, "[run]\nseed = 5\n", "ck", &e), OK);
    assert_int_equal(c.run.seed, 5);
    assert_int_equal(config_load_text(&c, "include = a\n", "ck", &e),
                     ERR_CONFIG);
    assert_string_equal(e.text, "ck:1: include: got one in a stored "
                                "configuration, which is complete in itself");
}

/* ---- what does nothing ------------------------------------------------- */

static void test_config__what_nothing_reads_is_refused(void **state)
{
    (void)state;
    expect(
        "[attention]\n\nclip_alpha = 2\n",
        "@:3: [attention] clip_alpha = 2 is read only with attention.weights "
        "= clipped; this run has softmax: leave it out, or change that");
    expect(
        "[attention]\nweights = sigmoid\nsigmoid_bias = length\n"
        "sigmoid_b = 2\n",
        "@:4: [attention] sigmoid_b = 2 is read only with attention.weights "
        "= sigmoid and attention.sigmoid_bias != length; this run has "
        "attention.weights = sigmoid, attention.sigmoid_bias = length: leave "
        "it out, or change that");
    expect("[optim]\nmin_lr = 0.1\n[data]\npath = x\n",
           "@:2: [optim] min_lr = 0.1 is read only with optim.schedule != "
           "constant; this run has constant: leave it out, or change that\n"
           "@:4: [data] path = x is read only with data.source = text | "
           "tokens; this run "
           "has bigram-backcopy: leave it out, or change that");
    expect_override("attention.gate_per=head",
                    "command line: attention.gate_per = head is read only with "
                    "attention.gate != none; this run has none: leave it out, "
                    "or change that");
    expect_override("attention.window=64",
                    "command line: attention.window = 64 is read only with "
                    "attention.window < model.context; this run has "
                    "model.context = 64: leave it out, or change that");
    expect_override("attention.window_layers=0",
                    "command line: attention.window_layers = 0 is read only "
                    "with attention.window != 0; this run has 0: leave it out, "
                    "or change that");
    expect_override("optim.lr_head=2",
                    "command line: optim.lr_head = 2 is read only with "
                    "model.tied_head = no; this run has yes: leave it out, or "
                    "change that");
    struct config c; /* the default does nothing by itself */
    load(&c, NULL, "attention.clip_alpha=12");
    load(&c, NULL, "optim.min_lr=0");
}

static void test_config__layers_that_are_not_there_are_refused(void **state)
{
    (void)state;
    static const char *const lists[] = { "2", "0, 2", "1, 0", "1, 1" };
    for (idx i = 0; i < COUNT_OF(lists); i++) {
        char text[128];
        snprintf(text, sizeof text,
                 "[model]\nlayers = 2\n[attention]\nwindow = 4\n"
                 "window_layers = %s\n",
                 lists[i]);
        expect(text,
               "@: [attention] window_layers and [model] layers: blocks are "
               "named by their numbers, from 0 to below layers, each once and "
               "in order");
    }
}

static void
test_config__stretched_positions_that_are_not_are_refused(void **state)
{
    (void)state;
    expect("[model]\nposition = rope\nrope_scaling = linear\n"
           "rope_factor = 1\n",
           "@: [model] rope_scaling = linear with rope_factor = 1 changes "
           "nothing: give another factor, or none");
    expect("[model]\nposition = rope\nrope_scaling = llama3\nrope_slow = 4\n",
           "@: [model] rope_slow = 4, rope_fast = 4: want rope_fast above "
           "rope_slow");
}

static void test_config__a_column_that_cannot_act_is_refused(void **state)
{
    (void)state;
    static const char *const idle[][4] = {
        { "attention.weights=sigmoid", "attention.bias=key" },
        { "attention.weights=sigmoid", "attention.bias=logit" },
        { "attention.weights=relu", "attention.bias=key",
          "attention.bias_value=first", "attention.bias_value_scale=0" },
        { "attention.weights=stick_breaking", "attention.bias=key" },
    };
    static const char *const acting[][4] = {
        { "attention.weights=sigmoid", "attention.bias=key",
          "attention.bias_value=first" },
        { "attention.weights=sigmoid", "attention.bias=key_value" },
        { "attention.weights=relu", "attention.bias=logit",
          "attention.normalizer=sum" },
        { "attention.weights=softmax1", "attention.bias=key" },
    };
    struct config c;
    for (idx i = 0; i < COUNT_OF(idle); i++) {
        struct err e = { 0 };
        idx n = idle[i][2] ? 4 : 2;
        assert_int_equal(config_load(&c, NULL, idle[i], n, NULL, &e),
                         ERR_CONFIG);
        assert_non_null(strstr(e.text, "attention.bias = "));
        assert_non_null(strstr(e.text, " is read only where its column can "
                                       "change the output: "));
    }
    for (idx i = 0; i < COUNT_OF(acting); i++) {
        struct err e = { 0 };
        idx n = acting[i][2] ? 3 : 2;
        if (config_load(&c, NULL, acting[i], n, NULL, &e))
            fail_msg("%s", e.text);
    }
}

/* What an earlier place gave, a later one may leave idle: that is a note. */
static void expect_note(struct config *c, const char *path,
                        const char *override, const char *want)
{
    struct config_source *origins = NULL;
    struct err e = { 0 };
    if (config_load(c, path, &override, override != NULL, &origins, &e))
        fail_msg("%s", e.text);
    assert_string_equal(config_notes(origins), want);
    config_source_free(origins);
}

static void test_config__a_later_choice_leaves_a_note(void **state)
{
    (void)state;
    struct config c, plain;
    struct err e = { 0 };
    char want[1024], id[CONFIG_ID_MAX], plain_id[CONFIG_ID_MAX];
    const char *base = test_write_text(
        "base-of.ini", "[optim]\nschedule = cosine\nmin_lr = 0.05\n");
    snprintf(want, sizeof want,
             "%s:3: [optim] min_lr = 0.05 is read only with optim.schedule != "
             "constant; this run has constant, so it has its default",
             base);
    expect_note(&c, base, NULL, "");
    assert_true(c.optim.min_lr == 0.05);
    expect_note(&c, base, "optim.schedule=constant", want);
    assert_true(c.optim.min_lr == 0);
    load(&plain, NULL, NULL);
    config_id(id, &c);
    config_id(plain_id, &plain);
    assert_string_equal(id, plain_id);
    const char *upper =
        test_write_text("upper.ini", "include = base-of.ini\n[optim]\n"
                                     "schedule = constant\n");
    expect_note(&c, upper, NULL, want);
    /* given at the same place as the choice, or after it, it is a mistake */
    test_write_text("base-of.ini", "[optim]\nschedule = constant\n");
    upper = test_write_text("upper.ini", "include = base-of.ini\n[optim]\n"
                                         "min_lr = 0.05\n");
    assert_int_equal(config_load(&c, upper, NULL, 0, NULL, &e), ERR_CONFIG);
    const char *both[] = { "optim.min_lr=0.05", "optim.schedule=constant" };
    assert_int_equal(config_load(&c, NULL, both, 2, NULL, ERR_IGNORED),
                     ERR_CONFIG);
}

/* One that goes drags along what needs it. */
static void test_config__notes_follow_each_other(void **state)
{
    (void)state;
    struct config c;
    char want[1024];
    const char *base =
        test_write_text("chain.ini", "[model]\ncontext = 32\n[attention]\n"
                                     "group = 16\ngroup_globals = 2\n");
    snprintf(want, sizeof want,
             "%s:4: [attention] group = 16 is read only with attention.group < "
             "model.context or attention.group_shift = yes; this run has "
             "model.context = 16, attention.group_shift = no, so it has its "
             "default\n"
             "%s:5: [attention] group_globals = 2 is read only with "
             "attention.group != 0; this run has 0, so it has its default",
             base, base);
    expect_note(&c, base, "model.context=16", want);
    assert_int_equal(c.attention.group, 0);
    assert_int_equal(c.attention.group_globals, 0);
}

static void test_config__resumed_runs_are_checked_alike(void **state)
{
    (void)state;
    struct config c;
    struct err e = { 0 };
    struct config_source *changes = NULL;
    const char *first[] = { "train.stop_loss=3", "train.stop_loss_from=5" };
    assert_int_equal(config_load(&c, NULL, first, 2, NULL, ERR_IGNORED), OK);
    const char *off[] = { "train.stop_loss=0" };
    assert_int_equal(
        config_override(&c, NULL, off, 1, KEY_RESUME, &changes, &e), OK);
    assert_string_equal(config_notes(changes),
                        "train.stop_loss_from = 5 is read only with "
                        "train.stop_loss != 0; this run has 0, so it has its "
                        "default");
    assert_int_equal(c.train.stop_loss_from, 0);
    config_source_free(changes);
    const char *idle[] = { "train.stop_loss_from=7" };
    assert_int_equal(config_override(&c, NULL, idle, 1, KEY_RESUME, NULL, &e),
                     ERR_CONFIG);
    assert_non_null(strstr(e.text, "train.stop_loss_from = 7 is read only"));
}

/* What an earlier version let pass is read, and is the same run without. */
static void test_config__stored_configs_may_be_idle(void **state)
{
    (void)state;
    static const char old[] = "[attention]\nclip_alpha = 2\nbias = key\n"
                              "weights = sigmoid\n";
    struct config c, d;
    struct err e = { 0 };
    char id[CONFIG_ID_MAX], other[CONFIG_ID_MAX];
    if (config_load_text(&c, old, "ck", &e) ||
        config_load_sealed(&d, test_write_text("old.ini", old), "", &e))
        fail_msg("%s", e.text);
    assert_memory_equal(&c, &d, sizeof c);
    assert_true(c.attention.clip_alpha == 2);
    load(&d, NULL, "attention.weights=sigmoid");
    config_id(id, &c);
    config_id(other, &d);
    assert_string_equal(id, other);
}

/* All presets, maps and operations: what is dumped loads as a file again. */
static void test_config__a_dump_loads_as_any_file(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "model.preset=llama",
        "model.norm_place=none",
        "attention.weights=clipped",
        "attention.operation=flow",
        "optim.name=sgd",
        "optim.schedule=linear",
        "attention.bias=key_value",
        "attention.group=4",
        "data.source=text",
        "train.stop_loss=2",
    };
    for (idx i = 0; i < COUNT_OF(settings); i++) {
        struct config c, back;
        const char *two[] = { settings[i], "model.preset=llama" };
        struct config_source *origins = NULL;
        assert_int_equal(config_load(&c, NULL, two, 2, &origins, ERR_IGNORED),
                         OK);
        char *text = config_print(&c, origins);
        const char *path = test_write_text("dump.ini", text);
        load(&back, path, NULL);
        assert_memory_equal(&c, &back, sizeof c);
        free(text);
        config_source_free(origins);
    }
}

#define TEST(name) cmocka_unit_test(test_config__##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(unknown_key_names_the_nearest),
        TEST(unknown_section_names_the_nearest),
        TEST(wrong_values_say_what_is_wanted),
        TEST(a_key_given_twice_names_both_lines),
        TEST(an_indented_key_is_not_swallowed),
        TEST(damaged_files_are_refused),
        TEST(unreadable_files_are_io_errors),
        TEST(bad_includes_name_the_line),
        TEST(includes_that_multiply_end),
        TEST(include_circles_and_depths_end),
        TEST(bad_overrides_say_command_line),
        TEST(keys_must_fit_together),
        TEST(all_problems_are_told_up_to_a_limit),
        TEST(a_stored_text_includes_nothing),
        TEST(what_nothing_reads_is_refused),
        TEST(a_column_that_cannot_act_is_refused),
        TEST(layers_that_are_not_there_are_refused),
        TEST(stretched_positions_that_are_not_are_refused),
        TEST(a_later_choice_leaves_a_note),
        TEST(notes_follow_each_other),
        TEST(resumed_runs_are_checked_alike),
        TEST(stored_configs_may_be_idle),
        TEST(a_dump_loads_as_any_file),
    };
    return cmocka_run_group_tests_name("config_errors", tests, NULL, NULL);
}
