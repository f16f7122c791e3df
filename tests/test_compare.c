/* compare: run folders in, a table and a plot out. */
#include "harness.h"
#include "report/emergence.h"
#include "io/fsys.h"
#include "report/html_page.h"
#include "report/named_analyses.h"
#include "runs_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GONE "; (in brackets): gone again at the end\n"
static const char header[] =
    "step,tokens,val_loss,sink_1,sink_bias,first_mass_raw,row_sum\n";

/* A run that was analyzed. */
static void put_done(const char *run, const char *config, const char *rows)
{
    char text[2048];
    snprintf(text, sizeof text, "%s%s", header, rows);
    put_file(run, "analysis.csv", text);
    put_file(run, "config.ini", *config ? config : "[run]\n");
    put_file(run, "status", "done\nat step 200\n");
}

static const char softmax_rows[] = "0,0,4.5,0,,0.03,1\n"
                                   "100,10,2.25,0.5,,0.25,1\n"
                                   "200,20,1.5,0.975,,0.875,1\n";
static const char relu_rows[] = "0,0,4.5,0,,0.02,0.5\n"
                                "100,10,2.5,0.01,,0.02,0.25\n"
                                "200,20,1.75,0.02,,0.02,0.3\n";

static void put_two_runs(void)
{
    put_done("softmax", "[run]\nseed = 1\n", softmax_rows);
    put_done("re lu", "[run]\nseed = 1\n[attention]\nweights = relu\n",
             relu_rows);
}

static void test_compare__prints_table_and_plots(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "re lu" };
    skip_without_gnuplot();
    put_two_runs();
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(
        text,
        "                            final   final    first_\n"
        "                         val_loss  sink_1  mass_raw           "
        "emerged\n"
        "run      weights  steps      nats       %         %  row_sum  "
        "at step\n"
        "----------------------------------------------------------------"
        "-----\n"
        "softmax  softmax    200    1.5000    97.5      87.5     1.00  "
        "    200\n"
        "re lu    relu       200    1.7500     2.0       2.0     0.30  "
        "      -\n"
        "emerged: first step with sink_1 above 50 %" GONE
        "the runs differ in attention.weights\n"
        "note: one run each: another run.seed may differ as much; a sweep "
        "over it shows (docs/SWEEPS.md)\n"
        "\n");
    assert_within(text, " sink_1, percent\n");
    assert_within(text, " val_loss, nats\n");
    assert_within(text, " a softmax");
    assert_within(text, " b re lu\n");
    free(text);
}

/* A table is what counts: without gnuplot one sentence says what is missing. */
static void test_compare__without_gnuplot_there_is_a_table(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "re lu" };
    char old[4096];
    put_two_runs();
    snprintf(old, sizeof old, "%s", getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    char *text = compare_ok(names, 2, compare_usual);
    setenv("PATH", old, 1);
    assert_within(text, "\nre lu    relu       200    1.7500     2.0");
    assert_within(text, "\nnote: no plot: gnuplot, which draws figures and "
                        "plots, is not found: install it");
    assert_null(strstr(text, "percent\n"));
    free(text);
}

static void test_compare__csv_holds_all_digits_and_fractions(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "re lu" };
    struct compare_options o = compare_usual;
    char want[2048], *bytes;
    size_t n;
    put_two_runs();
    o.csv = path_to("table.csv", "");
    free(compare_ok(names, 2, o));
    bytes = read_whole(path_to("table.csv", ""), &n);
    snprintf(
        want, sizeof want,
        "run,attention.weights,status,steps,final_val_loss,final_sink_1,"
        "sink_bias,first_mass_raw,row_sum,emerged_at_step,final_val_loss_se,"
        "final_val_excess,final_val_bits_per_byte\n"
        "%s/softmax,softmax,done,200,1.5,0.975,,0.875,1,200,,,\n"
        "%s/re lu,relu,done,200,1.75,0.02,,0.02,0.3,,,,\n",
        test_dir(), test_dir());
    assert_string_equal(bytes, want);
    free(bytes);
}

static void test_compare__the_extra_column_has_its_percentage(void **state)
{
    (void)state;
    static const char *const names[] = { "key" };
    put_done("key", "", "0,0,4,0,0,0,1\n200,1,1.5,0.25,0.625,0.1,1\n");
    char *text = compare_ok(names, 1, compare_usual);
    assert_within(text, "\nkey    200    1.5000    25.0       62.5      10.0"
                        "     1.00        -\n");
    free(text);
}

static void test_emergence__thresholds_are_of_metrics_not_of_names(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        double threshold; /* 0: none is usual */
    } cases[] = {
        { "sink_1", 0.1 },
        { "sink_12_layer_3", 0.1 },
        { "sink_1_raw", 0.1 },
        { "sink_1_raw_layer_0", 0.1 },
        { "sink_bias", 0.1 },
        { "sink_phi", 0 },
        { "sink_1_at_0.1", 0.1 },
        { "sink_bias_at_0.5", 0.1 },
        { "sink_life", 0 },
        { "sink_place", 0 },
        { "sink_", 0 },
        { "hidden_ratio_layer_1", 3 },
        { "hidden_ratios", 0 },
        { "value_ratio", 0.5 },
        { "sink_bias_layer_2", 0.1 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct emergence m = emergence_of_column(cases[i].metric, 64);
        assert_int_equal(m.is_asked, cases[i].threshold > 0);
        if (m.is_asked)
            assert_true(m.threshold == cases[i].threshold);
    }
}

static void test_compare__a_single_checkpoint_is_enough(void **state)
{
    (void)state;
    static const char *const names[] = { "single" };
    put_done("single", "", "700,1,2,0.75,,0.5,1\n");
    char *text = compare_ok(names, 1, compare_usual);
    assert_within(text, "\nsingle    700    2.0000    75.0      50.0     1.00"
                        "      700\n");
    free(text);
}

static void test_compare__a_diverged_run_shows_its_nan(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "diverged" };
    put_two_runs();
    put_done("diverged", "[run]\nseed = 2\n",
             "0,0,4,0,,0,1\n100,1,nan,nan,,nan,nan\n");
    put_file("diverged", "status", "diverged\nloss is nan\n");
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "diverged     2  diverged    100       nan     nan");
    assert_within(text, "softmax      1  done        200    1.5000    97.5");
    free(text);
}

static void test_compare__missing_columns_are_dashes(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "bare" };
    put_two_runs();
    put_done("bare", "", "");
    put_file("bare", "analysis.csv", "step\n0\n50\n");
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nbare        50         -       -         -        -"
                        "        -\n");
    put_file("bare", "analysis.csv", "step,sink_1\n");
    free(text);
    text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nbare         -         -       -         -        -"
                        "        -\n");
    free(text);
}

static void test_compare__metrics_stand_in_for_analysis(void **state)
{
    (void)state;
    static const char *const names[] = { "live" };
    put_file("live", "config.ini", "[run]\n");
    put_file("live", "status", "running\n");
    put_file("live", "metrics.csv",
             "step,loss,val_loss,sink_1\n0,5,5,0\n10,4,,\n20,3,2.5,0.75\n"
             "30,2,,\n40,1.");
    char *text = compare_ok(names, 1, compare_usual);
    assert_within(text,
                  "\nlive  interrupted     30    2.5000    75.0       20\n");
    assert_within(text, "note: live: no analysis.csv, so sink_1 is what "
                        "training measured (metrics.csv): `sinklab analyze ");
    assert_within(text, "/live` measures it\n");
    free(text);
    struct compare_options o = compare_usual;
    o.loss = "loss";
    text = compare_ok(names, 1, o);
    assert_within(text, "  2.0000    75.0");
    free(text);
}

static void test_compare__an_old_analysis_is_noted(void **state)
{
    (void)state;
    static const char *const names[] = { "stale" };
    put_done("stale", "", softmax_rows);
    put_file("stale", "metrics.csv", "step,loss\n300,1\n");
    char *text = compare_ok(names, 1, compare_usual);
    assert_within(text, "note: stale: analysed up to step 200, trained up to "
                        "300 or more");
    free(text);
    put_file("stale", "metrics.csv", "step,loss\n300\n");
    text = compare_ok(names, 1, compare_usual);
    assert_within(text, "metrics.csv:2: got 1 cells, want 2\n");
    free(text);
}

static void test_compare__a_bad_config_is_noted(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "odd" };
    put_two_runs();
    put_done("odd", "[nonsense]\nx = 1\n", softmax_rows);
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "note: odd: settings unknown: ");
    free(text);
}

/* It costs the run what is in it, not the table of all. */
static void test_compare__a_folder_for_a_file_is_noted(void **state)
{
    (void)state;
    static const char *const files[] = { "config.ini", "analysis.csv" };
    static const char *const names[] = { "set" };
    put_done("set/softmax", "[run]\nseed = 1\n", softmax_rows);
    for (idx i = 0; i < COUNT_OF(files); i++) {
        char path[512];
        struct err e = { 0 };
        put_done("set/odd", "[run]\nseed = 1\n", relu_rows);
        put_file("set/odd", "metrics.csv", "step,val_loss,sink_1\n4,3,0.75\n");
        snprintf(path, sizeof path, "%s/set/odd/%s", test_dir(), files[i]);
        assert_int_equal(fsys_remove(path, &e), OK);
        assert_int_equal(fsys_mkdirs(path, &e), OK);
        char *text = compare_ok(names, 1, compare_usual);
        assert_within(text, files[i]);
        assert_within(text, ": got a folder, want a file");
        assert_within(text, "sink_1, percent\n");
        free(text);
        assert_int_equal(rmdir(path), 0);
    }
}

static void test_compare__names_are_whole_paths_where_they_clash(void **state)
{
    (void)state;
    static const char *const names[] = { "a/same", "b/same", "a/same" };
    char want[512];
    struct compare_options o = compare_usual;
    o.width = 200;
    put_done("a/same", "", softmax_rows);
    put_done("b/same", "", relu_rows);
    char *text = compare_ok(names, 3, o);
    snprintf(want, sizeof want, "b %s", path_to("b/same", ""));
    assert_within(text, want);
    free(text);
    text = compare_ok(names + 2, 1, o);
    assert_within(text, "\nsame ");
    free(text);
}

static void test_compare__the_same_run_may_be_given_twice(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "softmax" };
    put_two_runs();
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nsoftmax  ");
    assert_null(strstr(text, "differ"));
    free(text);
}

static void test_compare__named_analyses_are_told(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "named" };
    put_two_runs();
    put_done("named", "[run]\nseed = 1\n", softmax_rows);
    char *text = compare_ok(names, 2, compare_usual);
    assert_null(strstr(text, "other analyses"));
    free(text);
    put_file("named", "analysis-repeat.csv", "step\n");
    put_file("named", "analysis-clean.csv", "step\n");
    put_file("named", "analysis-clean.h5", "");
    put_file("softmax", "analysis-repeat.csv", "step\n");
    text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nnote: there are other analyses: repeat, clean (of 1 "
                        "run); --analysis NAME compares one that all runs "
                        "have\n");
    free(text);
    put_file("softmax", "analysis-clean.csv", "step\n");
    text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nnote: there are other analyses: clean, repeat; "
                        "--analysis NAME compares one\n");
    free(text);
    text = compare_ok(names + 1, 1, compare_usual);
    assert_within(text, "analyses: clean, repeat; --analysis NAME compares");
    free(text);
}

/* However many there are, and in whatever order the system lists them. */
static void test_compare__most_common_analyses_are_told_first(void **state)
{
    (void)state;
    static const char *const names[] = { "most-a", "most-b" };
    put_done("most-a", "[run]\nseed = 1\n", softmax_rows);
    put_done("most-b", "[run]\nseed = 2\n", softmax_rows);
    for (int i = 0; i < 40; i++) {
        char name[32];
        snprintf(name, sizeof name, "analysis-a%02d.csv", i);
        put_file(names[i % 2], name, "step\n");
    }
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nnote: there are other analyses: a00 (of 1 run), ");
    assert_within(text, ", a07 (of 1 run) and 32 more; --analysis NAME "
                        "compares one once all runs have it\n");
    free(text);
    put_file("most-a", "analysis-z.csv", "step\n");
    put_file("most-b", "analysis-z.csv", "step\n");
    text = compare_ok(names, 2, compare_usual);
    assert_within(text,
                  "\nnote: there are other analyses: z, a00 (of 1 run), ");
    assert_within(text, ", a06 (of 1 run) and 33 more; --analysis NAME "
                        "compares one that all runs have\n");
    free(text);
}

static void test_compare__a_folder_is_no_analysis(void **state)
{
    (void)state;
    static const char *const names[] = { "folder" };
    put_done("folder", "", softmax_rows);
    put_file("folder/analysis-dir.csv", "within", "");
    char *text = compare_ok(names, 1, compare_usual);
    assert_null(strstr(text, "other analyses"));
    free(text);
}

/* What the system refused is no folder without them; one that is gone is. */
static void
test_compare__analyses_that_cannot_be_listed_are_an_error(void **state)
{
    (void)state;
    struct run_data r = { .path = "gone" };
    const struct run_data *one = &r;
    struct group g = { .runs = &one, .n_runs = 1 };
    const struct groups s = { .n = 1, .g = &g };
    char path[512], *text = NULL;
    size_t n = 0;
    for (int i = 0; i < 2; i++) {
        FILE *out = open_memstream(&text, &n);
        struct err e = { 0 };
        assert_int_equal(named_analyses_note(out, &s, &e), i ? ERR_IO : OK);
        fclose(out);
        assert_string_equal(text, "");
        free(text);
        put_file("file", "status", "done\n");
        snprintf(path, sizeof path, "%s", path_to("file", "status"));
        r.path = path; /* no folder */
    }
}

static void test_compare__many_runs_are_compared(void **state)
{
    (void)state;
    const char *names[60];
    char storage[60][32];
    for (idx i = 0; i < COUNT_OF(names); i++) {
        char config[64];
        snprintf(storage[i], sizeof storage[i], "many/run-%02td", i);
        snprintf(config, sizeof config, "[run]\nseed = %td\n", i);
        put_done(storage[i], config, softmax_rows);
        names[i] = storage[i];
    }
    char *text = compare_ok(names, COUNT_OF(names), compare_usual);
    assert_within(text, "\nrun-59    59    200    1.5000    97.5");
    assert_within(text, " 7 run-59\n");
    free(text);
}

static void test_compare__many_differing_keys_are_only_named(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "other" };
    put_two_runs();
    put_done("other",
             "[run]\nseed = 2\n[model]\nlayers = 3\nheads = 2\nwidth = 32\n"
             "[train]\nsteps = 7\nbatch = 3\nlog_every = 3\n[optim]\nlr = 1\n",
             softmax_rows);
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "the runs differ in 7 keys (--csv FILE shows all their "
                        "values): [run] seed; [model] layers, width, heads; "
                        "[optim] lr; [train] steps, batch\n");
    assert_within(text, "\nrun      layers     lr   steps  steps ");
    assert_null(strstr(text, "log_every")); /* changes no number */
    free(text);
}

static void test_compare__other_metrics_keep_their_unit(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "re lu" };
    struct compare_options o = compare_usual;
    put_two_runs();
    o.metric = "row_sum";
    o.threshold = 0.4;
    char *text = compare_ok(names, 2, o);
    assert_within(text, "\nre lu    relu       200    1.7500     0.30       "
                        "2.0      (0)\n");
    assert_within(text, "emerged: first step with row_sum above 0.4" GONE);
    assert_within(text, " row_sum\n");
    free(text);
}

/* One threshold for all metrics would answer for none: said is which it was. */
static void test_compare__a_metric_has_its_usual_threshold(void **state)
{
    (void)state;
    static const struct {
        const char *metric, *row, *line;
    } cases[] = {
        /* 0.09 is not yet a tenth */
        { "sink_1", "20",
          "emerged: first step with sink_1 above 10 % (usual: "
          "uniform attention has 0, Gu et al.'s" },
        /* H_64 / 64 = 0.07412...: 0.148 is less than twice that, 0.149 more */
        { "first_mass", "20",
          "emerged: first step with first_mass above 14.8 % (usual: twice" },
        { "value_ratio", "10",
          "emerged: first step with value_ratio below 0.5 (usual: half" },
        { "row_sum", "-",
          "emerged: there is no usual threshold of row_sum; --threshold" },
    };
    static const char *const names[] = { "usual" };
    put_done("usual", "", "");
    put_file("usual", "analysis.csv",
             "step,val_loss,sink_1,first_mass,value_ratio,row_sum\n"
             "0,3,0,0.0742,1.02,1\n10,2,0.09,0.148,0.4,1\n"
             "20,2,0.11,0.149,0.3,1\n");
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char end[32];
        struct compare_options o = compare_usual;
        o.threshold = NAN;
        o.metric = cases[i].metric;
        char *text = compare_ok(names, 1, o);
        assert_within(text, cases[i].line);
        snprintf(end, sizeof end, "  %s\nemerged:", cases[i].row);
        assert_within(text, end);
        free(text);
    }
}

static void test_compare__the_table_stands_before_a_figure_fails(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax" };
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    char old[4096], *text;
    put_two_runs();
    o.output = path_to("figure.svg", "");
    snprintf(old, sizeof old, "%s", getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_TOOL);
    setenv("PATH", old, 1);
    assert_within(text, "\nsoftmax    200    1.5000    97.5");
    free(text);
}

static void test_compare__unlike_losses_are_told(void **state)
{
    (void)state;
    static const char *const names[] = { "short", "long" };
    static const char rows[] = "step,val_loss,sink_1\n0,3,0.1\n";
    put_file("short", "metrics.csv", rows);
    put_file("short", "config.ini", "[train]\nval_tokens = 128\n");
    put_file("long", "metrics.csv", rows);
    put_file("long", "config.ini", "[train]\nval_tokens = 1024\n");
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "note: val_loss was measured differently in short "
                        "(training, 128 tokens in sequences of ");
    assert_within(text, "and in long (training, 1024 tokens in ");
    assert_within(text, "`sinklab analyze` them alike");
    assert_null(strstr(text, "different data"));
    free(text);
    put_file("long", "config.ini",
             "[train]\nval_tokens = 128\n[data]\neval_seed = 2\n");
    text = compare_ok(names, 2, compare_usual);
    assert_null(strstr(text, "measured differently"));
    assert_within(text, "note: runs differ in data.eval_seed: their losses are "
                        "of different data");
    free(text);
}

/* What a cost is of says its intervention: a cache is nothing to others. */
static void test_compare__unlike_costs_are_told(void **state)
{
    (void)state;
    static const char *const names[] = { "narrow", "wide" };
    static const char rows[] =
        "step,val_loss,sink_1,cost_stream,cost_no_sink,cost_no_ffn_layer\n"
        "0,3,0.1,0.2,0.3,0.4\n";
    static const struct {
        const char *column, *note;
    } cases[] = {
        { "sink_1", NULL },
        { "cost_no_sink", NULL },
        { "cost_no_ffn_layer", NULL },
        { "cost_stream",
          "note: cost_stream was measured differently in narrow (training, "
          "16384 tokens in sequences of 128, cache 16, kept 4) and in wide "
          "(training, 16384 tokens in sequences of 128, cache 32, kept 4): "
          "they differ in metrics.cache (16, 32); `sinklab analyze` them" },
    };
    put_file("narrow", "metrics.csv", rows);
    put_file("narrow", "config.ini",
             "[model]\ncontext = 128\n[metrics]\nnames = default, cost_*\n");
    put_file("wide", "metrics.csv", rows);
    put_file("wide", "config.ini",
             "[model]\ncontext = 128\n[metrics]\nnames = default, "
             "cost_*\ncache = 32\n");
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct compare_options o = compare_usual;
        o.metric = cases[i].column;
        char *text = compare_ok(names, 2, o);
        if (cases[i].note)
            assert_within(text, cases[i].note);
        else
            assert_null(strstr(text, "measured differently"));
        free(text);
    }
    put_file("wide", "config.ini",
             "[model]\ncontext = 128\n[metrics]\nnames = default, "
             "cost_*\nloss_tokens = 4096\n");
    struct compare_options o = compare_usual;
    o.metric = "cost_no_ffn_layer";
    char *text = compare_ok(names, 2, o);
    assert_within(text, "they differ in metrics.loss_tokens (16384, 4096)");
    free(text);
}

/* Columns of the loss have the names that files give them, and are there where
 * a run has them. */
static void test_compare__losses_have_their_columns(void **state)
{
    (void)state;
    static const char *const names[] = { "excess" };
    struct compare_options o = compare_usual;
    put_done("excess", "", "");
    put_file("excess", "analysis.csv",
             "step,val_loss,val_loss_se,sink_1\n0,3,0.5,0.1\n");
    char *text = compare_ok(names, 1, o);
    assert_within(text, "  val_loss_\n");
    assert_null(strstr(text, "val_excess"));
    free(text);
    put_file("excess", "analysis.csv",
             "step,val_loss,val_loss_se,val_excess,sink_1\n0,3,0.5,1,0.1\n");
    text = compare_ok(names, 1, o);
    assert_within(text, "  final              val_loss_\n");
    assert_within(text, "  val_excess ");
    free(text);
    o.metric = "val_loss";
    text = compare_ok(names, 1, o);
    assert_within(text, "\nexcess      0    3.0000      1.0000");
    free(text);
}

static void test_compare__a_csv_may_go_to_standard_output(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax", "re lu" };
    struct compare_options o = compare_usual;
    put_two_runs();
    o.csv = "-";
    char *text = compare_ok(names, 2, o);
    assert_int_equal(strncmp(text, "run,attention.weights,status,", 29), 0);
    idx n_lines = 0;
    for (const char *c = text; *c; c++)
        n_lines += *c == '\n';
    assert_int_equal(n_lines, 3);
    free(text);
}

static void test_compare__what_is_no_metric_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax" };
    static const struct {
        const char *metric, *want;
    } cases[] = {
        { "step", "no metric step; there are val_loss, sink_1, sink_bias, " },
        { "tokens", "no metric tokens" },
        { "analysis", "no metric analysis" },
        { "row_hash", "no metric row_hash" },
        { "sink1", "no metric sink1 (did you mean sink_1?); there are " },
        { "entropi", "no metric entropi (did you mean entropy?)" },
    };
    struct compare_options o = compare_usual;
    put_two_runs();
    put_file("softmax", "metrics.csv", "step,tokens,sink_1\n0,0,0\n");
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char *text;
        struct err e = { 0 };
        o.metric = cases[i].metric;
        o.threshold = NAN;
        assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_USAGE);
        assert_within(e.text, cases[i].want);
        free(text);
    }
    struct err e = { 0 }, unmeasured = { 0 };
    char *text;
    o = compare_usual;
    o.loss = "los";
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_USAGE);
    assert_within(e.text, "no metric los");
    free(text);
    o = compare_usual;
    o.metric = "entropy"; /* there is one, but not of this run */
    assert_int_equal(compare_case(&text, names, 1, o, &unmeasured), ERR_DATA);
    assert_within(unmeasured.text, "no metric entropy");
    assert_within(unmeasured.text,
                  "metrics.names=default,entropy` measures it");
    free(text);
    o.metric = "grad_norm";
    unmeasured = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names, 1, o, &unmeasured), ERR_DATA);
    assert_within(unmeasured.text, "it is of training alone");
    free(text);
}

/* Whatever is written in one place twice is there once in the end. */
static void test_compare__no_place_is_written_twice(void **state)
{
    (void)state;
    static const char *const names[] = { "softmax" };
    char file[512], dotted[512], below[512], page[512];
    snprintf(file, sizeof file, "%s", path_to("a.svg", ""));
    snprintf(dotted, sizeof dotted, "%s", path_to("softmax/../a.svg", ""));
    snprintf(below, sizeof below, "%s", path_to("a.svg/b/c", ""));
    snprintf(page, sizeof page, "%s", path_to("a.svg/index.html", ""));
    const struct {
        const char *output, *csv, *report;
    } cases[] = {
        { file, file, NULL },   { file, dotted, NULL }, { file, NULL, file },
        { dotted, NULL, file }, { file, NULL, below },  { NULL, page, file },
    };
    put_two_runs();
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct compare_options o = compare_usual;
        struct err e = { 0 };
        char *text;
        o.output = cases[i].output;
        o.csv = cases[i].csv;
        o.report = cases[i].report;
        if (o.report && !*page_charts)
            continue; /* there is no page at all */
        assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_USAGE);
        assert_within(e.text, "is named for two reports");
        assert_int_equal(access(file, F_OK), -1);
        free(text);
    }
}

static void test_compare__a_threshold_must_be_in_reach(void **state)
{
    (void)state;
    static const struct {
        const char *metric;
        double threshold;
        int code;
    } cases[] = {
        { "sink_1", 5, ERR_USAGE },  { "sink_1", -0.1, ERR_USAGE },
        { "sink_1", 1, OK },         { "sink_1", 0, OK },
        { "first_mass_raw", 5, OK }, { "row_sum", 5, OK },
    };
    static const char *const names[] = { "softmax" };
    struct compare_options o = compare_usual;
    put_two_runs();
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char *text;
        struct err e = { 0 };
        o.metric = cases[i].metric;
        o.threshold = cases[i].threshold;
        assert_int_equal(compare_case(&text, names, 1, o, &e), cases[i].code);
        if (cases[i].code)
            assert_within(e.text, "want 0 to 1, as sink_1 is a share");
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_emergence__thresholds_are_of_metrics_not_of_names),
        cmocka_unit_test(test_compare__prints_table_and_plots),
        cmocka_unit_test(test_compare__without_gnuplot_there_is_a_table),
        cmocka_unit_test(test_compare__csv_holds_all_digits_and_fractions),
        cmocka_unit_test(test_compare__the_extra_column_has_its_percentage),
        cmocka_unit_test(test_compare__a_single_checkpoint_is_enough),
        cmocka_unit_test(test_compare__a_diverged_run_shows_its_nan),
        cmocka_unit_test(test_compare__missing_columns_are_dashes),
        cmocka_unit_test(test_compare__metrics_stand_in_for_analysis),
        cmocka_unit_test(test_compare__an_old_analysis_is_noted),
        cmocka_unit_test(test_compare__a_bad_config_is_noted),
        cmocka_unit_test(test_compare__a_folder_for_a_file_is_noted),
        cmocka_unit_test(test_compare__names_are_whole_paths_where_they_clash),
        cmocka_unit_test(test_compare__the_same_run_may_be_given_twice),
        cmocka_unit_test(test_compare__many_runs_are_compared),
        cmocka_unit_test(test_compare__named_analyses_are_told),
        cmocka_unit_test(test_compare__most_common_analyses_are_told_first),
        cmocka_unit_test(test_compare__a_folder_is_no_analysis),
        cmocka_unit_test(
            test_compare__analyses_that_cannot_be_listed_are_an_error),
        cmocka_unit_test(test_compare__many_differing_keys_are_only_named),
        cmocka_unit_test(test_compare__other_metrics_keep_their_unit),
        cmocka_unit_test(test_compare__a_metric_has_its_usual_threshold),
        cmocka_unit_test(test_compare__the_table_stands_before_a_figure_fails),
        cmocka_unit_test(test_compare__unlike_losses_are_told),
        cmocka_unit_test(test_compare__unlike_costs_are_told),
        cmocka_unit_test(test_compare__losses_have_their_columns),
        cmocka_unit_test(test_compare__a_csv_may_go_to_standard_output),
        cmocka_unit_test(test_compare__what_is_no_metric_is_refused),
        cmocka_unit_test(test_compare__no_place_is_written_twice),
        cmocka_unit_test(test_compare__a_threshold_must_be_in_reach),
    };
    return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
