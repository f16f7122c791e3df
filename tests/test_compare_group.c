/* Runs of a sweep as groups: who counts, means and spreads by hand. */
#include "harness.h"
#include "runs_case.h"

#include "report/judged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUNS_MAX = 8 };

/* Groups of these runs, which stay loaded until release. */
struct fixture {
    struct run_data runs[RUNS_MAX];
    char paths[RUNS_MAX][512];
    idx n;
    struct groups s;
};

static void load(struct fixture *f, const char *const *names, idx n,
                 const struct compare_options *o)
{
    struct err e = { 0 };
    *f = (struct fixture){ .n = n };
    for (idx i = 0; i < n; i++) {
        snprintf(f->paths[i], sizeof f->paths[i], "%s", path_to(names[i], ""));
        run_data_read(&f->runs[i], f->paths[i], "");
    }
    if (groups_make(&f->s, o, f->runs, n, false, &e) != OK)
        fail_msg("%s", e.text);
}

static void unload(struct fixture *f)
{
    groups_release(&f->s);
    for (idx i = 0; i < f->n; i++)
        run_data_release(&f->runs[i]);
}

/* What compare prints of a folder. */
static char *compare_text(const char *name, struct compare_options o)
{
    return compare_ok(&name, 1, o);
}

/* Three seeds of softmax, two of relu. val_loss at the end: softmax 1, 2, 4:
 * mean 7/3, deviations -4/3, -1/3, 5/3: spread sqrt(42/9/2). */
static void put_sweep(void)
{
    put_seed("sweep/s1", "done", "softmax", 1,
             "0,5,5,0\n10,3,,0.6\n20,2,1,0.9\n");
    put_seed("sweep/s2", "done", "softmax", 2,
             "0,5,4,0\n10,3,,0.2\n20,2,2,0.7\n");
    put_seed("sweep/s3", "done", "softmax", 3,
             "0,5,3,0\n10,3,,0.1\n20,2,4,0.2\n");
    put_seed("sweep/r1", "done", "relu", 1, "0,5,5,0\n10,3,,0\n20,2,3,0\n");
    put_seed("sweep/r2", "done", "relu", 2, "0,5,5,0\n10,3,,0\n20,2,3.5,0\n");
}

static void test_compare_group__summaries_by_hand(void **state)
{
    (void)state;
    const double values[] = { 1, 2, 4 };
    const double far[] = { 1e9 + 1, 1e9 + 2, 1e9 + 3 };
    struct summary s = summarise(values, 3);
    assert_close(s.mean, 7.0 / 3, 1e-15);
    assert_close(s.spread, sqrt(42.0 / 9 / 2), 1e-15);
    s = summarise(far, 3); /* no digits cancel */
    assert_close(s.spread, 1, 1e-12);
    s = summarise(values, 1);
    assert_true(s.mean == 1 && isnan(s.spread) && s.n == 1);
    s = summarise(values, 0);
    assert_true(isnan(s.mean) && isnan(s.spread) && s.n == 0);
}

static void test_compare_group__seeds_are_averaged(void **state)
{
    (void)state;
    static const char *const names[] = { "sweep/r1", "sweep/s1", "sweep/s2",
                                         "sweep/r2", "sweep/s3" };
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    put_sweep();
    load(&f, names, COUNT_OF(names), &compare_usual);
    assert_int_equal(f.s.n, 2);
    assert_string_equal(f.s.g[0].label, "softmax"); /* as the table has it */
    assert_string_equal(f.s.g[1].label, "relu");
    assert_int_equal(f.s.g[0].n_counted, 3);
    assert_int_equal(f.s.n_keys, 1);
    assert_int_equal(f.s.n_over, 1);
    assert_int_equal(band_make(&b, &f.s.g[0], "val_loss", &e), OK);
    assert_int_equal(b.n, 2); /* only where val_loss was measured */
    assert_int_equal(b.n_any, 2);
    assert_true(b.step[0] == 0 && b.step[1] == 20);
    assert_close(b.mean[0], 4, 1e-15);
    assert_close(b.mean[1], 7.0 / 3, 1e-15);
    assert_close(b.last.spread, sqrt(42.0 / 9 / 2), 1e-15);
    assert_close(b.low[0], 3, 1e-15);
    assert_close(b.high[0], 5, 1e-15);
    assert_int_equal(b.last.n, 3);
    band_release(&b);
    unload(&f);
}

static void test_compare_group__runs_stay_in_their_order(void **state)
{
    enum { RUNS = 300, WIDTHS = 3, UNREAD = 7 };
    struct run_data *runs = calloc(RUNS, sizeof *runs);
    struct groups s = { 0 };
    struct err e = { 0 };
    (void)state;
    assert_non_null(runs);
    for (idx i = 0; i < RUNS; i++) { /* widths as they come, seeds falling */
        struct run_data *r = &runs[i];
        r->path = "";
        r->state = RUN_DONE;
        r->has_config = i % (RUNS / UNREAD) != 1;
        config_defaults(&r->config);
        r->config.model.width = 64 * (1 + i * i * 7 % 11 % WIDTHS);
        r->config.run.seed = RUNS - i;
    }
    assert_int_equal(groups_make(&s, &compare_usual, runs, RUNS, false, &e),
                     OK);
    for (idx g = 0; g < s.n; g++) {
        const struct group *of = &s.g[g];
        for (idx i = 0; i < of->n_runs; i++) {
            assert_true(i == 0 || of->runs[i] > of->runs[i - 1]);
            assert_int_equal(of->runs[i]->config.model.width,
                             of->runs[0]->config.model.width);
        }
        const struct run_data *before = g > 0 ? s.g[g - 1].runs[0] : NULL;
        if (before && of->runs[0]->has_config)
            assert_true(before->config.model.width <
                        of->runs[0]->config.model.width);
        else if (before && !before->has_config)
            assert_true(before < of->runs[0]);
        assert_int_equal(of->runs[0]->has_config, g < WIDTHS);
    }
    assert_true(s.n > WIDTHS);
    groups_release(&s);
    free(runs);
}

static void test_compare_group__emergence_is_of_those_that_emerged(void **state)
{
    (void)state;
    static const char *const names[] = { "sweep/s1", "sweep/s2", "sweep/s3" };
    struct fixture f;
    struct emerged x;
    struct err e = { 0 };
    put_sweep();
    load(&f, names, COUNT_OF(names), &compare_usual);
    assert_int_equal(group_emerged(&x, &f.s.g[0], "sink_1", &f.s.emergence, &e),
                     OK);
    assert_int_equal(x.n_measured, 3);
    assert_int_equal(x.steps.n, 2); /* at 10 and at 20 */
    assert_close(x.steps.mean, 15, 1e-15);
    assert_close(x.steps.spread, sqrt(50), 1e-15);
    assert_int_equal(x.n_gone, 0);
    unload(&f);
}

static void test_compare_group__only_common_steps_are_shown(void **state)
{
    (void)state;
    static const char *const names[] = { "steps/a", "steps/b" };
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    put_seed("steps/a", "done", "softmax", 1, "0,1,,\n5,2,,\n10,3,,\n20,4,,\n");
    put_seed("steps/b", "done", "softmax", 2, "0,3,,\n10,5,,\n15,6,,\n");
    load(&f, names, COUNT_OF(names), &compare_usual);
    assert_int_equal(band_make(&b, &f.s.g[0], "loss", &e), OK);
    assert_int_equal(b.n, 2);
    assert_int_equal(b.n_any, 5); /* 0 5 10 15 20 */
    assert_true(b.step[1] == 10 && b.mean[1] == 4);
    band_release(&b);
    double v[2];
    idx n;
    assert_int_equal(group_finals(v, &n, &f.s.g[0], "loss", &e), OK);
    assert_true(n == 2 && v[0] == 3 && v[1] == 5); /* at 10, as their mean */
    unload(&f);
}

static void
test_compare_group__a_diverged_run_is_no_part_of_a_mean(void **state)
{
    (void)state;
    static const char *const names[] = { "bad/d",  "bad/s1", "bad/f",
                                         "bad/s2", "bad/i",  "bad/p" };
    static const char rows[] = "0,5,5,0\n20,2,2,1\n";
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    put_seed("bad/d", "diverged", "softmax", 1, "0,5,5,0\n10,nan,nan,nan\n");
    put_seed("bad/s1", "done", "softmax", 2, rows);
    put_seed("bad/f", "failed", "softmax", 3, "0,5,500,0\n");
    put_seed("bad/s2", "done", "softmax", 4, "0,5,5,0\n20,2,4,1\n");
    put_seed("bad/i", "running", "softmax", 5, "0,5,500,0\n"); /* no lock */
    put_seed("bad/p", "pending", "softmax", 6, "");
    load(&f, names, COUNT_OF(names), &compare_usual);
    const struct group *g = &f.s.g[0];
    assert_int_equal(f.s.n, 1);
    assert_int_equal(g->n_runs, 6);
    assert_int_equal(g->n_counted, 2);
    assert_true(g->is_done);
    assert_string_equal(g->status,
                        "1 waiting, 2 done, 1 failed, 1 interrupted, "
                        "1 diverged");
    assert_int_equal(band_make(&b, g, "val_loss", &e), OK);
    assert_int_equal(b.n_runs, 2);
    assert_close(b.last.mean, 3, 1e-15);
    band_release(&b);
    unload(&f);
}

static void
test_compare_group__without_a_done_run_those_under_way_count(void **state)
{
    (void)state;
    static const char *const names[] = { "way/a", "way/b", "way/c", "way/d",
                                         "way/e" };
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    put_seed("way/a", "running", "softmax", 1, "0,1,,\n10,2,,\n20,3,,\n");
    put_seed("way/b", "preempted", "softmax", 2, "0,1,,\n10,4,,\n");
    put_seed("way/c", "stopped", "softmax", 3, "0,1,,\n10,6,,\n20,9,,\n");
    put_seed("way/d", "diverged", "softmax", 4, "0,1,,\n10,99,,\n");
    put_seed("way/e", "pending", "softmax", 5, "");
    load(&f, names, COUNT_OF(names), &compare_usual);
    assert_false(f.s.g[0].is_done);
    assert_int_equal(f.s.g[0].n_counted, 3);
    assert_int_equal(band_make(&b, &f.s.g[0], "loss", &e), OK);
    assert_int_equal(b.n, 2);
    assert_close(b.mean[1], 4, 1e-15);
    band_release(&b);
    unload(&f);
}

static void test_compare_group__a_group_without_numbers_is_a_row(void **state)
{
    (void)state;
    put_seed("none/a", "diverged", "softmax", 1, "0,nan,nan,nan\n");
    put_seed("none/b", "pending", "relu", 1, "");
    char *text = compare_text("none", compare_usual);
    assert_within(text, "softmax  1 diverged  0      -         -   -");
    assert_within(text, "relu     1 waiting   0      -         -   -");
    free(text);
}

/* An analysis and what training measured are two measurements. */
static void test_compare_group__sources_are_not_mixed(void **state)
{
    (void)state;
    static const char *const names[] = { "mixed/a", "mixed/b" };
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    put_seed("mixed/a", "done", "softmax", 1, "0,1,1,0\n10,1,1,0.5\n");
    put_seed("mixed/b", "done", "softmax", 2, "0,1,1,0\n10,1,1,0.7\n");
    put_file("mixed/a", "analysis.csv", "step,sink_1\n0,0\n10,0.99\n");
    load(&f, names, 2, &compare_usual);
    assert_int_equal(band_make(&b, &f.s.g[0], "sink_1", &e), OK);
    assert_true(b.is_logged);
    assert_close(b.last.mean, 0.6, 1e-15);
    band_release(&b);
    unload(&f);
    put_file("mixed/b", "analysis.csv", "step,sink_1\n10,0.97\n");
    load(&f, names, 2, &compare_usual);
    assert_int_equal(band_make(&b, &f.s.g[0], "sink_1", &e), OK);
    assert_false(b.is_logged);
    assert_int_equal(b.n, 1);
    assert_close(b.last.mean, 0.98, 1e-15);
    band_release(&b);
    unload(&f);
}

/* What no run of the group logs is the analyses', though one lacks it. */
static void test_compare_group__who_lacks_a_column_is_named(void **state)
{
    (void)state;
    static const char *const names[] = { "lack/a", "lack/b", "lack/c" };
    struct compare_options o = compare_usual;
    struct fixture f;
    struct band b = { 0 };
    struct err e = { 0 };
    o.metric = "previous_score";
    for (idx i = 0; i < COUNT_OF(names); i++) {
        put_seed(names[i], "done", "softmax", (int)i, "0,1,1,0\n10,1,1,0.5\n");
        put_file(names[i], "analysis.csv",
                 i == 1 ? "step,sink_1\n10,0.5\n"
                        : "step,sink_1,previous_score\n10,0.5,0.25\n");
    }
    load(&f, names, COUNT_OF(names), &o);
    assert_int_equal(band_make(&b, &f.s.g[0], "previous_score", &e), OK);
    assert_false(b.is_logged);
    assert_int_equal(b.n_runs, 2);
    assert_close(b.last.mean, 0.25, 1e-15);
    band_release(&b);
    unload(&f);
    char *text = compare_text("lack", o);
    assert_within(text, "note: all runs: previous_score is the mean of 2, not "
                        "3: b has none\n");
    assert_null(strstr(text, "in all runs"));
    free(text);
    put_file("lack/c", "analysis.csv", "step,sink_1\n10,0.5\n");
    text = compare_text("lack", o);
    assert_within(text, "is the mean of 1, not 3: b, c have none\n");
    free(text);
    put_file("lack/b", "analysis.csv", "step,loss\n10,1\n");
    text = compare_text("lack", compare_usual); /* sink_1 */
    assert_within(text, "sink_1 is what training measured (metrics.csv");
    assert_within(text, "for want of it in each analysis.csv: `sinklab ");
    free(text);
}

static void test_compare_group__the_table_is_complete(void **state)
{
    (void)state;
    put_sweep();
    char *text = compare_text("sweep", compare_usual);
    assert_within(text, "weights  n  steps      nats      +-       %    +-  "
                        "each      at step  +-  in\n");
    assert_within(text,
                  "softmax  3     20    2.3333  1.5275    60.0  36.1  90 "
                  "70 20       15   7  2/3\n"
                  "relu     2     20    3.2500  0.3536     0.0   0.0  0 0 "
                  "            -   -  0/2\nmean over n runs, +- sample "
                  "standard ");
    assert_within(text, "groups differ in attention.weights\n"
                        "averaged over run.seed\n");
    free(text);
}

static void test_compare_group__csv_holds_mean_spread_and_n(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    char *bytes;
    size_t n;
    put_sweep();
    o.csv = path_to("groups.csv", "");
    free(compare_text("sweep", o));
    bytes = read_whole(path_to("groups.csv", ""), &n);
    assert_within(bytes, "group,attention.weights,runs,status,n,steps,"
                         "final_val_loss_mean,final_val_loss_spread,"
                         "final_val_loss_n,final_val_loss_min,"
                         "final_val_loss_max,final_sink_1_mean,");
    assert_within(bytes, "\nsoftmax,softmax,3,3 done,3,20,2.33333333333333,"
                         "1.52752523165195,3,1,4,0.6,");
    assert_within(bytes, ",15,7.07106781186548,2,softmax,,,,0,0,0,");
    assert_within(bytes, "\nrelu,relu,2,2 done,2,20,3.25,0.353553390593274,2,3,"
                         "3.5,0,0,2,0,0,,,0,,");
    /* seeds 1 and 2: 3 - 1 and 3.5 - 2 */
    assert_within(bytes, ",softmax,1.75,0.353553390593274,0.25,2,0,2,-0.8,"
                         "0.14142135623731,0.1,0,2,2,");
    free(bytes);
}

static void test_compare_group__by_and_where_choose(void **state)
{
    (void)state;
    const char *name = "sweep";
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    put_sweep();
    o.by = "run.seed";
    char *text = compare_text("sweep", o);
    assert_within(text, "\n   1  2     20    2.0000  1.4142");
    assert_within(text, "averaged over attention.weights\n");
    free(text);
    o.by = "run.seed, run.seed";
    assert_int_equal(compare_case(&text, &name, 1, o, &e), ERR_USAGE);
    free(text);
    assert_within(e.text, "compare: --by: got run.seed twice");
    e = (struct err){ 0 };
    o.by = NULL;
    assert_int_equal(filter_add(&o.where, "attention.weights=relu", &e), OK);
    text = compare_text("sweep", o);
    assert_within(text, "\nall runs  2     20    3.2500  0.3536");
    assert_null(strstr(text, "softmax"));
    free(text);
    filter_release(&o.where);
}

static void test_compare_group__every_run_is_a_row(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    char *bytes;
    size_t n;
    put_sweep();
    o.runs_csv = path_to("runs.csv", "");
    free(compare_text("sweep", o));
    bytes = read_whole(path_to("runs.csv", ""), &n);
    assert_within(bytes, "group,run,attention.weights,run.seed,status,counts,"
                         "measured_on,steps,final_val_loss,final_sink_1,");
    assert_within(bytes, "\nsoftmax,s3,softmax,3,done,yes,\"probe, 8 sequences "
                         "of 64 tokens, eps 0.3\",20,4,0.2,,,,,,,,,,\n");
    assert_within(bytes, "\nrelu,r2,relu,2,done,yes,");
    assert_within(bytes, ",20,1,0.9,,,,,,,,,,10\n");
    free(bytes);
}

/* No difference in any pair is no sign of how small one could be. */
static void test_compare_group__no_spread_has_no_interval(void **state)
{
    (void)state;
    for (int seed = 1; seed <= 2; seed++)
        for (int map = 0; map < 2; map++) {
            char name[32];
            snprintf(name, sizeof name, "flat/%d%d", map, seed);
            put_seed(name, "done", map ? "relu" : "softmax", seed,
                     seed == 1 ? "0,5,5,0\n20,2,3,0\n" : "0,5,5,0\n20,2,4,0\n");
        }
    char *text = compare_text("flat", compare_usual);
    assert_within(text, "\nsink_1 %  relu   2 pairs");
    assert_null(strstr(text, "0.0 to 0.0"));
    free(text);
}

static void test_compare_group__equal_seeds_are_paired(void **state)
{
    (void)state;
    static const char *const names[] = { "sweep/s1", "sweep/s2", "sweep/s3",
                                         "sweep/r1", "sweep/r2" };
    struct fixture f;
    struct judged x;
    struct err e = { 0 };
    struct compare_options o = compare_usual;
    put_sweep();
    load(&f, names, COUNT_OF(names), &compare_usual);
    assert_int_equal(
        group_judge(&x, &f.s, &f.s.g[1], &f.s.g[0], "val_loss", &e), OK);
    assert_int_equal(x.pair.d.n, 2); /* 2 and 1.5 */
    assert_close(x.pair.d.mean, 1.75, 1e-15);
    assert_close(x.pair.d.spread, sqrt(0.125), 1e-15);
    assert_close(x.pair.d.error, 0.25, 1e-15);
    assert_true(x.pair.n_up == 2 && x.pair.n_down == 0);
    unload(&f);
    char *text = compare_text("sweep", o);
    assert_within(
        text,
        "differences from softmax, judged over seeds\n"
        "of        group  over     difference  95 % interval      signs    p  "
        "verdict\n"
        "---------------------------------------------------------------------"
        "---------------------\n"
        "val_loss  relu   2 pairs     +1.7500  -1.4266 to 4.9266  all +  0.5  "
        "too few seeds to tell\n"
        "sink_1 %  relu   2 pairs       -80.0  -100.0 to 47.1     all -  0.5  "
        "too few seeds to tell\n"
        "difference: of the means at the last step that all of them measured; "
        "over pairs of runs with the\n");
    assert_within(
        text,
        "\n1 interval reaches below 0 % or above 100 % (sink_1 of relu);\n"
        "the t interval ignores that shares have bounds\n");
    assert_within(text, "so few give no p of 0.05; this table\nneeds 6 pairs "
                        "(claims may need fewer");
    assert_within(text, "file, and the sweep again\n\n");
    free(text);
    o.baseline = "relu";
    text = compare_text("sweep", o);
    assert_within(text, "differences from relu, judged");
    assert_within(text, "\nval_loss  softmax  2 pairs     -1.7500");
    free(text);
}

/* Another text, or fewer sequences: no pair. */
static void test_compare_group__the_error_of_a_loss_is_told(void **state)
{
    (void)state;
    put_seed("error/a", "done", "softmax", 1, "");
    put_seed("error/b", "done", "softmax", 2, "");
    put_file("error/a", "metrics.csv",
             "step,val_loss,val_loss_se,sink_1\n20,2,0.0125,0.5\n");
    put_file("error/b", "metrics.csv",
             "step,val_loss,val_loss_se,sink_1\n20,2,0.0175,0.5\n");
    char *text = compare_text("error", compare_usual);
    assert_within(text, "val_loss of a run has a standard error of 0.0125 to "
                        "0.0175, from its");
    free(text);
}

static void test_compare_group__only_like_is_paired(void **state)
{
    (void)state;
    static const char *const names[] = { "like/a", "like/b" };
    struct fixture f;
    struct judged x;
    struct err e = { 0 };
    put_seed("like/a", "done", "softmax", 1, "20,2,1,0.9\n");
    put_seed("like/b", "done", "relu", 1, "20,2,3,0.5\n");
    put_file("like/b", "config.ini",
             "[run]\nseed = 1\n[attention]\nweights = relu\n"
             "[data]\neval_seed = 2\n");
    load(&f, names, 2, &compare_usual);
    assert_int_equal(
        group_judge(&x, &f.s, &f.s.g[1], &f.s.g[0], "val_loss", &e), OK);
    assert_int_equal(x.pair.d.n, 0);
    unload(&f);
    put_file("like/b", "config.ini",
             "[run]\nseed = 1\n[attention]\nweights = relu\n"
             "[data]\ntask_seed = 2\n");
    load(&f, names, 2, &compare_usual);
    assert_int_equal(
        group_judge(&x, &f.s, &f.s.g[1], &f.s.g[0], "val_loss", &e), OK);
    assert_int_equal(x.pair.d.n, 0);
    unload(&f);
}

static void test_compare_group__a_nan_is_not_averaged_away(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    char *bytes;
    size_t n;
    put_seed("nans/a", "done", "softmax", 1, "0,5,5,0\n20,2,nan,0.5\n");
    put_seed("nans/b", "done", "softmax", 2, "0,5,5,0\n20,2,1,0.7\n");
    o.csv = path_to("nans.csv", "");
    char *text = compare_text("nans", o);
    assert_within(text, "\nall runs  2     20       nan  nan    60.0  14.1  "
                        "50 70");
    free(text);
    bytes = read_whole(path_to("nans.csv", ""), &n);
    assert_within(bytes, ",20,nan,nan,2,nan,nan,0.6,");
    free(bytes);
}

static void test_compare_group__unlike_measurements_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "unlike" };
    struct err e = { 0 };
    char *text;
    put_seed("unlike/a", "done", "softmax", 1, "0,5,5,0\n20,2,1,0.5\n");
    put_seed("unlike/b", "done", "softmax", 2, "0,5,5,0\n20,2,1,0.5\n");
    put_file("unlike/b", "config.ini",
             "[run]\nseed = 2\n[sink]\nprobe_sequences = 4\n");
    assert_int_equal(compare_case(&text, names, 1, compare_usual, &e),
                     ERR_DATA);
    free(text);
    assert_within(e.text, "sink_1 of the group all runs was measured "
                          "differently in a (probe, 8 sequences of 64 tokens, "
                          "eps 0.3) and in b (probe, 4 sequences of 64 tokens, "
                          "eps 0.3), and is not averaged: they differ in "
                          "sink.probe_sequences (8, 4); measure them alike "
                          "by `sinklab analyze ");
    assert_within(e.text, "unlike/b sink.sequences=8`");
    /* what was measured on, not how much */
    put_file("unlike/b", "config.ini",
             "[run]\nseed = 2\n[sink]\ninput = file\npath = x\n"
             "hash = 0123456789abcdef\nbos = no\nedits = no\n");
    e = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names, 1, compare_usual, &e),
                     ERR_DATA);
    free(text);
    assert_within(e.text, "in b (probe, 8 sequences of 64 tokens of file "
                          "0123456789abcdef without BOS and edits, eps 0.3)");
    assert_within(e.text, "unlike/b sink.input=data sink.bos=data "
                          "sink.edits=yes`");
    put_file("unlike/b", "config.ini",
             "[run]\nseed = 2\n[train]\nval_tokens = 7\n");
    e = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names, 1, compare_usual, &e),
                     ERR_DATA);
    free(text);
    assert_within(e.text, "val_loss of the group");
}

/* Half of a run is damaged: it counts by the other half, which is said. */
static void test_compare_group__a_damaged_half_is_told(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    char *bytes;
    size_t n;
    put_seed("half/a", "done", "softmax", 1, "20,2,1,0.5\n");
    put_seed("half/b", "done", "softmax", 2, "20,2\n");
    put_file("half/a", "analysis.csv", "step,val_loss,sink_1\n20,1,0.5\n");
    put_file("half/b", "analysis.csv", "step,val_loss,sink_1\n20,2,0.7\n");
    o.runs_csv = path_to("half.csv", "");
    char *text = compare_text("half", o);
    assert_within(text, "\nall runs  2     20");
    assert_within(text, "note: b: its metrics.csv is left out, its "
                        "analysis.csv is used: ");
    assert_null(strstr(text, "b: left out"));
    free(text);
    bytes = read_whole(path_to("half.csv", ""), &n);
    assert_within(bytes, "\nall runs,b,2,done,yes,");
    free(bytes);
    put_file("half/b", "metrics.csv", "step,val_loss,sink_1\n20,2,0.7\n");
    put_file("half/b", "analysis.csv", "step,val_loss,sink_1\n20,2\n");
    o.runs_csv = NULL;
    text = compare_text("half", o);
    assert_within(text, "note: b: its analysis.csv is left out, its "
                        "metrics.csv is used: ");
    assert_within(text, "for want of analysis.csv in 1 of 2 runs: `sinklab "
                        "analyze ");
    assert_within(text, "` measures it\n");
    free(text);
    struct compare_options o_loss = compare_usual;
    o_loss.metric = "loss"; /* which no analysis could measure */
    text = compare_text("half", o_loss);
    assert_null(strstr(text, "for want of"));
    free(text);
}

/* A loss on fewer tokens, and one of other data. */
static void test_compare_group__unlike_losses_are_told(void **state)
{
    (void)state;
    put_seed("losses/a", "done", "softmax", 1, "20,2,1,0.5\n");
    put_seed("losses/b", "done", "relu", 1, "20,2,1,0.5\n");
    char *text = compare_text("losses", compare_usual);
    assert_null(strstr(text, "measured differently"));
    assert_null(strstr(text, "different data"));
    free(text);
    put_file("losses/b", "config.ini",
             "[run]\nseed = 1\n[attention]\nweights = relu\n"
             "[train]\nval_tokens = 128\n[data]\ntask_seed = 2\n");
    text = compare_text("losses", compare_usual);
    assert_within(text, "note: val_loss was measured differently in a "
                        "(training, ");
    assert_within(text, "and in b (training, 128 tokens in sequences of ");
    assert_within(text, "note: runs differ in data.task_seed: their losses are "
                        "of different data, so a difference may come from "
                        "that alone\n");
    free(text);
}

static void test_compare_group__the_loss_is_shown_once(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    char *bytes;
    size_t n;
    put_sweep();
    o.metric = "val_loss";
    o.csv = path_to("once.csv", "");
    char *text = compare_text("sweep", o);
    const char *first = text;
    assert_within(text,
                  "\nsoftmax  3     20    2.3333  1.5275  1.00 2.00 4.00");
    for (idx n_heads = 0; (first = strstr(first, "final")); first++)
        assert_true(++n_heads == 1); /* above the one column */
    free(text);
    text = compare_text("sweep", o);
    assert_within(text, "note: val_loss is what training measured "
                        "(metrics.csv: training, ");
    free(text);
    bytes = read_whole(path_to("once.csv", ""), &n);
    first = strstr(bytes, "final_val_loss_mean");
    assert_non_null(first);
    assert_null(strstr(first + 1, "final_val_loss_mean"));
    first = strstr(bytes, "paired_val_loss_mean");
    assert_non_null(first);
    assert_null(strstr(first + 1, "paired_val_loss_mean"));
    free(bytes);
}

/* Asked for differences, it does not keep silent where there are none. */
static void test_compare_group__missing_differences_are_told(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    put_seed("single/a", "done", "softmax", 1, "20,2,1,0.5\n");
    put_seed("single/b", "done", "relu", 1, "20,2,1,0.5\n");
    o.baseline = "relu";
    char *text = compare_text("single", o);
    assert_within(text, "note: no differences from relu are shown: they take "
                        "more than one run on a side, measured\nalike on the "
                        "same data\n");
    free(text);
    o.baseline = NULL;
    text = compare_text("single", o);
    assert_null(strstr(text, "no differences"));
    assert_null(strstr(text, "judged over"));
    free(text);
}

/* Standard output gets the CSV alone. */
static void test_compare_group__a_csv_may_go_to_standard_output(void **state)
{
    (void)state;
    static const char *const names[] = { "sweep" };
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    put_sweep();
    o.csv = "-";
    char *text = compare_text("sweep", o);
    assert_int_equal(strncmp(text, "group,attention.weights,runs,", 29), 0);
    assert_within(text, "\nrelu,relu,2,");
    assert_null(strstr(text, "mean over"));
    assert_null(strstr(text, "differences"));
    assert_null(strstr(text, "percent"));
    free(text);
    o.csv = NULL;
    o.runs_csv = "-";
    text = compare_text("sweep", o);
    assert_int_equal(strncmp(text, "group,run,attention.weights,", 28), 0);
    assert_null(strstr(text, "mean over"));
    free(text);
    o.csv = "-";
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_USAGE);
    free(text);
    assert_within(e.text, "- is named for two reports");
    assert_int_not_equal(access("-", F_OK), 0);
}

/* Between rows it is said, in one line that names two of them. */
static void test_compare_group__unlike_rows_are_told(void **state)
{
    (void)state;
    put_seed("rows/a", "done", "softmax", 1, "0,5,5,0\n20,2,1,0.5\n");
    put_seed("rows/b", "done", "relu", 1, "0,5,5,0\n20,2,1,0.5\n");
    put_file("rows/b", "config.ini",
             "[run]\nseed = 1\n[attention]\nweights = relu\n"
             "[sink]\nprobe_sequences = 4\n");
    char *text = compare_text("rows", compare_usual);
    assert_within(text, "note: sink_1 was measured differently in a (probe, 8 "
                        "sequences of 64 tokens, eps 0.3) and in b (probe, 4 ");
    free(text);
}

/* A group whose first run does not read the key has what the others have. */
static void test_compare_group__a_key_is_what_its_readers_have(void **state)
{
    static const char *const clipped = "[attention]\nweights = clipped\n";
    struct compare_options o = compare_usual;
    char text[128];
    (void)state;
    put_run("read/a", "done", "[attention]\nweights = softmax\n",
            "20,2,1,0.5\n");
    put_run("read/b", "done", clipped, "20,2,1,0.5\n");
    snprintf(text, sizeof text, "%sclip_alpha = 2\n", clipped);
    put_run("read/c", "done", text, "20,2,1,0.5\n");
    o.by = "attention.clip_alpha";
    char *shown = compare_text("read", o);
    assert_within(shown, " 2  1     20");
    assert_within(shown, "12  2     20");
    free(shown);
    put_run("read/b", "done", "[attention]\nweights = relu\n", "20,2,1,0.5\n");
    shown = compare_text("read", o);
    assert_within(shown, " -  2     20");
    free(shown);
}

/* relu is a feed-forward, too: then softmax says no more than relu does. */
static void test_compare_group__labels_name_a_key_or_none_does(void **state)
{
    static const char *const runs[] = { "labels/a", "labels/b", "labels/c",
                                        "labels/d" };
    const char *rows = "0,5,5,0\n";
    struct fixture f;
    (void)state;
    put_run(runs[0], "done", "[attention]\nweights = softmax\n", rows);
    put_run(runs[1], "done", "[attention]\nweights = relu\n", rows);
    load(&f, runs, 2, &compare_usual);
    assert_string_equal(f.s.g[0].label, "softmax");
    assert_string_equal(f.s.g[1].label, "relu");
    unload(&f);
    put_run(runs[2], "done",
            "[attention]\nweights = softmax\n[model]\nffn = silu\n", rows);
    put_run(runs[3], "done",
            "[attention]\nweights = relu\n[model]\nffn = silu\n", rows);
    load(&f, runs, COUNT_OF(runs), &compare_usual);
    assert_string_equal(f.s.g[0].label, "gelu weights=softmax");
    assert_string_equal(f.s.g[1].label, "gelu weights=relu");
    assert_string_equal(f.s.g[2].label, "silu weights=softmax");
    assert_string_equal(f.s.g[3].label, "silu weights=relu");
    unload(&f);
}

static void put_text(const char *run, const char *path, const char *hash)
{
    char config[256];
    snprintf(config, sizeof config,
             "[data]\nsource = text\npath = %s\nhash = %s\n", path, hash);
    put_run(run, "done", config, "0,5,5,0\n");
}

static void test_compare_group__a_text_is_one_wherever_it_lies(void **state)
{
    static const char *const runs[] = { "texts/a", "texts/b", "texts/c" };
    static const char *const turned[] = { "texts/c", "texts/b", "texts/a" };
    struct fixture f;
    (void)state;
    put_text(runs[0], "here", "0123456789abcdef");
    put_text(runs[1], "there", "0123456789abcdef");
    load(&f, runs, 2, &compare_usual);
    assert_int_equal(f.s.n, 1);
    assert_int_equal(f.s.n_keys, 0);
    unload(&f);
    /* of one without a hash nobody knows, in whichever order */
    put_text(runs[2], "here", "");
    load(&f, runs, COUNT_OF(runs), &compare_usual);
    assert_int_equal(f.s.n, 2);
    unload(&f);
    load(&f, turned, COUNT_OF(turned), &compare_usual);
    assert_int_equal(f.s.n, 2);
    unload(&f);
    put_text(runs[1], "there", "0123456789abcde0");
    load(&f, runs, 2, &compare_usual);
    assert_int_equal(f.s.n, 2);
    unload(&f);
}

static void put_place(const char *run, const char *keys, const char *hash,
                      int seed)
{
    char config[512];
    snprintf(config, sizeof config, "[run]\nseed = %d\n[data]\n%s\nhash = %s\n",
             seed, keys, hash);
    put_run(run, "done", config, "0,5,5,0\n");
}

/* One text at two places, and another one at the first of these. */
static void test_compare_group__places_are_not_texts(void **state)
{
    static const char *const runs[] = { "places/a", "places/b", "places/c" };
    static const char *const turned[] = { "places/c", "places/b", "places/a" };
    static const struct {
        const char *here, *there;
    } keys[] = {
        { "source = text\npath = /p", "source = text\npath = /q" },
        { "source = text\npath = /p\nval_path = /v",
          "source = text\npath = /p\nval_path = /w" },
        { "source = bigram-backcopy\nbigram_path = /p",
          "source = bigram-backcopy\nbigram_path = /q" },
        { "source = mixture\nmixture = 0.5*text:/p, 0.5*random",
          "source = mixture\nmixture = 0.5*text:/q, 0.5*random" },
    };
    static const char one[] = "0123456789abcdef", two[] = "fedcba9876543210";
    struct fixture f;
    (void)state;
    for (idx i = 0; i < COUNT_OF(keys); i++) {
        put_place(runs[0], keys[i].here, one, 1);
        put_place(runs[1], keys[i].there, one, 2);
        put_place(runs[2], keys[i].here, two, 1);
        load(&f, runs, 3, &compare_usual);
        assert_int_equal(f.s.n, 2);
        assert_int_equal(f.s.n_keys, 1);
        assert_string_equal(f.s.keys[0].key->name, "hash");
        assert_int_equal(f.s.g[0].n_counted, 2);
        unload(&f);
        load(&f, turned, 3, &compare_usual);
        assert_int_equal(f.s.n, 2);
        unload(&f);
        char *text = compare_text("places", compare_usual);
        assert_within(text, "note: a and c have read the same place, and have "
                            "two data.hash (0123456789abcdef, "
                            "fedcba9876543210): two texts, or one of several "
                            "files, which older versions hash otherwise\n");
        free(text);
        text = compare_ok(runs, 3, compare_usual);
        assert_within(text, "note: a and c have read the same place, and ");
        free(text);
        text = compare_ok(runs, 2, compare_usual);
        assert_null(strstr(text, "the same place"));
        free(text);
    }
    /* weights of a mixture are no place */
    put_place(runs[1], "source = mixture\nmixture = 0.6*text:/p, 0.4*random",
              one, 2);
    load(&f, runs, 2, &compare_usual);
    assert_int_equal(f.s.n, 2);
    unload(&f);
}

/* A key that all have alike makes one group, which says nothing. */
static void test_compare_group__by_a_key_that_is_alike_is_told(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    put_sweep();
    o.by = "optim.lr";
    char *text = compare_text("sweep", o);
    assert_within(text, "note: one group, for all runs have the same optim.lr: "
                        "--by wants a key in which they differ\n");
    assert_within(text, "averaged over run.seed, attention.weights\n");
    assert_null(strstr(text, "groups differ"));
    free(text);
}

static void put_sums(const char *run, const char *weights, int seed,
                     const char *rows)
{
    char text[256];
    put_seed(run, "done", weights, seed, "");
    snprintf(text, sizeof text,
             "step,val_loss,sink_1,first_mass_raw,row_sum\n%s", rows);
    put_file(run, "metrics.csv", text);
}

/* Weights as they are are judged with a word on what rows sum to. */
static void test_compare_group__other_sums_are_told(void **state)
{
    (void)state;
    static const char raw[] = "note: first_mass_raw is of rows as they are";
    put_sums("sums/a", "softmax", 1, "20,1,0.5,0.4,1\n");
    put_sums("sums/b", "softmax", 2, "20,1,0.5,0.41,1\n");
    put_sums("sums/c", "relu", 1, "20,1,0.5,0.1,0.2\n");
    put_sums("sums/d", "relu", 2, "20,1,0.5,0.11,0.3\n");
    char *text = compare_text("sums", compare_usual);
    assert_within(text, raw);
    assert_within(text, "at the last step sum to 0.25 to 1.00 (row_sum):\na "
                        "difference may be of "
                        "sums alone; first_mass is of rows scaled to sum 1\n");
    free(text);
    put_sums("sums/c", "relu", 1, "20,1,0.5,0.1,1\n");
    put_sums("sums/d", "relu", 2, "20,1,0.5,0.11,0.98\n");
    text = compare_text("sums", compare_usual);
    assert_null(strstr(text, raw));
    free(text);
}

/* Of single runs, and of groups of one, too, which nobody judges. */
static void test_compare_group__other_sums_of_single_runs_are_told(void **state)
{
    (void)state;
    static const char raw[] =
        "note: first_mass_raw is of rows as they are, "
        "which at the last step sum to 0.20 to 1.00 (row_sum)";
    const char *const runs[] = { "one/a", "one/b" };
    struct compare_options o = compare_usual;
    put_sums("one/a", "softmax", 1, "20,1,0.5,0.4,1\n");
    put_sums("one/b", "relu", 1, "20,1,0.5,0.1,0.2\n");
    char *text = compare_ok(runs, 2, o);
    assert_within(text, raw);
    free(text);
    text = compare_text("one", o);
    assert_within(text, raw);
    free(text);
    o.columns = "row_sum"; /* and not where no such number is shown */
    text = compare_text("one", o);
    assert_null(strstr(text, "of rows as they are"));
    free(text);
}

static void test_compare_group__what_is_odd_is_noted(void **state)
{
    (void)state;
    put_seed("odd/a", "done", "softmax", 1,
             "0,1,1,0\n10,1,1,0.7\n20,1,1,0.2\n");
    put_seed("odd/b", "done", "softmax", 1, "0,1,1,0\n20,1,1,0.8\n");
    put_seed("odd/c", "done", "relu", 1, "0,1\n");
    put_seed("odd/d", "done", "relu", 2, "0,1,1,0\n");
    put_file("odd/e", "status", "done\n");
    put_file("odd/e", "config.ini", "[nonsense]\n");
    char *text = compare_text("odd", compare_usual);
    assert_within(text, "note: softmax: sink_1 was measured at 2 steps by all "
                        "its runs, at 1 more by some");
    assert_within(text, "note: b: has the settings and seeds of a, so their "
                        "numbers count twice");
    assert_within(text, "note: softmax: 1 of the 2 that emerged: gone again");
    assert_within(text, "note: c: left out: ");
    assert_null(strstr(text, "note: d: "));
    assert_within(text, "note: relu: sink_1 is the mean of 1, not 2");
    assert_within(text, "note: e: settings unknown: ");
    free(text);
}

/* A step whose sinks are all gone at the end stands in brackets. */
static void test_compare_group__what_is_gone_is_in_brackets(void **state)
{
    (void)state;
    static const char words[] = ": mean over the runs that have one; (in "
                                "brackets): gone again at the end in all of "
                                "them\n";
    struct compare_options o = compare_usual;
    put_seed("gone/a", "done", "softmax", 1, "0,1,1,0\n10,1,1,0.7\n20,1,1,0\n");
    put_seed("gone/b", "done", "softmax", 2, "0,1,1,0.6\n20,1,1,0\n");
    put_seed("gone/c", "done", "relu", 1, "0,1,1,0\n10,1,1,0.7\n20,1,1,0\n");
    put_seed("gone/d", "done", "relu", 2, "0,1,1,0\n20,1,1,0.8\n");
    o.markdown = path_to("gone.md", "");
    char *text = compare_text("gone", o);
    assert_within(text, " (5)   7  2/2\n");
    assert_within(text, " 15   7  2/2\n");
    assert_within(text, words);
    free(text);
    size_t n;
    text = read_whole(o.markdown, &n);
    assert_within(text, "| (5 ± 7) | 2/2 |\n");
    free(text);
    put_seed("gone/b", "done", "softmax", 2, "0,1,1,0\n20,1,1,0.8\n");
    text = compare_text("gone", compare_usual);
    assert_null(strstr(text, "(in brackets)"));
    free(text);
}

/* The same run in two folders is one run. */
static void test_compare_group__a_copy_counts_once(void **state)
{
    (void)state;
    put_seed("same/a", "done", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("same/b", "done", "softmax", 2, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("same/c", "done", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    char *text = compare_text("same", compare_usual);
    assert_within(text, "\nall runs  2 ");
    assert_within(text, "note: 1 copy of runs, with the same settings, seeds "
                        "and log, left out");
    assert_null(strstr(text, "count twice"));
    free(text);
}

static void test_compare_group__other_numbers_of_one_seed_are_told(void **state)
{
    (void)state;
    put_seed("copies/a", "done", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("copies/b", "done", "softmax", 2, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("copies/c", "done", "softmax", 1, "0,5,4,0\n20,2,1.1,0.5\n");
    put_seed("copies/d", "done", "softmax", 1, "0,5,4,0\n20,2,1.2,0.5\n");
    char *text = compare_text("copies", compare_usual);
    assert_within(text, "note: c: has the settings and seeds of a, so their");
    assert_within(text, "note: d: has the settings and seeds of a, so their");
    assert_null(strstr(text, "seeds of c"));
    assert_null(strstr(text, "seeds of b"));
    free(text);
}

/* So they are of a text that lies elsewhere. */
static void test_compare_group__copies_may_be_of_a_moved_text(void **state)
{
    static const char here[] = "source = text\npath = /p",
                      there[] = "source = text\npath = /q",
                      hash[] = "0123456789abcdef";
    (void)state;
    put_place("moved/a", here, hash, 1);
    put_place("moved/b", there, hash, 1);
    put_place("moved/c", there, hash, 2);
    char *text = compare_text("moved", compare_usual);
    assert_within(text, "\nall runs  2 ");
    assert_within(text, "note: 1 copy of runs, with the same settings, seeds "
                        "and log, left out");
    free(text);
    put_file("moved/b", "metrics.csv",
             "step,loss,val_loss,sink_1\n0,5,5.1,0\n");
    text = compare_text("moved", compare_usual);
    assert_within(text, "\nall runs  3 ");
    assert_within(text, "note: b: has the settings and seeds of a, so their "
                        "numbers count twice");
    free(text);
}

/* Rows of groups have the first place of a text, rows of runs their own. */
static void test_compare_group__runs_keep_their_places(void **state)
{
    static const char *const names[] = { "own" };
    static const char *const keys[] = { "source = text\npath = %s",
                                        "source = mixture\n"
                                        "mixture = 1*text:%s" };
    static const char *const at[] = { "/x/text", "/y/text", "/z/text" };
    static const char one[] = "0123456789abcdef", two[] = "fedcba9876543210";
    static const char *const runs[] = { "own/a", "own/b", "own/c" };
    struct err e = { 0 };
    (void)state;
    for (idx i = 0; i < COUNT_OF(keys); i++) {
        struct compare_options o = compare_usual;
        char *text;
        for (int k = 0; k < COUNT_OF(at); k++) {
            char data[128];
            snprintf(data, sizeof data, keys[i], at[k]);
            put_place(runs[k], data, k < 2 ? one : two, k);
        }
        o.runs_csv = "-";
        assert_int_equal(compare_case(&text, names, 1, o, &e), OK);
        for (idx k = 0; k < COUNT_OF(at); k++)
            assert_within(text, at[k]);
        free(text);
        o.runs_csv = NULL;
        o.csv = "-";
        assert_int_equal(compare_case(&text, names, 1, o, &e), OK);
        assert_within(text, at[0]);
        assert_null(strstr(text, at[1]));
        assert_within(text, at[2]);
        free(text);
    }
}

/* Softmax and relu, two seeds each at two rates: relu's rates may be its own.
 * val_loss at the end is softmax 1 to 4, and of relu more (4). */
static void put_reused(const char *set, double lr, double other,
                       const double *more)
{
    static const char *const weights[] = { "softmax", "relu" };
    char run[32], config[128], row[64];
    for (int i = 0; i < 8; i++) {
        int at = i / 2, is_relu = i % 2;
        double high = is_relu ? other : lr;
        snprintf(run, sizeof run, "%s/%d", set, i);
        snprintf(config, sizeof config,
                 "[run]\nseed = %d\n[optim]\nlr = %g\n[attention]\n"
                 "weights = %s\n",
                 at % 2, at < 2 ? 0.001 : high, weights[is_relu]);
        snprintf(row, sizeof row, "0,5,4,0\n20,2,%g,0.5\n",
                 1 + at + (is_relu ? more[at] : 0));
        put_run(run, "done", config, row);
    }
}

/* Like is held against like, and a seed counts once: its differences are not
 * independent. Means of seeds 2 and 5, so 3.5 +- 12.706 * 1.5. */
static void test_compare_group__pairs_share_the_other_settings(void **state)
{
    static const double more[] = { 1, 4, 3, 6 };
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    (void)state;
    put_reused("two", 0.002, 0.002, more);
    o.by = "attention.weights";
    char *text = compare_text("two", o);
    assert_within(text, "\nval_loss  relu   4 pairs of 2 seeds     +3.5000  "
                        "-15.5593 to 22.5593  all +  0.5  too few seeds");
    assert_within(text, " and other settings, where each seed counts once");
    assert_null(strstr(text, "count as two"));
    free(text);
    assert_int_equal(filter_add(&o.where, "run.seed=0", &e), OK);
    text = compare_text("two", o);
    assert_within(text, "\nval_loss  relu   2 pairs of 1 seed     +2.0000  ");
    free(text);
    filter_release(&o.where);
}

/* Without one run of a seed on each side: unlike ones are no pair, though they
 * are all that is left of it. */
static void test_compare_group__unlike_runs_make_no_pair(void **state)
{
    static const double more[] = { 1, 4, 3, 6 };
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    (void)state;
    put_reused("lacking", 0.002, 0.002, more);
    o.by = "attention.weights";
    assert_int_equal(
        filter_add(&o.where,
                   "run.seed=1 or "
                   "attention.weights=softmax and optim.lr=0.001 or "
                   "attention.weights=relu and optim.lr=0.002",
                   &e),
        OK);
    char *text = compare_text("lacking", o);
    assert_within(text, "\nval_loss  relu   3 and 3 runs ");
    free(text);
    filter_release(&o.where);
}

/* A key that never is the same on both sides cannot hold pairs apart. */
static void test_compare_group__a_key_tied_to_its_side_is_no_match(void **state)
{
    static const double more[] = { 1, 1, 1, 1 };
    struct compare_options o = compare_usual;
    char run[32], config[128];
    (void)state;
    put_reused("tied", 0.002, 0.002, more);
    for (int i = 0; i < 8; i++) {
        snprintf(run, sizeof run, "tied/%d", i);
        snprintf(config, sizeof config,
                 "[run]\nseed = %d\n[optim]\nlr = %g\n[attention]\n"
                 "weights = %s\n[model]\nlayers = %d\n",
                 i / 2 % 2, i < 4 ? 0.001 : 0.002, i % 2 ? "relu" : "softmax",
                 1 + i % 2);
        put_file(run, "config.ini", config);
    }
    o.by = "attention.weights";
    char *text = compare_text("tied", o);
    assert_within(text, "\nval_loss  relu   4 pairs of 2 seeds     +1.0000  ");
    free(text);
}

/* What --by averages over are no seeds, though the test takes all runs where
 * some have no partner. */
static void test_compare_group__one_seed_in_several_runs_is_told(void **state)
{
    static const char said[] = "have the same seeds, and where all runs are";
    static const double more[] = { 0.1, 0.2, 0.3, 0.4 };
    struct compare_options o = compare_usual;
    (void)state;
    put_reused("reused", 0.002, 0.003, more);
    o.by = "attention.weights";
    char *text = compare_text("reused", o);
    assert_within(text, "4 and 4 runs");
    assert_within(text, "note: 0 and 4 have the same seeds, and where all");
    free(text);
    o.by = "attention.weights,optim.lr";
    text = compare_text("reused", o);
    assert_null(strstr(text, said));
    free(text);
}

/* That one optimizer has no second moment follows from which it is. */
static void test_compare_group__what_is_not_read_is_not_named(void **state)
{
    static const char *const names[] = { "optimizers/a1", "optimizers/s1" };
    static const char sgd[] = "name = sgd\n";
    struct compare_options o = compare_usual;
    char run[32], config[128];
    size_t n;
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(run, sizeof run, "optimizers/%c%d", i % 2 ? 's' : 'a',
                 1 + i / 2);
        snprintf(config, sizeof config, "[run]\nseed = %d\n[optim]\n%s",
                 1 + i / 2, i % 2 ? sgd : "beta2 = 0.99\n");
        put_run(run, "done", config, "0,5,4,0\n20,2,1,0.5\n");
    }
    o.csv = path_to("read.csv", "");
    char *text = compare_text("optimizers", o);
    assert_within(text, "\nadamw   0.99  2 ");
    assert_within(text, "\nsgd        -  2 ");
    assert_within(text, "groups differ in optim.name\n");
    assert_within(text, "\nval_loss  sgd    2 pairs ");
    free(text);
    text = read_whole(o.csv, &n);
    assert_within(text, "group,optim.name,optim.beta2,");
    assert_within(text, "\nsgd,sgd,0.95,");
    free(text);
    o.csv = NULL;
    text = compare_ok(names, 2, o);
    assert_within(text, "the runs differ in optim.name\n");
    free(text);
    o.by = "optim.beta2";
    text = compare_text("optimizers", o);
    assert_within(text, "groups differ in optim.beta2\n");
    free(text);
    put_file("optimizers/a2", "config.ini", "[run]\nseed = 2\n");
    o.by = NULL;
    text = compare_text("optimizers", o);
    assert_within(text, "groups differ in optim.name, optim.beta2\n");
    free(text);
}

static void test_compare_group__a_folder_counts_once(void **state)
{
    (void)state;
    put_seed("twice/a", "done", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("twice/b", "done", "softmax", 2, "0,5,4,0\n20,2,1,0.5\n");
    static const char *const names[] = { "twice/b", "twice", "twice/a" };
    char *text = compare_ok(names, 3, compare_usual);
    assert_within(text, "\nall runs  2 ");
    assert_null(strstr(text, "so their numbers count twice"));
    free(text);
}

static void test_compare_group__what_where_leaves_out_counts_once(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    put_seed("left/a", "done", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("left/b", "done", "softmax", 2, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("left/c", "done", "softmax", 3, "0,5,4,0\n20,2,1,0.5\n");
    static const char *const names[] = { "left/b", "left", "left/c", "left" };
    static const char *const single[] = { "left/b", "left/a", "left/b" };
    assert_int_equal(filter_add(&o.where, "run.seed=1", &e), OK);
    char *text = compare_ok(names, 4, o);
    assert_within(text, "note: 2 runs do not match --where and are left out\n");
    free(text);
    text = compare_ok(single, 3, o);
    assert_within(text, "note: 1 run does not match --where and is left out\n");
    free(text);
    filter_release(&o.where);
}

static void test_compare_group__unknown_runs_are_not_averaged(void **state)
{
    (void)state;
    put_seed("vague/a", "what?", "softmax", 1, "0,5,4,0\n20,2,1,0.5\n");
    put_seed("vague/b", "running", "softmax", 2, "0,5,4,0\n20,2,3,0.5\n");
    char *text = compare_text("vague", compare_usual);
    assert_within(text, "1 interrupted, 1 unknown  (1)");
    assert_within(text, "note: a: ");
    assert_within(text, "vague/a/status:1: got 'what?'");
    free(text);
}

/* Where no schedule depends on its length a longer run goes the same way. */
static void test_compare_group__a_longer_copy_is_told(void **state)
{
    (void)state;
    static const char config[] = "[run]\nseed = 1\n[train]\nsteps = ";
    struct compare_options o = compare_usual;
    char text[256];
    snprintf(text, sizeof text, "%s10\n", config);
    put_run("longer/a", "done", text, "0,5,4,0\n10,2,1,0.5\n");
    snprintf(text, sizeof text, "%s20\n", config);
    put_run("longer/b", "done", text, "0,5,4,0\n10,2,1,0.5\n20,1,1,0.5\n");
    snprintf(text, sizeof text, "%s30\n", config);
    put_run("longer/c", "done", text, "0,5,4,0\n10,3,1,0.5\n30,1,1,0.5\n");
    o.by = "attention.weights";
    char *shown = compare_text("longer", o);
    assert_within(shown, "note: b: has the settings and seeds of a but for "
                         "train.steps, so their numbers count twice");
    assert_null(strstr(shown, "note: c: has"));
    free(shown);
}

static void test_compare_group__means_over_data_are_told(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    put_run("data/a", "done", "[data]\neval_seed = 2\n", "20,2,1,0.5\n");
    put_run("data/b", "done", "[data]\neval_seed = 3\n", "20,2,2,0.5\n");
    o.by = "attention.weights";
    char *text = compare_text("data", o);
    assert_within(text, "note: means are over data.eval_seed, too: losses of "
                        "different data");
    free(text);
}

/* Digits without end would tear the columns apart. */
static void test_compare_group__a_huge_loss_fits(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    put_seed("huge/a", "done", "softmax", 1, "20,2,1e30,0.5\n");
    put_seed("huge/b", "done", "softmax", 2, "20,2,3,0.5\n");
    o.metric = "val_loss";
    char *text = compare_text("huge", o);
    assert_within(text, "  5e+29  7.071e+29  1e+30 3.00  ");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_compare_group__summaries_by_hand),
        cmocka_unit_test(test_compare_group__seeds_are_averaged),
        cmocka_unit_test(test_compare_group__runs_stay_in_their_order),
        cmocka_unit_test(
            test_compare_group__emergence_is_of_those_that_emerged),
        cmocka_unit_test(test_compare_group__only_common_steps_are_shown),
        cmocka_unit_test(
            test_compare_group__a_diverged_run_is_no_part_of_a_mean),
        cmocka_unit_test(
            test_compare_group__without_a_done_run_those_under_way_count),
        cmocka_unit_test(test_compare_group__a_group_without_numbers_is_a_row),
        cmocka_unit_test(test_compare_group__sources_are_not_mixed),
        cmocka_unit_test(test_compare_group__who_lacks_a_column_is_named),
        cmocka_unit_test(test_compare_group__the_table_is_complete),
        cmocka_unit_test(test_compare_group__csv_holds_mean_spread_and_n),
        cmocka_unit_test(test_compare_group__by_and_where_choose),
        cmocka_unit_test(test_compare_group__every_run_is_a_row),
        cmocka_unit_test(test_compare_group__no_spread_has_no_interval),
        cmocka_unit_test(test_compare_group__equal_seeds_are_paired),
        cmocka_unit_test(test_compare_group__the_error_of_a_loss_is_told),
        cmocka_unit_test(test_compare_group__only_like_is_paired),
        cmocka_unit_test(test_compare_group__a_nan_is_not_averaged_away),
        cmocka_unit_test(test_compare_group__unlike_measurements_are_refused),
        cmocka_unit_test(test_compare_group__a_damaged_half_is_told),
        cmocka_unit_test(test_compare_group__unlike_losses_are_told),
        cmocka_unit_test(test_compare_group__the_loss_is_shown_once),
        cmocka_unit_test(test_compare_group__missing_differences_are_told),
        cmocka_unit_test(test_compare_group__a_csv_may_go_to_standard_output),
        cmocka_unit_test(test_compare_group__unlike_rows_are_told),
        cmocka_unit_test(test_compare_group__a_key_is_what_its_readers_have),
        cmocka_unit_test(test_compare_group__labels_name_a_key_or_none_does),
        cmocka_unit_test(test_compare_group__a_text_is_one_wherever_it_lies),
        cmocka_unit_test(test_compare_group__places_are_not_texts),
        cmocka_unit_test(test_compare_group__copies_may_be_of_a_moved_text),
        cmocka_unit_test(test_compare_group__runs_keep_their_places),
        cmocka_unit_test(test_compare_group__pairs_share_the_other_settings),
        cmocka_unit_test(test_compare_group__unlike_runs_make_no_pair),
        cmocka_unit_test(
            test_compare_group__a_key_tied_to_its_side_is_no_match),
        cmocka_unit_test(test_compare_group__one_seed_in_several_runs_is_told),
        cmocka_unit_test(test_compare_group__by_a_key_that_is_alike_is_told),
        cmocka_unit_test(test_compare_group__other_sums_are_told),
        cmocka_unit_test(
            test_compare_group__other_sums_of_single_runs_are_told),
        cmocka_unit_test(test_compare_group__what_is_odd_is_noted),
        cmocka_unit_test(test_compare_group__what_is_gone_is_in_brackets),
        cmocka_unit_test(test_compare_group__a_copy_counts_once),
        cmocka_unit_test(
            test_compare_group__other_numbers_of_one_seed_are_told),
        cmocka_unit_test(test_compare_group__what_is_not_read_is_not_named),
        cmocka_unit_test(test_compare_group__a_folder_counts_once),
        cmocka_unit_test(test_compare_group__what_where_leaves_out_counts_once),
        cmocka_unit_test(test_compare_group__unknown_runs_are_not_averaged),
        cmocka_unit_test(test_compare_group__a_longer_copy_is_told),
        cmocka_unit_test(test_compare_group__means_over_data_are_told),
        cmocka_unit_test(test_compare_group__a_huge_loss_fits),
    };
    return cmocka_run_group_tests_name("compare_group", tests, NULL, NULL);
}
