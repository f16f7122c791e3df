/* The grammar of sweep files: every form, every mistake and its sentence. */
#include "harness.h"
#include "sweep_case.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "io/fsys.h"

static const struct sweep_axis *read_axis(const char *line)
{
    char text[4096];
    struct err e = { 0 };
    snprintf(text, sizeof text, "[axes]\n%s\n", line);
    if (sweep_case_read(text, NULL, 0, &e))
        fail_msg("%s: %s", line, e.text);
    assert_int_equal(case_file.n_axes, 1);
    return &case_file.axes[0];
}

/* The values of the one axis, rows told apart by a bar. */
static void check_values(const char *line, const char *want)
{
    char got[4096] = "";
    struct text t = { .at = got, .cap_bytes = sizeof got };
    const struct sweep_axis *a = read_axis(line);
    for (idx i = 0; i < a->n_values; i++)
        for (idx k = 0; k < a->n_keys; k++)
            text_add(&t, "%s%s",
                     k   ? " & "
                     : i ? " | "
                         : "",
                     a->values[i * a->n_keys + k]);
    assert_string_equal(got, want);
    sweep_case_release();
}

/* @ in `want` stands for the file, ~ for what optimizers there are. */
static void check_refused(const char *text, const char *want)
{
    char full[ERR_TEXT_MAX] = "";
    struct text t = { .at = full, .cap_bytes = sizeof full };
    char names[256];
    const char *path = sweep_case_write(text);
    struct err e = { 0 };
    key_describe(config_key_find("optim.name").key, names, sizeof names);
    for (; *want; want++)
        if (*want == '@')
            text_add(&t, "%s", path);
        else if (*want == '~')
            text_add(&t, "%s", names);
        else
            text_add(&t, "%c", *want);
    assert_int_equal(sweep_file_read(&case_file, path, NULL, 0, &e),
                     ERR_CONFIG);
    assert_string_equal(e.text, full);
    sweep_case_release();
}

static void test_sweep_file__lists_give_their_values(void **state)
{
    (void)state;
    check_values("optim.lr = 1e-3, 0.01", "0.001 | 0.01");
    check_values("attention.weights = softmax,relu", "softmax | relu");
    check_values("model.biases = on, off", "yes | no");
    check_values("optim.schedule = linear, cosine", "linear | cosine");
    check_values("run.seed = 1 to 3, 7", "1 | 2 | 3 | 7");
    check_values("optim.lr & checkpoint.steps = 1 & {1, 2}, 2 & {}, 3 & {4}",
                 "1 & 1, 2 | 2 &  | 3 & 4");
    check_values("optim.lr = 1,\n  2,\n  3", "1 | 2 | 3");
    check_values("optim.lr = 1\n  2\n  3", "1 | 2 | 3");
    check_values("data.path = {a, if b}, c d", "a, if b | c d");
    check_values("loss.z = 0, 1e-4, {0 until 1000, 1e-4}",
                 "0 | 0.0001 | 0 until 1000, 0.0001");
    check_values("loss.z = log 1e-4 to 1e-2, 3", "0.0001 | 0.001 | 0.01");
}

static void test_sweep_file__ranges_give_their_values(void **state)
{
    (void)state;
    check_values("optim.lr = linear 0 to 1, 5", "0 | 0.25 | 0.5 | 0.75 | 1");
    check_values("optim.lr = log 1e-4 to 1e-2, 3", "0.0001 | 0.001 | 0.01");
    check_values("optim.lr = log 1 to 10, 3", "1 | 3.16228 | 10");
    check_values("optim.lr = log 10 to 1, 3", "10 | 3.16228 | 1");
    check_values("optim.lr = linear 2 to 3, 1", "2");
    check_values("model.layers = log 1 to 8, 4", "1 | 2 | 4 | 8");
    check_values("model.layers = linear 1 to 3, 9", "1 | 2 | 3");
    check_values("optim.lr = linear 0.1234567891 to 0.2, 2",
                 "0.1234567891 | 0.2");
}

static void test_sweep_file__keys_move_together(void **state)
{
    (void)state;
    check_values("optim.lr & train.steps = 1e-3 & 2000, 2e-3&1000",
                 "0.001 & 2000 | 0.002 & 1000");
}

static void test_sweep_file__conditions_are_read(void **state)
{
    const struct sweep_axis *a = read_axis(
        "attention.normalizer = none, sum if attention.weights = sigmoid | "
        "relu and optim.name != sgd");
    (void)state;
    assert_int_equal(a->n_values, 2);
    assert_int_equal(a->when.n, 2);
    assert_int_equal(a->when.terms[0].n, 2);
    assert_string_equal(a->when.terms[0].values[1].text, "relu");
    assert_int_equal(a->when.terms[0].sign, SIGN_EQUAL);
    assert_int_equal(a->when.terms[1].sign, SIGN_UNEQUAL);
    sweep_case_release();
    a = read_axis("optim.lr = 1, 2,\n  if optim.name=sgd\n and run.seed=1e1");
    assert_int_equal(a->n_values, 2);
    assert_int_equal(a->when.n, 2);
    assert_string_equal(a->when.terms[1].values[0].text, "10");
    sweep_case_release();
}

static void test_sweep_file__random_and_exclude_are_read(void **state)
{
    struct err e = { 0 };
    (void)state;
    int rc =
        sweep_case_read("[random]\ndraws = 5\nseed = 9\n"
                        "optim.lr = loguniform 1e-4 to 1e-2\n"
                        "model.layers = uniform 1 to 4\n"
                        "optim.name = choice sgd, adamw\n"
                        "[exclude]\noptim.name = sgd and\n  model.layers = 1\n"
                        "optim.name != sgd\n"
                        "[axes]\nrun.seed = 1\n",
                        NULL, 0, &e);
    assert_string_equal(e.text, "");
    assert_int_equal(rc, OK);
    assert_int_equal(case_file.n_grid,
                     1); /* [axes] first, wherever it stands */
    assert_int_equal(case_file.n_axes, 4);
    assert_int_equal(case_file.draws, 5);
    assert_int_equal(case_file.seed, 9);
    assert_int_equal(case_file.axes[1].draw, DRAW_LOGUNIFORM);
    assert_close(case_file.axes[1].high, 1e-2, 0);
    assert_int_equal(case_file.axes[3].draw, DRAW_CHOICE);
    assert_int_equal(case_file.n_excludes, 2);
    assert_int_equal(case_file.excludes[0].n, 2);
    assert_int_equal(case_file.excludes[1].terms[0].sign, SIGN_UNEQUAL);
    sweep_case_release();
}

static void test_sweep_file__options_come_from_file_and_command(void **state)
{
    static const char *const overrides[] = { "sweep.jobs=3", "run.dir=x/y/" };
    struct err e = { 0 };
    const char *path = sweep_case_write("[sweep]\njobs = 2\nretries = 4\n"
                                        "[axes]\nrun.seed = 1\n");
    (void)state;
    assert_int_equal(sweep_file_read(&case_file, path, overrides, 2, &e), OK);
    assert_int_equal(case_file.options.jobs, 3);
    assert_int_equal(case_file.options.retries, 4);
    assert_int_equal(case_file.options.threads, 1);
    assert_string_equal(case_file.dir, "x/y");
    assert_string_equal(case_file.base.run.dir, "");
    sweep_case_release();
    assert_int_equal(sweep_file_read(&case_file, path, NULL, 0, &e), OK);
    assert_string_equal(case_file.dir, "runs/s");
    sweep_case_release();
}

/* Two folders may each have a sweep.ini; seen from outside they are told apart
 * by their folders' names. */
static void test_sweep_file__a_sweep_ini_goes_by_its_folder(void **state)
{
    (void)state;
    static const struct {
        const char *path, *dir;
    } cases[] = {
        { "first question/sweep.ini", "runs/first question" },
        { "./second//sweep.ini", "runs/second" },
        { "second/../second/./sweep.ini", "runs/second" },
        { "second/lr.ini", "runs/lr" },
        { "sweep.ini", "runs/sweep" },
        { "./sweep.ini", "runs/sweep" },
    };
    char here[4096];
    struct err e = { 0 };
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(test_dir()), 0);
    assert_int_equal(fsys_mkdirs("first question", &e), OK);
    assert_int_equal(fsys_mkdirs("second", &e), OK);
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        static const char text[] = "[axes]\nrun.seed = 1, 2\n";
        test_write_file(cases[i].path, text, strlen(text));
        if (sweep_file_read(&case_file, cases[i].path, NULL, 0, &e))
            fail_msg("%s", e.text);
        assert_string_equal(case_file.dir, cases[i].dir);
        sweep_case_release();
    }
    assert_int_equal(chdir(here), 0);
}

static void test_sweep_file__what_is_printed_reads_back(void **state)
{
    struct err e = { 0 };
    const char *text = "[axes]\noptim.lr & run.seed = 1 & 2,\n  3 & 4\n"
                       "   if optim.name = adamw\n"
                       "[random]\ndraws = 2\noptim.eps = uniform 0.1 to 0.2\n"
                       "[exclude]\noptim.lr != 1 and run.seed = 9 | 10\n"
                       "[sweep]\njobs = 7\n[model]\nlayers = 2\n";
    (void)state;
    assert_int_equal(sweep_case_read(text, NULL, 0, &e), OK);
    char *first = sweep_file_print(&case_file);
    sweep_case_release();
    assert_int_equal(sweep_case_read(first, NULL, 0, &e), OK);
    assert_string_equal(e.text, "");
    assert_int_equal(case_file.n_axes, 2);
    assert_int_equal(case_file.axes[0].n_values, 2);
    assert_int_equal(case_file.axes[0].when.n, 1);
    assert_int_equal(case_file.draws, 2);
    assert_int_equal(case_file.excludes[0].n, 2);
    assert_int_equal(case_file.options.jobs, 7);
    assert_int_equal(case_file.base.model.layers, 2);
    free(first);
    sweep_case_release();
}

/* Nor does the file's own name end the comment that it stands in. */
static void test_sweep_file__no_name_is_read_as_text(void **state)
{
    const char *text = "[axes]\noptim.lr = 1, 2\n";
    char path[512], name[TEXT_PATH_MAX] = "b\n[model]\nlayers = 5\n;", *printed;
    struct err e = { 0 };
    (void)state;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s.ini", test_dir(), name);
        test_write_file(path, text, strlen(text));
        assert_int_equal(sweep_file_read(&case_file, path, NULL, 0, &e), OK);
        printed = sweep_file_print(&case_file);
        idx layers = case_file.base.model.layers;
        sweep_case_release();
        assert_int_equal(sweep_case_read(printed, NULL, 0, &e), OK);
        assert_int_equal(case_file.base.model.layers, layers);
        sweep_case_release();
        assert_true(strstr(printed, i ? "from instead: ...dd" : "layers = 5?"));
        free(printed);
        memset(name, 'd', sizeof name - 1);
    }
}

static void test_sweep_file__a_run_does_not_take_one(void **state)
{
    (void)state;
    for (const char *const *s = sweep_sections; *s; s++) {
        struct config c;
        struct err e = { 0 };
        char text[64], want[1200];
        snprintf(text, sizeof text, "[%s]\nx = 1\n[sweep]\n", *s);
        const char *path = sweep_case_write(text);
        assert_int_equal(config_load(&c, path, NULL, 0, NULL, &e), ERR_CONFIG);
        snprintf(want, sizeof want,
                 "%s:1: [%s] stands in sweep files only, not in the config of "
                 "one run: use `sinklab sweep %s`",
                 path, *s, path);
        assert_string_equal(e.text, want);
    }
}

static void test_sweep_file__unknown_names_have_neighbours(void **state)
{
    (void)state;
    check_refused("[axes]\noptim.lrr = 1\n",
                  "@:2: [optim] lrr: unknown key, did you mean [optim] lr?");
    check_refused("[axes]\nlr = 1\n",
                  "@:2: lr: no section is given for it; there is [optim] lr");
    check_refused("[axes]\noptin.lr = 1\n",
                  "@:2: unknown section 'optin', did you mean optim?");
    check_refused("[axis]\noptim.lr = 1\n",
                  "@:1: unknown section 'axis', did you mean axes?");
    check_refused("[axes]\noptim.lr = 1 if optim.nam = sgd\n",
                  "@:2: [optim] nam: unknown key, did you mean [optim] name?");
    check_refused("[sweep]\njob = 1\n[axes]\nrun.seed = 1\n",
                  "@:2: [sweep] job: unknown key, did you mean [sweep] jobs?");
    check_refused("[random]\ndraw = 1\noptim.lr = uniform 1 to 2\n",
                  "@:2: [random] draw: unknown key, did you mean [random] "
                  "draws?");
}

static void test_sweep_file__bad_values_are_told(void **state)
{
    (void)state;
    check_refused("[axes]\noptim.lr =\n",
                  "@:2: [axes] optim.lr: is an empty axis: give its values, "
                  "separated by commas");
    check_refused("[axes]\noptim.lr = if optim.name = sgd\n",
                  "@:2: [axes] optim.lr: is an empty axis: give its values, "
                  "separated by commas");
    check_refused("[axes]\noptim.lr = 1,,2\n",
                  "@:2: [axes] optim.lr: got an empty value of optim.lr; {} "
                  "stands for an empty text or list");
    check_refused("[axes]\noptim.lr = 1, 2000\n",
                  "@:2: [axes] optim.lr: got '2000', want number, 0 "
                  "to 1000");
    check_refused("[axes]\nmodel.layers = linear 0 to 4, 5\n",
                  "@:2: [axes] model.layers: got '0', want "
                  "integer, 1 to 256");
    check_refused("[axes]\noptim.lr = {1\n",
                  "@:2: [axes] optim.lr: got a { or } that has no partner");
    check_refused("[axes]\noptim.lr & run.seed = 1 & 2, 3\n",
                  "@:2: [axes] optim.lr & run.seed: got '3', want a value for "
                  "each of the 2 keys, with & between them");
    check_refused("[axes]\noptim.lr & run.seed = 1 & 2 & 3\n",
                  "@:2: [axes] optim.lr & run.seed: got '1 & 2 & 3', want a "
                  "value for each of the 2 keys, with & between them");
    check_refused("[axes]\noptim.lr & optim.lr = 1 & 2\n",
                  "@:2: [axes] optim.lr & optim.lr: optim.lr is named twice");
    check_refused("[axes]\nrun.dir = a, b\n",
                  "@:2: [axes] run.dir: is no axis: every run gets a folder "
                  "of its own below that of the sweep");
}

static void test_sweep_file__bad_ranges_are_told(void **state)
{
    (void)state;
    check_refused("[axes]\noptim.lr = linear 1 to 2\n",
                  "@:2: [axes] optim.lr: got 'linear 1 to 2', want linear A "
                  "to B, N: how many values?");
    check_refused("[axes]\noptim.lr = log 0 to 1, 3\n",
                  "@:2: [axes] optim.lr: got log of 0 to 1, want both ends "
                  "above 0");
    check_refused("[axes]\noptim.lr = linear a to 1, 3\n",
                  "@:2: [axes] optim.lr: got 'a', want number");
    check_refused("[axes]\noptim.lr = linear 1, 3\n",
                  "@:2: [axes] optim.lr: got '1', want A to B");
    check_refused("[axes]\noptim.lr = 1 to 3\n",
                  "@:2: [axes] optim.lr: got '1 to 3', want linear A to B, N "
                  "or log A to B, N");
    check_refused("[axes]\nrun.seed = 3 to 1\n",
                  "@:2: [axes] run.seed: got '3 to 1', want the smaller "
                  "number first, and at most 10000 values");
    check_refused("[axes]\noptim.name = linear 1 to 2, 3\n",
                  "@:2: [axes] optim.name: got 'linear', which goes with a "
                  "single key whose values are numbers: list the values");
    check_refused("[axes]\noptim.lr = uniform 1 to 2\n",
                  "@:2: [axes] optim.lr: 'uniform' belongs in [random]");
    check_refused("[random]\ndraws = 1\noptim.lr = log 1 to 2, 3\n",
                  "@:3: [random] optim.lr: 'log' belongs in [axes]");
    check_refused("[random]\ndraws = 1\noptim.lr = 1, 2\n",
                  "@:3: [random] optim.lr: want uniform A to B, loguniform A "
                  "to B, or choice value, value, ...");
    check_refused("[random]\ndraws = 1\noptim.lr = uniform 2 to 1\n",
                  "@:3: [random] optim.lr: got uniform 2 to 1, want the "
                  "smaller number first");
}

static void test_sweep_file__bad_conditions_are_told(void **state)
{
    (void)state;
    check_refused("[axes]\noptim.lr = 1 if sgd\n",
                  "@:2: [axes] optim.lr: condition 'sgd': want section.key = "
                  "value");
    check_refused("[axes]\noptim.lr = 1 if optim.name = sdg\n",
                  "@:2: [axes] optim.lr: condition 'optim.name = sdg': got "
                  "'sdg', want ~; did you mean sgd?");
    check_refused("[axes]\noptim.lr = 1 if optim.lr = 2\n",
                  "@:2: [axes] optim.lr: the condition speaks of the axis "
                  "itself; leave values out by [exclude]");
    check_refused("[axes]\noptim.lr = 1 if optim.name = sgd\n"
                  "optim.name = sgd, adamw\n",
                  "@:2: [axes] optim.lr: the condition speaks of optim.name, "
                  "an axis of @:3: put that one above");
    check_refused("[exclude]\noptim.lr = x\n[axes]\nrun.seed = 1\n",
                  "@:2: [exclude] condition 'optim.lr = x': got 'x', want "
                  "number, 0 to 1000");
    check_refused("[exclude]\noptim.lr\n[axes]\nrun.seed = 1\n",
                  "@:2: [exclude] condition 'optim.lr': want section.key = "
                  "value");
}

static void test_sweep_file__axes_must_go_together(void **state)
{
    (void)state;
    check_refused("[axes]\noptim.lr = 1\noptim.lr = 2\n",
                  "@:3: [axes] optim.lr: optim.lr is an axis twice, first in "
                  "@:2: give conditions that never hold together");
    check_refused("[model]\nlayers = 2\n",
                  "@:1: no axis: a sweep file has a section [axes] with lines "
                  "section.key = value, value, or a section [random]");
    check_refused("[random]\noptim.lr = uniform 1 to 2\n",
                  "@:1: [random] has keys to draw, but not how often: give "
                  "draws = N");
    check_refused("[random]\ndraws = 3\n",
                  "@:1: [random] has draws, but no key to draw: give "
                  "section.key = uniform A to B");
    check_refused("[sweep]\njobs = 1\njobs = 2\n[axes]\nrun.seed = 1\n",
                  "@:3: [sweep] jobs: given twice in this file, first in line "
                  "2");
    check_refused("[sweep]\njobs = -1\n[axes]\nrun.seed = 1\n",
                  "@:2: [sweep] jobs: got '-1', want integer, 0 to 4096");
}

static void test_sweep_file__all_mistakes_are_told_together(void **state)
{
    (void)state;
    check_refused("[model]\nlayrs = 1\n[axes]\noptim.lrr = 1\nrun.seed = x\n",
                  "@:2: [model] layrs: unknown key, did you mean [model] "
                  "layers?\n"
                  "@:4: [optim] lrr: unknown key, did you mean [optim] lr?\n"
                  "@:5: [axes] run.seed: got 'x', want integer, 0 "
                  "to 9007199254740992");
}

static void check_override(const char *override, const char *want)
{
    struct err e = { 0 };
    const char *path = sweep_case_write("[axes]\noptim.lr = 1, 2\n");
    assert_int_equal(sweep_file_read(&case_file, path, &override, 1, &e),
                     ERR_CONFIG);
    if (!strstr(e.text, want))
        fail_msg("'%s' does not say '%s'", e.text, want);
    sweep_case_release();
}

static void test_sweep_file__overrides_leave_axes_alone(void **state)
{
    (void)state;
    check_override("optim.lr=3", "s.ini:2: [axes] optim.lr: the command line "
                                 "sets optim.lr, which the axis varies");
    check_override("axes.optim.lr=3", "cannot be set on the command line");
    check_override("sweep.job=3", "command line: sweep.job: unknown key");
    check_override("sweep.jobs=x", "[sweep] jobs: got 'x'");
}

/* ---- axes that would not do what they say ------------------------------- */

static void refused(const char *text, const char *want)
{
    sweep_case_refused(text, ERR_CONFIG, want);
}

static void check_taken(const char *text)
{
    struct err e = { 0 };
    if (sweep_case_read(text, NULL, 0, &e) != OK)
        fail_msg("%s: %s", text, e.text);
    sweep_case_release();
}

static void test_sweep_file__a_preset_stands_in_any_order(void **state)
{
    (void)state;
    check_taken("[axes]\nmodel.norm & model.preset = layernorm & llama\n");
    check_taken("[axes]\nmodel.preset & model.norm = llama & layernorm\n");
    check_taken("[axes]\noptim.lr & model.preset = 1 & llama\n");
    check_taken("[axes]\nmodel.norm = rmsnorm\nmodel.preset = gpt2, llama\n");
    /* but a condition sees only what stands above it */
    refused("[axes]\noptim.lr = 1, 2 if model.norm = rmsnorm\n"
            "model.preset = gpt2, llama\n",
            "s.ini:2: [axes] optim.lr: the condition speaks of "
            "model.preset, an axis of ");
}

static void test_sweep_file__cosmetic_keys_alone_are_none(void **state)
{
    (void)state;
    refused("[axes]\nrun.seed = 1\ncheckpoint.steps = {1, 2}, {}\n",
            "s.ini:3: [axes] checkpoint.steps: is no axis: it changes no "
            "number");
    refused("[axes]\ntrain.log_every & sink.eps = 1 & 0.1, 2 & 0.2\n",
            "s.ini:2: [axes] train.log_every & sink.eps: is no axis");
    refused("[random]\ndraws = 2\ntrain.threads = uniform 1 to 4\n",
            "s.ini:3: [random] train.threads: is no axis");
    check_taken("[axes]\noptim.lr & checkpoint.steps = 1 & {1, 2}, 2 & {}\n");
}

static void test_sweep_file__options_of_the_sweep_are_none(void **state)
{
    (void)state;
    refused("[axes]\nsweep.jobs = 3\n",
            "s.ini:2: [sweep] is a section of the sweep file, not of its "
            "runs: its keys stand below a line [sweep]");
    refused("[axes]\nsweeep.jobs = 3\n", "did you mean sweep?");
}

static void test_sweep_file__no_folder_looks_like_an_option(void **state)
{
    static const char *const overrides[] = { "run.dir=-x/" };
    struct err e = { 0 };
    (void)state;
    assert_int_equal(
        sweep_case_read("[axes]\nrun.seed = 1\n", overrides, 1, &e), OK);
    assert_string_equal(case_file.dir, "./-x");
    sweep_case_release();
}

int main(void)
{
#define RUN(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        RUN(test_sweep_file__lists_give_their_values),
        RUN(test_sweep_file__ranges_give_their_values),
        RUN(test_sweep_file__keys_move_together),
        RUN(test_sweep_file__conditions_are_read),
        RUN(test_sweep_file__random_and_exclude_are_read),
        RUN(test_sweep_file__options_come_from_file_and_command),
        RUN(test_sweep_file__a_sweep_ini_goes_by_its_folder),
        RUN(test_sweep_file__what_is_printed_reads_back),
        RUN(test_sweep_file__no_name_is_read_as_text),
        RUN(test_sweep_file__a_run_does_not_take_one),
        RUN(test_sweep_file__unknown_names_have_neighbours),
        RUN(test_sweep_file__bad_values_are_told),
        RUN(test_sweep_file__bad_ranges_are_told),
        RUN(test_sweep_file__bad_conditions_are_told),
        RUN(test_sweep_file__axes_must_go_together),
        RUN(test_sweep_file__all_mistakes_are_told_together),
        RUN(test_sweep_file__overrides_leave_axes_alone),
        RUN(test_sweep_file__a_preset_stands_in_any_order),
        RUN(test_sweep_file__cosmetic_keys_alone_are_none),
        RUN(test_sweep_file__options_of_the_sweep_are_none),
        RUN(test_sweep_file__no_folder_looks_like_an_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
