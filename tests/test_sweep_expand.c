/* Which runs a sweep file stands for, in which order. */
#include "harness.h"
#include "sweep_case.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_label.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "nn/param.h"

static void must_expand(const char *text)
{
    struct err e = { 0 };
    if (sweep_case_expand(text, NULL, 0, &e))
        fail_msg("%s", e.text);
}

/* Every run's changes without their keys, runs told apart by a bar. */
static void check_runs(const char *text, const char *want)
{
    char got[4096] = "";
    struct text t = { .at = got, .cap_bytes = sizeof got };
    must_expand(text);
    for (idx i = 0; i < case_points.n; i++)
        for (idx k = 0; k < case_points.points[i].n_changes; k++)
            text_add(&t, "%s%s",
                     k   ? " "
                     : i ? "|"
                         : "",
                     strchr(case_points.points[i].changes[k], '=') + 1);
    assert_string_equal(got, want);
}

static void test_sweep_expand__last_axis_varies_fastest(void **state)
{
    (void)state;
    check_runs("[axes]\nmodel.layers = 1, 2\noptim.lr = 1, 2, 3\n",
               "1 1|1 2|1 3|2 1|2 2|2 3");
    check_runs("[axes]\noptim.lr & run.seed = 1 & 2, 3 & 4\n"
               "model.layers = 1 to 2\n",
               "1 2 1|1 2 2|3 4 1|3 4 2");
    sweep_case_release();
}

static void test_sweep_expand__first_seeds_alone(void **state)
{
    (void)state;
    check_runs("[sweep]\nseeds = 2\n[axes]\noptim.lr = 1, 2, 3\n"
               "run.seed = 4 to 9\n",
               "1 4|1 5|2 4|2 5|3 4|3 5");
    assert_int_equal(case_points.n_later, 3 * 4);
    check_runs("[sweep]\nseeds = 1\n[axes]\nmodel.layers = 1, 2\n"
               "run.init_seed & run.data_seed = 4 & 5, 6 & 7\n",
               "1 4 5|2 4 5");
    check_runs(
        "[sweep]\nseeds = 1\n[axes]\noptim.lr & run.seed = 1 & 1, 2 & 2\n"
        "run.init_seed = 8, 9\n",
        "1 1 8|2 2 8"); /* with another key it says more than a seed */
    check_runs("[sweep]\nseeds = 9\n[axes]\nrun.seed = 1, 2\n", "1|2");
    check_runs("[sweep]\nseeds = 2\n[axes]\noptim.lr = 1, 2\n", "1|2");
    assert_non_null(strstr(case_points.notes,
                           "sweep.seeds = 2 chooses among seeds, and no line "
                           "of [axes] varies them alone"));
    check_runs("[sweep]\nseeds = 1\n[axes]\nrun.seed = 1, 2\n"
               "optim.lr = 1, 2 if run.seed = 2\n",
               "1"); /* of a seed that is left out */
    assert_int_equal(case_points.n_later, 2);
    check_runs("[sweep]\nseeds = 1\n[axes]\nrun.seed = 1, 2\n"
               "optim.lr = 1, 2\n[exclude]\nrun.seed = 2 and optim.lr = 2\n",
               "1 1|1 2"); /* what is excluded is not for later */
    assert_int_equal(case_points.n_later, 1);
    sweep_case_release();
}

static void test_sweep_expand__conditions_gate_axes(void **state)
{
    (void)state;
    check_runs("[axes]\nattention.weights = softmax, sigmoid\n"
               "attention.normalizer = none, sum if attention.weights = "
               "sigmoid\noptim.lr = 1, 2\n",
               "softmax 1|softmax 2|sigmoid none 1|sigmoid none 2|sigmoid sum "
               "1|sigmoid sum 2");
    check_runs("[axes]\nmodel.layers = 1, 2\n"
               "optim.lr = 1, 2 if model.layers = 1\n"
               "optim.lr = 3 if model.layers != 1\n",
               "1 1|1 2|2 3");
    check_runs("[optim]\nname = sgd\n[axes]\noptim.lr = 1, 2 if optim.name = "
               "sgd\n",
               "1|2"); /* of a key that is no axis */
    check_runs("[axes]\nmodel.layers = 1, 2, 3\n"
               "optim.lr = 7, 8 if model.layers < 2 or model.layers >= 3 and "
               "optim.name = adamw\n",
               "1 7|1 8|2|3 7|3 8");
    check_runs("[axes]\nmodel.layers = 1, 2, 3\n"
               "optim.lr = 7, 8 if model.layers > model.heads\n",
               "1|2 7|2 8|3 7|3 8"); /* the value of another key */
    sweep_case_release();
}

static void test_sweep_expand__exclusions_take_out(void **state)
{
    (void)state;
    check_runs("[axes]\nmodel.layers = 1, 2\noptim.lr = 1, 2\n"
               "[exclude]\nmodel.layers = 1 and optim.lr != 1\n",
               "1 1|2 1|2 2");
    assert_int_equal(case_points.n_excluded, 1);
    assert_null(case_points.idle);
    check_runs("[axes]\nmodel.layers = 1, 2, 3\noptim.lr = 1, 2\n"
               "[exclude]\nmodel.layers <= 1\n"
               "model.layers > 2 and optim.lr == 1 or optim.lr = 2 and\n"
               "  model.layers = 2\n",
               "2 1|3 2");
    check_runs("[axes]\nmodel.layers = 1, 2, 3\noptim.lr = 1, 2\n"
               "[exclude]\noptim.lr < 1.5\n  and model.layers > 1\n"
               "model.layers > 2\n",
               "1 1|1 2|2 2");
    /* what could not be built may be excluded */
    check_runs("[axes]\nmodel.width = 64, 65\nmodel.heads = 1, 2\n"
               "[exclude]\nmodel.width = 65 and model.heads = 2\n",
               "64 1|64 2|65 1");
    must_expand("[axes]\nrun.seed = 1\n[exclude]\nrun.seed = 2\n");
    assert_string_equal(case_points.idle, "run.seed = 2");
    sweep_case_release();
}

/* The configuration of a point, whose identity it must have. */
static struct config config_of(idx point)
{
    struct config c;
    struct err e = { 0 };
    char id[CONFIG_ID_MAX];
    assert_true(point < case_points.n);
    if (sweep_point_config(&c, &case_file, &case_points.points[point], &e))
        fail_msg("%s", e.text);
    sweep_identity(id, &c);
    assert_string_equal(id, case_points.points[point].id);
    return c;
}

static void test_sweep_expand__a_preset_undoes_no_key(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[axes]\nmodel.preset = gpt2, llama\nmodel.norm = layernorm\n",
        "[axes]\nmodel.norm = layernorm\nmodel.preset = gpt2, llama\n",
        "[axes]\nmodel.preset & model.norm = gpt2 & layernorm, llama & "
        "layernorm\n",
        "[axes]\nmodel.norm & model.preset = layernorm & gpt2, layernorm & "
        "llama\n",
        "[model]\nnorm = layernorm\n[axes]\nmodel.preset = gpt2, llama\n",
        "[model]\npreset = llama\nnorm = layernorm\n[axes]\n"
        "model.preset = gpt2, llama\n",
    };
    for (idx i = 0; i < COUNT_OF(texts); i++) {
        must_expand(texts[i]);
        assert_int_equal(case_points.n, 2);
        struct config gpt2 = config_of(0), llama = config_of(1);
        assert_int_equal(gpt2.model.norm, NORM_LAYER);
        assert_int_equal(llama.model.norm, NORM_LAYER);
        assert_int_equal(gpt2.model.ffn, FFN_GELU);
        assert_int_equal(llama.model.ffn, FFN_SWIGLU);
    }
    sweep_case_release();
}

/* What is frozen must leave the preset free to act. */
static void test_sweep_expand__a_frozen_preset_acts_as_before(void **state)
{
    (void)state;
    char before[2][CONFIG_ID_MAX];
    must_expand("[model]\ninit = framework\n[axes]\n"
                "model.preset = gpt2, llama\n");
    for (idx i = 0; i < 2; i++)
        strcpy(before[i], case_points.points[i].id);
    char *frozen = sweep_file_print(&case_file);
    assert_non_null(frozen);
    must_expand(frozen);
    assert_int_equal(case_points.n, 2);
    for (idx i = 0; i < 2; i++)
        assert_string_equal(before[i], case_points.points[i].id);
    assert_int_equal(config_of(1).model.init, INIT_FRAMEWORK);
    assert_int_equal(config_of(1).model.norm, NORM_RMS);
    free(frozen);
    sweep_case_release();
}

static void test_sweep_expand__equal_runs_are_one(void **state)
{
    (void)state;
    check_runs("[axes]\nrun.seed = 1, 2, 1\n", "1|2");
    assert_int_equal(case_points.n_duplicates, 1);
    assert_string_equal(case_points.twins, "run.seed=1 is run.seed=1");
    /* a key that changes no number */
    check_runs("[axes]\nrun.seed & train.log_every = 1 & 1, 2 & 1, 1 & 2\n",
               "1 1|2 1");
    assert_int_equal(case_points.n_duplicates, 1);
    sweep_case_release();
}

static void test_sweep_expand__draws_are_of_their_number_alone(void **state)
{
    static const char head[] = "[axes]\nrun.seed = 1, 2\n[random]\nseed = 7\n";
    static const char axes[] = "optim.lr = loguniform 1e-4 to 1e-2\n"
                               "model.layers = uniform 1 to 100\n";
    char text[1024], few[4][2][64];
    (void)state;
    snprintf(text, sizeof text, "%sdraws = 2\n%s", head, axes);
    must_expand(text);
    assert_int_equal(case_points.n, 4);
    for (idx i = 0; i < 4; i++)
        for (idx k = 0; k < 2; k++)
            snprintf(few[i][k], sizeof few[i][k], "%s",
                     case_points.points[i].changes[k + 1]);
    assert_string_equal(few[0][0], few[2][0]); /* the same at each point */
    assert_string_not_equal(few[0][0], few[1][0]);

    /* more draws, and another axis in front: those there were stay */
    snprintf(text, sizeof text,
             "%sdraws = 50\noptim.name = choice sgd, adamw\n%s", head, axes);
    must_expand(text);
    assert_int_equal(case_points.n, 100);
    for (idx i = 0; i < 4; i++) {
        const struct sweep_point *p = &case_points.points[i < 2 ? i : i + 48];
        assert_string_equal(p->changes[2], few[i][0]);
        assert_string_equal(p->changes[3], few[i][1]);
    }
    for (idx i = 0; i < case_points.n; i++) {
        double lr = atof(strchr(case_points.points[i].changes[2], '=') + 1);
        long layers = atol(strchr(case_points.points[i].changes[3], '=') + 1);
        assert_true(lr >= 1e-4 && lr <= 1e-2);
        assert_true(layers >= 1 && layers <= 100);
        assert_true(strlen(case_points.points[i].changes[2]) <
                    24); /* 6 digits */
    }
    sweep_case_release();
}

/* KEEP WITH: src/sweep/sweep_expand.c, draw_number. Sweeps that exist are made
 * of these. */
static void test_sweep_expand__draws_stay_as_they_are(void **state)
{
    (void)state;
    check_runs("[random]\ndraws = 3\noptim.lr = loguniform 1e-4 to 1e-2\n",
               "0.00898679|0.00119814|0.00903625");
    sweep_case_release();
}

static void test_sweep_expand__labels_name_what_varies(void **state)
{
    (void)state;
    must_expand("[axes]\nattention.weights = relu, sigmoid\n"
                "attention.bias = none, key_value\nmodel.biases = yes, no\n"
                "optim.lr = 0.002\nrun.seed = 3, 4\n");
    assert_string_equal(case_points.points[0].label,
                        "relu-bias-none-biases-seed3");
    assert_string_equal(case_points.points[7].label,
                        "relu-key_value-no-biases-seed4");
    must_expand("[axes]\nrun.seed = 1\n");
    assert_string_equal(case_points.points[0].label, "");
    must_expand("[axes]\ncheckpoint.steps & run.seed = {1, 2} & 1, {3} & 2\n");
    assert_string_equal(case_points.points[0].label, "steps1--2-seed1");
    sweep_case_release();
}

/* What a person looks for first: which of the repetitions it is. */
static void test_sweep_expand__labels_keep_their_seed(void **state)
{
    (void)state;
    must_expand("[axes]\nrun.seed = 7, 8\nattention.weights = relu, sigmoid\n");
    assert_string_equal(case_points.points[0].label, "relu-seed7");
    must_expand("[sweep]\nseeds = 1\n[axes]\nrun.seed = 7, 8\n"
                "attention.weights = relu, sigmoid\n");
    assert_string_equal(case_points.points[0].label, "relu-seed7");
    must_expand(
        "[axes]\nattention.weights & attention.normalizer & "
        "attention.features & attention.bias & attention.gate = softmax & own "
        "& none & key & none, identity & abs_sum & mlp & none & none\n"
        "run.seed = 1, 2\n");
    for (idx i = 0; i < case_points.n; i++)
        for (idx k = 0; k < i; k++)
            assert_string_not_equal(case_points.points[i].label,
                                    case_points.points[k].label);
    assert_non_null(strstr(case_points.points[0].label, "-seed1"));
    must_expand("[axes]\ntrain.steps & optim.warmup_steps & checkpoint.steps & "
                "model.layers & model.width & optim.beta1 & optim.beta2 = "
                "10000000 & 10000 & {1, 2, 4, 8} & 2 & 64 & 0.901 & 0.9999, "
                "20000000 & 20000 & {1, 2, 4, 8} & 2 & 64 & 0.901 & 0.9999\n"
                "run.init_seed = 9007199254740991, 9007199254740992\n"
                "run.seed = 9007199254740991, 9007199254740992\n");
    for (idx i = 0; i < case_points.n; i++) {
        const char *label = case_points.points[i].label;
        assert_true(strlen(label) < SWEEP_LABEL_MAX);
        assert_memory_equal(label, i < 4 ? "steps1" : "steps2", 6);
        assert_non_null(strstr(label, "-etc-init_seed9007199254740"));
        assert_non_null(strstr(label, i % 2 ? "-seed9007199254740992"
                                            : "-seed9007199254740991"));
    }
    sweep_case_release();
}

static void test_sweep_expand__unbuildable_runs_are_named(void **state)
{
    (void)state;
    sweep_case_refused(
        "[axes]\nmodel.width = 64, 65\nmodel.heads = 2\nrun.seed = "
        "1\n",
        ERR_CONFIG,
        "s.ini:3: the run with model.width=65 model.heads=2 "
        "run.seed=1 cannot be built: ");
    sweep_case_refused("[axes]\nattention.weights = softmax, relu\n"
                       "[attention]\nnormalizer = none\n",
                       ERR_CONFIG,
                       "the run with attention.weights=softmax cannot");
    sweep_case_refused("[axes]\ndata.source = bigram-backcopy, text\n"
                       "[data]\npath = nowhere.txt\n",
                       ERR_DATA,
                       "s.ini:2: the run with data.source=text cannot be "
                       "built: data.path nowhere.txt");
}

static void test_sweep_expand__the_base_alone_may_be_unbuildable(void **state)
{
    (void)state;
    check_runs("[model]\nwidth = 65\nheads = 2\n[axes]\nmodel.width = 64\n",
               "64");
    sweep_case_release();
}

static void test_sweep_expand__useless_conditions_are_told(void **state)
{
    (void)state;
    sweep_case_refused(
        "[axes]\nrun.seed = 1\noptim.lr = 1 if optim.name = sgd\n", ERR_CONFIG,
        "s.ini:3: [axes] optim.lr: its condition never holds: "
        "optim.name = sgd");
    sweep_case_refused("[axes]\nrun.seed = 1, 2\n"
                       "optim.lr = 1 if run.seed = 1 | 2\n"
                       "optim.lr = 2 if run.seed = 2\n",
                       ERR_CONFIG,
                       "s.ini:4: [axes] optim.lr: already set by line 3 where "
                       "run.seed=2 optim.lr=1: give conditions");
    sweep_case_refused("[axes]\nrun.seed = 1, 2\n[exclude]\nrun.seed != 3\n",
                       ERR_CONFIG,
                       "s.ini:4: [exclude] leaves no run: all 2 combinations");
    if (test_is_long()) /* all of them are met first: seconds */
        sweep_case_refused(
            "[axes]\nrun.seed = 1 to 1000\noptim.lr = linear 0 to 1, "
            "1000\n",
            ERR_CONFIG, "more than 100000 combinations");
}

static void write_text(const char *name, const char *word)
{
    char path[600], text[4000] = "";
    struct text t = { .at = text, .cap_bytes = sizeof text };
    for (int i = 0; i < 300; i++)
        text_add(&t, "%s %d\n", word, i);
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    test_write_file(path, text, strlen(text));
}

static void test_sweep_expand__a_text_counts_not_its_place(void **state)
{
    char text[2048];
    (void)state;
    write_text("one.txt", "hello");
    write_text("other.txt", "world");
    write_text("copy.txt", "hello");
    snprintf(text, sizeof text,
             "[model]\ncontext = 16\n[data]\nsource = text\n[axes]\n"
             "data.path = %s/one.txt, %s/other.txt, %s/copy.txt\n",
             test_dir(), test_dir(), test_dir());
    must_expand(text);
    assert_int_equal(case_points.n, 2);
    assert_int_equal(case_points.n_duplicates, 1);
    assert_string_equal(case_points.points[1].label, "other.txt");
    struct config c;
    struct err e = { 0 };
    assert_int_equal(
        sweep_point_config(&c, &case_file, &case_points.points[0], &e), OK);
    assert_string_equal(c.data.hash, case_points.points[0].hash);
    assert_int_equal(strlen(c.data.hash), 16);
    sweep_case_release();
}

/* What a session asks of its data is asked of each run's, however many read
 * what was opened for the one before. */
static void test_sweep_expand__data_are_looked_at_for_each_run(void **state)
{
    static const struct {
        const char *axis, *want;
    } refused[] = {
        { "model.context = 8, 900", "context=900 cannot be built: data.path" },
        { "attention.documents = across, within",
          "documents=within cannot be built: [attention] documents = "
          "within: " },
    };
    char text[2048];
    (void)state;
    write_text("tokens.bin", "some");
    for (idx i = 0; i < COUNT_OF(refused); i++) {
        snprintf(text, sizeof text,
                 "[model]\ncontext = 8\n[data]\nsource = tokens\n"
                 "format = nanogpt\ntoken_bytes = 2\nvocab = 65536\n"
                 "path = %s/tokens.bin\n[axes]\n%s\n",
                 test_dir(), refused[i].axis);
        sweep_case_refused(text, ERR_DATA, refused[i].want);
    }
}

static void test_sweep_expand__axes_must_be_read(void **state)
{
    (void)state;
    sweep_case_refused(
        "[axes]\nattention.weights = softmax, clipped\n"
        "attention.clip_alpha = 2, 12\nrun.seed = 1, 2\n",
        ERR_CONFIG,
        "s.ini:3: [axes] attention.clip_alpha = 2 is read only with "
        "attention.weights = clipped; this run has softmax "
        "(attention.weights=softmax attention.clip_alpha=2 "
        "run.seed=1): give the axis a condition, `if "
        "attention.weights = clipped`");
    sweep_case_refused("[axes]\nattention.weights = softmax, sigmoid\n"
                       "attention.bias = none, key\n",
                       ERR_CONFIG,
                       "s.ini:3: [axes] attention.bias = key is read "
                       "only where its column");
    sweep_case_refused(
        "[random]\ndraws = 2\noptim.momentum = uniform 0.1 to 0.2\n",
        ERR_CONFIG, "s.ini:3: [random] optim.momentum = ");
    check_runs("[axes]\nattention.weights = softmax, clipped\n"
               "attention.clip_alpha = 2, 3 if attention.weights = clipped\n",
               "softmax|clipped 2|clipped 3");
    assert_null(case_points.notes);
    /* a default needs no reader */
    check_runs("[axes]\nattention.weights & attention.clip_alpha = softmax & "
               "12, clipped & 2\n",
               "softmax 12|clipped 2");
    sweep_case_release();
}

static void test_sweep_expand__shared_settings_must_be_read_once(void **state)
{
    (void)state;
    char want[1024];
    must_expand("[attention]\nclip_alpha = 2\n[axes]\n"
                "attention.weights = softmax, clipped\nrun.seed = 1 to 3\n");
    assert_int_equal(case_points.n, 6);
    snprintf(want, sizeof want,
             "%s/s.ini:2: [attention] clip_alpha = 2 is read only with "
             "attention.weights = clipped: by 3 of 6 combinations, the others "
             "have its default",
             test_dir());
    assert_string_equal(case_points.notes, want);
    assert_true(config_of(0).attention.clip_alpha == 12);
    assert_true(config_of(3).attention.clip_alpha == 2);
    sweep_case_refused(
        "[attention]\nclip_alpha = 2\n[axes]\n"
        "attention.weights = softmax, relu\n",
        ERR_CONFIG,
        "s.ini:2: [attention] clip_alpha = 2 is read only with "
        "attention.weights = clipped, which no run of this sweep "
        "has: leave it out, or change that");
    /* in a file of its own it is a base that the axis overrules */
    snprintf(want, sizeof want, "%s/base-of.ini", test_dir());
    test_write_file(want, "[optim]\nschedule = cosine\nmin_lr = 0.5\n", 39);
    must_expand("include = base-of.ini\n[axes]\noptim.schedule = constant\n");
    assert_true(config_of(0).optim.min_lr == 0);
    assert_non_null(strstr(case_points.notes,
                           "base-of.ini:3: [optim] min_lr = 0.5 "
                           "is read only with optim.schedule != "
                           "constant: by 0 of 1 combinations"));
    sweep_case_release();
}

static void test_sweep_expand__experiments_can_be_run(void **state)
{
    (void)state;
    static const char *const files[] = { "experiments/weight-maps/sweep.ini",
                                         "experiments/attention-and-lr/"
                                         "sweep.ini" };
    for (idx i = 0; i < COUNT_OF(files); i++) {
        struct err e = { 0 };
        sweep_case_release();
        if (sweep_file_read(&case_file, files[i], NULL, 0, &e) ||
            sweep_expand(&case_points, &case_file, &e))
            fail_msg("%s: %s", files[i], e.text);
        assert_null(case_points.notes);
        assert_int_equal(case_points.n_duplicates, 0);
    }
    sweep_case_release();
}

int main(void)
{
#define RUN(name) cmocka_unit_test(name)
    const struct CMUnitTest tests[] = {
        RUN(test_sweep_expand__last_axis_varies_fastest),
        RUN(test_sweep_expand__conditions_gate_axes),
        RUN(test_sweep_expand__first_seeds_alone),
        RUN(test_sweep_expand__exclusions_take_out),
        RUN(test_sweep_expand__a_preset_undoes_no_key),
        RUN(test_sweep_expand__a_frozen_preset_acts_as_before),
        RUN(test_sweep_expand__data_are_looked_at_for_each_run),
        cmocka_unit_test(test_sweep_expand__axes_must_be_read),
        RUN(test_sweep_expand__shared_settings_must_be_read_once),
        RUN(test_sweep_expand__experiments_can_be_run),
        RUN(test_sweep_expand__equal_runs_are_one),
        RUN(test_sweep_expand__draws_are_of_their_number_alone),
        RUN(test_sweep_expand__draws_stay_as_they_are),
        RUN(test_sweep_expand__labels_name_what_varies),
        RUN(test_sweep_expand__labels_keep_their_seed),
        RUN(test_sweep_expand__unbuildable_runs_are_named),
        RUN(test_sweep_expand__the_base_alone_may_be_unbuildable),
        RUN(test_sweep_expand__useless_conditions_are_told),
        RUN(test_sweep_expand__a_text_counts_not_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
