/* The figures of compare: what is drawn of which runs, as an SVG says it. */
#include "harness.h"
#include "runs_case.h"

#include "base/text.h"
#include "io/arrays.h"
#include "io/hdf.h"
#include "report/figure.h"
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { L = 2, H = 3, T = 4, STEPS = 3 };

/* ---- runs -------------------------------------------------------------- */

static void put_numbered(const char *set, int i, const char *config,
                         const char *rows)
{
    char name[64];
    snprintf(name, sizeof name, "%s/run%02d", set, i);
    put_run(name, "done", config, rows);
}

/* Every setting of so many weight maps and rates, each with so many seeds. */
static void put_grid(const char *set, int n_weights, int n_rates, int n_seeds)
{
    static const char *const weights[] = { "softmax",  "sigmoid", "relu",
                                           "relu2",    "elu1",    "identity",
                                           "softpick", "ssmax" };
    for (int i = 0; i < n_weights * n_rates * n_seeds; i++) {
        char config[256], rows[256];
        int w = i / (n_rates * n_seeds), lr = i / n_seeds % n_rates;
        snprintf(config, sizeof config,
                 "[run]\nseed = %d\n[attention]\nweights = %s\n[optim]\n"
                 "lr = 0.00%d\n",
                 i % n_seeds + 1, weights[w], lr + 1);
        snprintf(
            rows, sizeof rows, "0,5,5,0\n10,3,3,0.1\n20,2,%g,%g\n30,2,%g,%g\n",
            2.2 + 0.01 * i, 0.2 + 0.005 * i, 2 + 0.01 * i, 0.3 + 0.005 * i);
        put_numbered(set, i, config, rows);
    }
}

/* A run that was analyzed: sink_1 of head h of layer l is 0, then a tenth of
 * l + h, then (3 l + h) / 10. hidden_norm at depth l of token t is
 * 10 l + t + 1, value_norm of head h of layer l 10 l + h. Layer `bare` has no
 * sink_1, of bare = L none has. */
static void put_mapped_but(const char *name, const char *config, idx bare)
{
    double v[STEPS * L * H], scalar[STEPS] = { 0 };
    double hidden[STEPS * (L + 1) * T], value[STEPS * L * H * T];
    char path[512], seal[HASH_HEX_MAX], row[512];
    static const int64_t steps[] = { 0, 100, 200 }, counts[] = { 0, 1, 2, 3 };
    struct err e = { 0 };
    for (idx i = 0; i < STEPS * L * H; i++) {
        idx s = i / (L * H), l = i / H % L, h = i % H;
        v[i] = s == 0   ? 0
               : s == 1 ? 0.1 * (double)(l + h)
                        : 0.1 * (double)(3 * l + h);
        scalar[s] += v[i] / (L * H);
        if (l == bare || bare == L)
            v[i] = NAN;
    }
    for (idx i = 0; i < STEPS * (L + 1) * T; i++)
        hidden[i] = 10.0 * (double)(i / T % (L + 1)) + (double)(i % T) + 1;
    for (idx i = 0; i < STEPS * L * H * T; i++)
        value[i] = 10.0 * (double)(i / (T * H) % L) + (double)(i / T % H);
    const struct note notes[] = { { "config", config } };
    const struct axis axes[] = {
        { "step", "1", "updates", STEPS, steps, NULL },
        { "layer", "1", "block", L, counts, NULL },
        { "head", "1", "head", H, counts, NULL },
        { "depth", "1", "depth", L + 1, counts, NULL },
        { "position", "1", "position", T, counts, NULL },
    };
    struct array arrays[] = {
        { .name = "sink_1", .ndim = 3, .axes = { 0, 1, 2 }, .doubles = v },
        { .name = "hidden_norm",
          .ndim = 3,
          .axes = { 0, 3, 4 },
          .doubles = hidden },
        { .name = "value_norm",
          .ndim = 4,
          .axes = { 0, 1, 2, 4 },
          .doubles = value },
    };
    for (idx i = 0; i < COUNT_OF(arrays); i++) {
        arrays[i].long_name = arrays[i].definition = "made up";
        arrays[i].unit = "1";
    }
    const struct arrays all = { notes,          1,      axes,
                                COUNT_OF(axes), arrays, COUNT_OF(arrays) };
    put_file(name, "config.ini", config);
    put_file(name, "status", "done\n");
    snprintf(path, sizeof path, "%s", path_to(name, "analysis.h5"));
    assert_int_equal(arrays_save(path, &all, &e), OK);
    assert_int_equal(hdf_read_seal(seal, path, ERR_DATA, "", &e), OK);
    snprintf(row, sizeof row,
             "step,val_loss,hidden_norm,value_norm,sink_1,analysis\n"
             "0,5,1,1,%g,%s\n100,3,1,1,%g,%s\n200,2,1,1,%g,%s\n",
             scalar[0], seal, scalar[1], seal, scalar[2], seal);
    put_file(name, "analysis.csv", row);
}

static void put_mapped(const char *name, const char *config)
{
    put_mapped_but(name, config, -1);
}

/* One whose sink_1 is these values in all heads of one layer, and 0 in the
 * others. */
static void put_grown(const char *name, const int64_t *steps,
                      const double *values, idx n)
{
    enum { MOST = 12 };
    double v[MOST * L * H] = { 0 };
    char path[512], seal[HASH_HEX_MAX], rows[1024];
    static const int64_t counts[] = { 0, 1, 2 };
    struct err e = { 0 };
    struct text t = { rows, sizeof rows, 0 };
    for (idx i = 0; i < n * H; i++)
        v[i / H * L * H + i % H] = values[i / H];
    const struct note notes[] = { { "config", "" } };
    const struct axis axes[] = {
        { "step", "1", "updates", n, steps, NULL },
        { "layer", "1", "block", L, counts, NULL },
        { "head", "1", "head", H, counts, NULL },
    };
    struct array sinks = { .name = "sink_1",
                           .long_name = "made up",
                           .definition = "made up",
                           .unit = "1",
                           .ndim = 3,
                           .axes = { 0, 1, 2 },
                           .doubles = v };
    const struct arrays all = { notes, 1, axes, COUNT_OF(axes), &sinks, 1 };
    put_file(name, "config.ini", "[run]\n");
    put_file(name, "status", "done\n");
    snprintf(path, sizeof path, "%s", path_to(name, "analysis.h5"));
    assert_int_equal(arrays_save(path, &all, &e), OK);
    assert_int_equal(hdf_read_seal(seal, path, ERR_DATA, "", &e), OK);
    text_add(&t, "step,val_loss,sink_1,analysis\n");
    for (idx i = 0; i < n; i++)
        text_add(&t, "%d,2,%g,%s\n", (int)steps[i], values[i] / L, seal);
    put_file(name, "analysis.csv", rows);
}

/* ---- what came out ----------------------------------------------------- */

static idx count_of(const char *text, const char *what)
{
    idx n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

/* How often a letter stands right of the frame of a plot in text. */
static idx marks_of(const char *text, char letter)
{
    idx n = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        for (idx i = (idx)strcspn(line, "|\n"); line[i] && line[i] != '\n'; i++)
            n += line[i] == letter;
    return n;
}

/* The figure of these folders; to be freed. */
static char *svg_of(const char *const *names, idx n, struct compare_options o)
{
    size_t size;
    char path[512];
    snprintf(path, sizeof path, "%s", path_to("figure.svg", ""));
    o.output = path;
    unlink(path);
    free(compare_ok(names, n, o));
    return read_whole(path, &size);
}

static char *figure_of(const char *name, struct compare_options o)
{
    return svg_of(&name, 1, o);
}

static void expect_error(const char *const *names, idx n,
                         struct compare_options o, int code, const char *want)
{
    char *text;
    struct err e = { 0 };
    assert_int_equal(compare_case(&text, names, n, o, &e), code);
    assert_within(e.text, want);
    free(text);
}

static const char band[] = "fill-opacity = '0.15";
static const char thin[] = "stroke-width=\"0.80\"";

/* ---- curves ------------------------------------------------------------ */

/* 0 and 100 % have a mean of 50 and a spread of 71; the caption tells. */
static void test_figure_curves__bands_that_are_cut_are_told(void **state)
{
    (void)state;
    static const char words[] = "cut where a share ends, at 0 or 100 %.";
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_seed("wide/a", "done", "softmax", 1, "0,5,5,0\n20,2,1,0\n");
    put_seed("wide/b", "done", "softmax", 2, "0,5,5,0\n20,2,1,1\n");
    char *svg = figure_of("wide", o);
    assert_within(svg, words);
    free(svg);
    put_seed("wide/b", "done", "softmax", 2, "0,5,5,0.5\n20,2,1,0.5\n");
    put_seed("wide/a", "done", "softmax", 1, "0,5,5,0.4\n20,2,1,0.4\n");
    svg = figure_of("wide", o);
    assert_null(strstr(svg, "where a share"));
    free(svg);
}

static void test_figure_curves__means_have_bands_or_seeds(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_grid("few", 3, 1, 4);
    char *svg = figure_of("few", o);
    assert_true(count_of(svg, band) >= 2 * 3); /* of metric and loss */
    assert_within(svg, ">softmax<");
    assert_within(svg, "means over n = 4 runs; bands: \u00b1 sample standard");
    assert_within(svg, ">sinks on token 1, %<");
    assert_within(svg, ">validation loss, nats<");
    assert_within(svg, "N = 8 sequences of T = 64 tokens, eps = 0.3.");
    assert_within(svg, ">step<");
    idx n_thin = count_of(svg, thin);
    free(svg);
    o.has_seeds = true;
    svg = figure_of("few", o);
    assert_int_equal(count_of(svg, band), 0);
    assert_within(svg, "thin lines: the runs");
    assert_true(count_of(svg, thin) - n_thin >= 2 * 12);
    free(svg);
    o.is_bare = true;
    svg = figure_of("few", o);
    assert_null(strstr(svg, "eps = 0.3"));
    free(svg);
}

/* Over one axis: what came when. */
static void test_figure_curves__columns_stand_below(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    char *svg = svg_of(names, 1, o);
    assert_null(strstr(svg, ">hidden norm<"));
    free(svg);
    o.columns = "hidden_norm,value_norm";
    svg = svg_of(names, 1, o);
    assert_within(svg, ">hidden norm<");
    assert_within(svg, ">value norm<");
    assert_int_equal(count_of(svg, ">step<"), 1);
    free(svg);
}

static void test_figure_curves__unequal_groups_say_their_number(void **state)
{
    (void)state;
    skip_without_gnuplot();
    put_seed("uneven/a", "done", "softmax", 1, "0,5,5,0\n20,2,1,0.9\n");
    put_seed("uneven/b", "done", "softmax", 2, "0,5,5,0\n20,2,2,0.9\n");
    put_seed("uneven/c", "done", "relu", 1, "0,5,5,0\n20,2,1,0.9\n");
    char *svg = figure_of("uneven", compare_usual);
    assert_within(svg, "means over n = 1 to 2 runs");
    assert_within(svg, ">softmax (n=2)<");
    assert_within(svg, ">relu (n=1)<");
    free(svg);
}

static void test_figure_curves__tokens_may_be_the_axis(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    static const char *const names[] = { "tokens" };
    skip_without_gnuplot();
    put_file("tokens", "config.ini", "[run]\n");
    put_file("tokens", "status", "done\n");
    put_file("tokens", "metrics.csv",
             "step,tokens,loss,val_loss,sink_1\n0,0,,5,0\n10,5e5,4,,\n"
             "20,1e6,3,3,0.5\n40,2e6,2,2,0.7\n");
    o.x = "tokens";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">tokens<");
    assert_within(svg, ">2M<");
    free(svg);
}

/* What differs within panels is in the legend, what between them above them. */
static void test_figure_curves__many_are_divided_by_a_key(void **state)
{
    (void)state;
    static const char *const rates[] = { ">lr=0.001<", ">lr=0.002<" };
    skip_without_gnuplot();
    put_grid("grid", 4, 2, 2);
    char *svg = figure_of("grid", compare_usual);
    for (idx i = 0; i < 2; i++)
        assert_int_equal(count_of(svg, rates[i]), 2); /* above two panels */
    assert_int_equal(count_of(svg, ">softmax<"), 1);
    assert_int_equal(count_of(svg, ">relu2<"), 1);
    assert_true(count_of(svg, band) >= 2 * 8);
    free(svg);
}

/* However many of them are columns already; sink_1 of layer 0 is 0, 0.1, 0.1
 * here, that of layer 1 0, 0.2, 0.4. */
static void test_figure_curves__layers_are_called_by_their_number(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    o.has_layers = true;
    char *svg = figure_of("mapped", o);
    const char *asked[] = { "sink_1_layer_1", "sink_1_layer_0",
                            "sink_1_layer_1,sink_1_layer_0" };
    for (idx i = 0; i < COUNT_OF(asked); i++) {
        o.columns = asked[i];
        char *other = figure_of("mapped", o);
        assert_string_equal(other, svg);
        free(other);
    }
    free(svg);
    o.columns = NULL;
    o.loss = "sink_1_layer_0";
    svg = figure_of("mapped", o);
    assert_int_equal(count_of(svg, ">layer 0<"), 1);
    assert_int_equal(count_of(svg, ">layer 1<"), 1);
    free(svg);
    put_mapped_but("lacking", "[run]\nseed = 1\n", 0);
    o.loss = compare_usual.loss;
    svg = figure_of("lacking", o);
    assert_null(strstr(svg, ">layer 0<"));
    assert_within(svg, ">layer 1<");
    free(svg);
}

/* What tables and --baseline call it has the number alone. */
static void test_figure_curves__legends_say_what_numbers_mean(void **state)
{
    (void)state;
    static const char *const tokens[] = { "0", "16384" };
    static const char *const windows[] = { "0", "16" };
    struct compare_options o = compare_usual;
    char config[128], run[32];
    skip_without_gnuplot();
    for (idx i = 0; i < 4; i++) {
        snprintf(config, sizeof config,
                 "[run]\nseed = %td\n[data]\nunique_tokens = %s\n", i / 2,
                 tokens[i % 2]);
        snprintf(run, sizeof run, "meant/%td", i);
        put_run(run, "done", config, "0,5,5,0\n20,2,1.5,0.12\n");
    }
    o.baseline = "unique_tokens=0";
    char *svg = figure_of("meant", o);
    assert_within(svg, ">unique_tokens=0 (all)<");
    assert_within(svg, ">unique_tokens=16384<");
    free(svg);
    for (idx i = 0; i < 4; i++) {
        snprintf(config, sizeof config,
                 "[run]\nseed = %td\n[attention]\nwindow = %s\n", i / 2,
                 windows[i % 2]);
        snprintf(run, sizeof run, "seen/%td", i);
        put_run(run, "done", config, "0,5,5,0\n20,2,1.5,0.12\n");
    }
    o.baseline = NULL;
    svg = figure_of("seen", o);
    assert_within(svg, ">window=0 (no limit)<"); /* itself included */
    free(svg);
}

/* Runs one by one are divided by nothing: each is seen against all. */
static void test_figure_curves__many_runs_have_panels(void **state)
{
    (void)state;
    const char *names[30];
    char storage[30][32];
    skip_without_gnuplot();
    put_grid("apart", 6, 1, 5);
    for (idx i = 0; i < 30; i++) {
        snprintf(storage[i], sizeof storage[i], "apart/run%02td", i);
        names[i] = storage[i];
    }
    char *svg = svg_of(names, PLOT_STYLES, compare_usual);
    assert_null(strstr(svg, "all others"));
    assert_int_equal(count_of(svg, ">run06<"), 1);
    free(svg);
    svg = svg_of(names, 10, compare_usual);
    assert_within(svg, ">all others<");
    assert_int_equal(count_of(svg, ">run09<"), 2);
    free(svg);
    svg = svg_of(names, 30, compare_usual);
    assert_null(strstr(svg, "all others"));
    assert_within(svg, "30 curves, coloured in the order of the table; 7 of "
                       "them are named");
    assert_within(svg, ">run00<");
    assert_within(svg, ">run29<");
    free(svg);
}

static void test_figure_curves__a_range_may_be_asked_for(void **state)
{
    (void)state;
    static const char *const names[] = { "one" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_run("one", "done", "", "0,5,5,0\n20,2,1.5,0.12\n");
    o.y_range = "0:50%";
    o.loss_range = "1.4:1.6";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">50<");
    assert_within(svg, ">1.6<");
    assert_null(strstr(svg, ">5<"));
    free(svg);
    o.y_range = "0:0.5";
    svg = svg_of(names, 1, o);
    assert_within(svg, ">50<");
    free(svg);
    o.loss_range = "1:2%";
    expect_error(names, 1, o, ERR_USAGE, "leave the % away");
}

/* Where one thing at a time was changed, what was not is not named; of a label
 * that would say nothing one is. */
static void test_figure_curves__labels_leave_defaults_out(void **state)
{
    (void)state;
    static const struct {
        const char *name, *config;
    } runs[] = {
        { "ablate/a", "" },
        { "ablate/b", "[attention]\nweights = relu\n" },
        { "ablate/c", "[optim]\nlr = 0.5\n" },
        { "ablate/d", "[model]\nlayers = 3\n" },
    };
    for (idx i = 0; i < COUNT_OF(runs); i++)
        put_run(runs[i].name, "done", runs[i].config,
                "0,5,5,0\n20,2,1.5,0.12\n");
    static const char *const names[] = { "ablate" };
    char *text = compare_ok(names, 1, compare_usual);
    assert_within(text, " a layers=1");
    assert_within(text, " b lr=0.5");
    assert_within(text, " c relu");
    assert_within(text, " d layers=3\n");
    free(text);
}

/* ---- setting, loss ----------------------------------------------------- */

static void test_figure_setting__a_key_is_the_axis(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    static const char *const none[] = { "alone" };
    static const char *const grid[] = { "swept" };
    skip_without_gnuplot();
    put_grid("swept", 2, 3, 2);
    o.figure = "setting";
    char *svg = figure_of("swept", o);
    assert_within(svg, ">optim.lr<");
    assert_within(svg, ">0.002<");
    assert_within(svg, ">softmax<");
    assert_null(strstr(svg, ">lr="));
    free(svg);
    o.setting = "attention.weights";
    svg = figure_of("swept", o);
    assert_within(svg, ">attention.weights<");
    assert_within(svg, ">lr=0.003<");
    assert_int_equal(count_of(svg, ">sigmoid<"), 2); /* below two panels */
    free(svg);
    o.setting = "layers";
    expect_error(grid, 1, o, ERR_USAGE, "the groups do not differ in layers");
    put_run("alone", "done", "", "0,5,5,0\n20,2,1,0.5\n");
    o.setting = NULL;
    expect_error(none, 1, o, ERR_USAGE, "the runs differ in no setting");
}

/* 0 is no window of no keys, left of 4: it stands last, by its meaning. */
static void test_figure_setting__what_is_no_number_stands_apart(void **state)
{
    (void)state;
    static const idx windows[] = { 0, 4, 8, 32 };
    static const char *const text[] = { "windows" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    for (idx i = 0; i < COUNT_OF(windows); i++) {
        char run[32], config[64];
        snprintf(run, sizeof run, "windows/%td", i);
        snprintf(config, sizeof config, "[attention]\nwindow = %td\n",
                 windows[i]);
        put_run(run, "done", config, "0,5,5,0\n20,2,1.5,0.12\n");
    }
    o.figure = "setting";
    char *svg = figure_of("windows", o);
    const char *last = strstr(svg, ">32<"), *named = strstr(svg, ">no limit<");
    assert_true(last && named && named > last);
    assert_true(strstr(svg, ">4<") < strstr(svg, ">8<"));
    free(svg);
    o.figure = NULL;
    o.output = NULL;
    char *table = compare_ok(text, 1, o);
    assert_within(table, "\n0 (no limit)  1 ");
    free(table);
}

static void test_figure_loss__each_run_is_a_mark(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_grid("marks", 2, 1, 3);
    o.figure = "loss";
    char *svg = figure_of("marks", o);
    assert_within(svg, ">validation loss, nats<");
    assert_within(svg, ">sinks on token 1, %<");
    /* the first style: small hollow circles, and large ones for its mean and
     * the legend */
    assert_int_equal(count_of(svg, "href='#gpPt5' transform="), 3);
    assert_int_equal(count_of(svg, "href='#gpPt6' transform="), 2);
    free(svg);
}

/* ---- heads ------------------------------------------------------------- */

static void test_figure_heads__maps_over_training(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    o.figure = "heads";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">step 0<");
    assert_within(svg, ">step 100<");
    assert_within(svg, ">step 200<");
    assert_int_equal(count_of(svg, ">50<"), 1); /* layer 1, head 2 */
    assert_within(svg, ">layer<");
    assert_within(svg, ">head<");
    assert_within(svg, "N = 100 sequences of T = 64 tokens, eps = 0.3");
    free(svg);
    o.step = 150;
    svg = svg_of(names, 1, o);
    assert_null(strstr(svg, ">step 100<"));
    assert_within(svg, "At step 100.");
    assert_null(strstr(svg, ">50<")); /* at most 30 */
    free(svg);
}

/* A column of steps is one for all; who has ended has its own end there. */
static void test_figure_heads__each_end_is_there_once(void **state)
{
    (void)state;
    static const int64_t to_290[] = { 0, 100, 200, 290 };
    static const int64_t to_900[] = { 0,   100, 200, 300, 400,
                                      500, 600, 700, 800, 900 };
    static const int64_t from_400[] = { 400, 500, 800, 900 };
    static const double none[10] = { 0 };
    static const double late[] = { 0, 0, 0, 0, 0, 0, 0, 0.1, 0.4, 0.9 };
    static const char *const names[] = { "short", "long", "begun" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_grown("short", to_290, none, COUNT_OF(to_290));
    put_grown("long", to_900, late, COUNT_OF(to_900));
    put_grown("begun", from_400, none, COUNT_OF(from_400));
    o.figure = "heads";
    char *svg = svg_of(names, 2, o);
    assert_int_equal(count_of(svg, ">step 0<"), 2);
    assert_int_equal(count_of(svg, ">step 290<"), 1);
    assert_int_equal(count_of(svg, ">(ended)<"), 3);
    for (idx i = 7; i < COUNT_OF(to_900); i++) { /* where it changes */
        char step[32];
        snprintf(step, sizeof step, ">step %d<", (int)to_900[i]);
        assert_int_equal(count_of(svg, step), 1);
    }
    free(svg);
    svg = svg_of(names + 1, 2, o);
    assert_int_equal(count_of(svg, ">step 400<"), 1);
    assert_int_equal(count_of(svg, ">step 900<"), 2);
    free(svg);
    svg = svg_of(names, 1, o); /* nothing happens: all four */
    for (idx i = 0; i < COUNT_OF(to_290); i++) {
        char step[32];
        snprintf(step, sizeof step, ">step %d<", (int)to_290[i]);
        assert_int_equal(count_of(svg, step), 1);
    }
    free(svg);
}

static void test_figure_heads__who_was_not_analyzed_is_named(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped", "bare" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    put_run("bare", "done", "[run]\nseed = 2\n", "0,5,5,0\n20,2,1,0.5\n");
    o.figure = "heads";
    char *svg = svg_of(names, 2, o);
    assert_within(svg, "Not measured: bare");
    free(svg);
    o.output = path_to("never.svg", "");
    expect_error(names + 1, 1, o, ERR_DATA,
                 "bare: no analysis.h5, which has what is drawn by layer, head "
                 "and position: run `sinklab analyze ");
    assert_int_not_equal(access(o.output, F_OK), 0);
    put_file("bare", "analysis.h5", "damaged");
    expect_error(names + 1, 1, o, ERR_DATA, "analysis.h5");
}

static void test_figure_heads__maps_without_a_number_are_told(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped", "empty" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    put_mapped_but("empty", "[run]\nseed = 2\n", L);
    o.figure = "heads";
    char *svg = svg_of(names, 2, o);
    assert_within(svg, "Not measured: empty");
    free(svg);
    o.output = path_to("never.svg", "");
    expect_error(names + 1, 1, o, ERR_DATA,
                 "empty: sink_1 has no number in its analysis.h5: ");
    assert_int_not_equal(access(o.output, F_OK), 0);
}

static void test_figure_heads__a_group_is_its_first_run(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("sweep/a", "[run]\nseed = 1\n");
    put_mapped("sweep/b", "[run]\nseed = 2\n");
    o.figure = "heads";
    o.step = 200;
    char *svg = figure_of("sweep", o);
    assert_within(svg, "One run a group, the first");
    assert_int_equal(count_of(svg, ">all runs, seed 1<"), 1);
    free(svg);
    o.has_seeds = true;
    svg = figure_of("sweep", o);
    assert_within(svg, ">all runs, a<");
    assert_within(svg, ">all runs, b<");
    free(svg);
}

/* ---- positions --------------------------------------------------------- */

static void test_figure_positions__a_curve_a_layer_or_depth(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    o.figure = "positions";
    o.metric = "hidden_norm";
    o.threshold = NAN;
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">depth 0<");
    assert_within(svg, ">depth 2<");
    assert_null(strstr(svg, ">depth 3<"));
    assert_within(svg, ">position, from 1<");
    assert_within(svg, "At step 200.");
    free(svg);
    o.log_x = true;
    svg = svg_of(names, 1, o);
    assert_within(svg, ">position, from 1<");
    free(svg);
    o.metric = "value_norm";
    o.step = 0;
    svg = svg_of(names, 1, o);
    assert_within(svg, ">layer 1<");
    assert_null(strstr(svg, ">layer 2<"));
    assert_within(svg, "At step 0, means over heads.");
    free(svg);
}

/* Ticks stand at 1, 2, ..: there is no position 0. A norm has no threshold. */
static void test_figure_positions__count_from_one(void **state)
{
    (void)state;
    static const char *const names[] = { "mapped", "bare" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("mapped", "[run]\nseed = 1\n");
    put_run("bare", "done", "[run]\nseed = 2\n", "0,5,5,0\n20,2,1,0.5\n");
    o.figure = "positions";
    o.metric = "value_norm";
    o.threshold = NAN;
    o.y_range = "9:12";
    char *svg = svg_of(names, 1, o);
    assert_int_equal(count_of(svg, ">0<"), 0);
    assert_int_equal(count_of(svg, ">1<"), 1);
    assert_within(svg, "T = 64 tokens.");
    assert_null(strstr(svg, "eps"));
    assert_null(strstr(svg, "Curves end"));
    assert_null(strstr(svg, "Not measured"));
    free(svg);
    svg = svg_of(names, 2, o);
    assert_within(svg, "Not measured:"); /* and on the next line, whom */
    assert_within(svg, ">bare");
    free(svg);
}

/* In letters: heads 0, 1 and 2 of layer 1 are 10, 11 and 12, their mean 11. */
static void test_figure_positions__heads_and_runs_are_averaged(void **state)
{
    (void)state;
    static const char *const names[] = { "averaged" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_mapped("averaged/a", "[run]\nseed = 1\n");
    put_mapped("averaged/b", "[run]\nseed = 2\n");
    o.figure = "positions";
    o.metric = "value_norm";
    o.threshold = NAN;
    static const struct {
        const char *range;
        idx n;
    } cases[] = { { "10.9:11.1", T }, { "9:10.9", 0 }, { "11.1:13", 0 } };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        o.y_range = cases[i].range;
        char *text = compare_ok(names, 1, o);
        assert_within(text, "  a layer 0");
        assert_int_equal(marks_of(text, 'b'), cases[i].n);
        free(text);
    }
    char *svg = svg_of(names, 1, o);
    assert_within(svg, "At step 200, means over heads, means over runs.");
    free(svg);
}

/* ---- transitions ------------------------------------------------------- */

/* Induction forms at 10 + shift, the values are drained at 20 + shift; there is
 * never half of the weight on the first token but for one step. */
static void put_turning(const char *name, int seed, int shift)
{
    char config[64], rows[1024];
    int n = snprintf(rows, sizeof rows,
                     "step,loss,val_loss,sink_1,first_mass_late,"
                     "induction_score,value_ratio_min\n");
    for (int step = 0; step <= 60; step += 10) {
        bool has_turned = step >= 10 + shift, is_drained = step >= 20 + shift;
        n += snprintf(rows + n, sizeof rows - (size_t)n,
                      "%d,2,2,0.1,%s,%s,%s\n", step, step == 30 ? "0.6" : "0.2",
                      has_turned ? "0.75" : "0.02", is_drained ? "0.25" : "1");
    }
    snprintf(config, sizeof config, "[run]\nseed = %d\n", seed);
    put_file(name, "config.ini", config);
    put_file(name, "status", "done\n");
    put_file(name, "metrics.csv", rows);
}

/* Blanks in a row as one, in place. */
static char *squeeze(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++)
        if (*from != ' ' || to == text || to[-1] != ' ')
            *to++ = *from;
    *to = '\0';
    return text;
}

static void test_figure_transitions__say_when_each_formed(void **state)
{
    (void)state;
    static const char *const names[] = { "turning" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_turning("turning", 1, 0);
    o.figure = "transitions";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">induction (induction_score, 2 to 75 %): step 10<");
    assert_within(svg, ">value drain (value_ratio_min, 1 to 0.25): step 20<");
    assert_within(svg, ">sink (first_mass_late, 20 to 60 %): not formed, not "
                       "twice running<");
    assert_within(svg, ">% of the curve's own scale<");
    assert_null(strstr(svg, "massive activation (hidden_peak, "));
    assert_within(svg, "own threshold (induction_score >= 50");
    assert_null(strstr(svg, "rackets"));
    free(svg);
    char *text = squeeze(compare_ok(names, 1, o));
    assert_within(text, "turning induction induction_score >= 50 % 10 2 to "
                        "75 %\n");
    assert_within(text, "turning sink first_mass_late >= 50 % - 20 to 60 % not "
                        "twice running\n");
    assert_within(text, "turning value drain value_ratio_min <= 0.5 20 0.25 "
                        "to 1\n");
    assert_within(text, "note: not measured: previous token (previous_score), "
                        "massive activation (hidden_peak)");
    assert_within(text, "note: what training measured (metrics.csv), in some "
                        "run: induction_score, first_mass_late, "
                        "value_ratio_min: ");
    assert_within(text, "\nat step: the first at which it is so, there and at "
                        "the next that was measured\n\"emerged\" in the table "
                        "above asks for something else: sink_1 above 50 %, at "
                        "one step; ");
    assert_within(text, "/turning metrics.names=default,transitions`");
    assert_null(strstr(text, "analyze RUN"));
    free(text);
}

/* Half of the weight on the first token at 20 and 30, and not at the end. */
static void put_fading(const char *name, int seed)
{
    char config[64];
    snprintf(config, sizeof config, "[run]\nseed = %d\n", seed);
    put_file(name, "config.ini", config);
    put_file(name, "status", "done\n");
    put_file(name, "metrics.csv",
             "step,loss,val_loss,sink_1,first_mass_late,first_mass\n"
             "10,2,2,0.1,0.2,0.1\n20,2,2,0.1,0.6,0.6\n30,2,2,0.1,0.6,0.6\n"
             "40,2,2,0.1,0.2,0.6\n");
}

/* As in the tables, in brackets; of several panels in the caption. */
static void test_figure_transitions__what_is_gone_is_marked(void **state)
{
    (void)state;
    static const char *const names[] = { "fading/a", "turning" };
    static const char *const folder[] = { "fading" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_turning("turning", 1, 0);
    put_fading("fading/a", 1);
    put_fading("fading/b", 2);
    o.figure = "transitions";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">sink (first_mass_late, 20 to 60 %): (step 20)<");
    assert_within(svg, "(In brackets): gone again at the end.");
    free(svg);
    svg = svg_of(folder, 1, o);
    assert_within(svg, ": (step 20), in 2/2 runs<");
    free(svg);
    svg = svg_of(names, 2, o);
    assert_within(svg, "Gone again at the end: sink of a.");
    free(svg);
    char *text = squeeze(compare_ok(names, 2, o));
    assert_within(text, "a sink first_mass_late >= 50 % (20) 20 to 60 %\n");
    assert_within(text, "; (in brackets): gone again at the end\n\"emerged\"");
    free(text);
}

/* A last look that none followed is told from two that none joined. */
static void test_figure_transitions__what_is_missing_is_told(void **state)
{
    (void)state;
    static const char *const names[] = { "late", "turning" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_turning("turning", 1, 0);
    put_file("late", "config.ini", "[run]\nseed = 1\n");
    put_file("late", "status", "done\n");
    put_file("late", "metrics.csv",
             "step,loss,val_loss,sink_1,first_mass_late,hidden_peak\n"
             "10,2,2,0.1,0.2,1\n20,2,2,0.1,0.4,2\n30,2,2,0.1,0.6,1\n");
    o.figure = "transitions";
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">sink (first_mass_late, 20 to 60 %): not formed, last "
                       "step only<");
    assert_within(svg,
                  ">massive activation (hidden_peak, 1 to 3): not formed<");
    free(svg);
    svg = svg_of(names, 2, o);
    assert_within(svg, "Seen,");
    free(svg);
    char *text = squeeze(compare_ok(names, 2, o));
    assert_within(text, "late sink first_mass_late >= 50 % - 20 to 60 % last "
                        "step only\n");
    free(text);
}

/* One column for all, whatever else is there; who lacks it is named. */
static void test_figure_transitions__no_other_column_stands_in(void **state)
{
    (void)state;
    static const char *const names[] = { "fading/a", "plain" };
    static const char *const plain[] = { "plain" };
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    put_fading("fading/a", 1);
    put_file("plain", "config.ini", "[run]\nseed = 1\n");
    put_file("plain", "status", "done\n");
    put_file("plain", "metrics.csv",
             "step,loss,val_loss,sink_1,first_mass,hidden_ratio\n"
             "10,2,2,0.1,0.6,4\n20,2,2,0.1,0.6,4\n");
    o.figure = "transitions";
    char *text = squeeze(compare_ok(names, 2, o));
    assert_null(strstr(text, "first_mass >="));
    assert_within(text, "value drain (value_ratio_min); in plain sink: ");
    free(text);
    expect_error(plain, 1, o, ERR_USAGE,
                 "no run has measured any: `sinklab analyze /");
}

/* Of value drain 0 is where it began: a number above lifts no other. */
static void test_figure_transitions__a_peak_lifts_no_noise(void **state)
{
    (void)state;
    static const char *const peaks[] = { "0.98", "3.12" };
    static const char *const names[] = { "noisy" };
    struct compare_options o = compare_usual;
    char *drawn[2];
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
        char rows[256];
        snprintf(rows, sizeof rows,
                 "step,loss,val_loss,sink_1,value_ratio_min\n"
                 "0,2,2,0.1,0.98\n10,2,2,0.1,%s\n20,2,2,0.1,0.95\n"
                 "30,2,2,0.1,0.97\n",
                 peaks[i]);
        put_file("noisy", "config.ini", "[run]\nseed = 1\n");
        put_file("noisy", "status", "done\n");
        put_file("noisy", "metrics.csv", rows);
        o.figure = "transitions";
        o.is_bare = true;
        drawn[i] = svg_of(names, 1, o);
        /* from where it began to its threshold, as the axis is */
        assert_within(drawn[i], "(value_ratio_min, 0.98 to 0.5): not formed<");
    }
    assert_string_equal(drawn[0], drawn[1]);
    free(drawn[0]);
    free(drawn[1]);
}

/* Each run by itself, then the mean of the steps. */
static void test_figure_transitions__of_groups_are_means(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    static const char *const names[] = { "turned" };
    skip_without_gnuplot();
    put_turning("turned/a", 1, 0);
    put_turning("turned/b", 2, 20);
    put_turning("turned/c", 3, 60);
    o.figure = "transitions";
    char *text = squeeze(compare_ok(names, 1, o));
    assert_within(text, " induction induction_score >= 50 % 20 14 2/3 ");
    assert_within(text, " sink first_mass_late >= 50 % - 0/3 20 to 60 % not "
                        "twice running\n");
    assert_within(text, " in mean, from least to most seen in some run\n");
    assert_within(text, " value drain value_ratio_min <= 0.5 30 14 2/3 ");
    free(text);
    char *svg = svg_of(names, 1, o);
    assert_within(svg, ">induction (induction_score, 2 to 50.7 %): step 20, in "
                       "2/3 runs<");
    assert_within(svg, ">sink (first_mass_late, 20 to 60 %): formed in 0/3 "
                       "runs, not twice running<");
    assert_int_equal(count_of(svg, "' transform='translate("), 3 * 7 + 3);
    assert_within(svg, "more than half");
    free(svg);
    static const char *const runs[] = { "turned/a", "turned/b", "turned/c" };
    text = compare_ok(runs, 3, o); /* titles have lines of their own */
    for (idx i = 0; i < 3; i++) {
        char title[64];
        snprintf(title, sizeof title, " %c: %% of the curve's own scale",
                 (char)('a' + i));
        const char *at = strstr(text, title);
        assert_non_null(at);
        for (; at > text && at[-1] != '\n'; at--)
            assert_int_equal(*at, ' ');
    }
    free(text);
    o.x = "tokens"; /* that nobody logged: no curve, but a table */
    free(compare_ok(names, 1, o));
}

/* What never comes to its threshold goes up to that. */
static void test_figure_transitions__the_label_fits_the_lowest(void **state)
{
    (void)state;
    enum { RUNS = 24 };
    char names[RUNS][16];
    const char *runs[RUNS];
    struct compare_options o = compare_usual;
    skip_without_gnuplot();
    for (int i = 0; i < RUNS; i++) {
        snprintf(names[i], sizeof names[i], "low/%02d", i);
        put_turning(names[i], i, 0);
        runs[i] = names[i];
    }
    o.figure = "transitions";
    char *svg = svg_of(runs, RUNS, o);
    assert_within(svg, ">% of own scale<");
    free(svg);
}

/* ---- what is asked for ------------------------------------------------- */

static void test_figure__what_cannot_be_drawn_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *figure, *metric, *output, *x, *range, *want;
    } cases[] = {
        { "curve", NULL, "a.svg", NULL, NULL,
          "--figure: no kind of figure 'curve' (did you mean curves?): want "
          "one "
          "of curves, setting, loss, heads, positions, transitions" },
        { "transitions", NULL, "a.svg", NULL, NULL,
          "--figure transitions: no run has measured any: `sinklab analyze /" },
        { "heads", NULL, NULL, NULL, NULL,
          "--figure heads cannot be drawn in text: give -o FILE" },
        { "heads", "hidden_ratio", "a.svg", NULL, NULL,
          "hidden_ratio has no value for each layer and head" },
        { "positions", "sink_1", "a.svg", NULL, NULL,
          "sink_1 has no value for each position" },
        { NULL, NULL, "a.eps", NULL, NULL, "must end in .svg, .png or .pdf" },
        { NULL, NULL, "a.svg", "time", NULL, "--x: got 'time', want step or" },
        { NULL, NULL, "a.svg", NULL, "3", "--y-range: got '3', want LOW:HIGH" },
        { NULL, NULL, "a.svg", NULL, "3:1", "--y-range: got '3:1'" },
        { NULL, NULL, "a.svg", NULL, "0:1x", "--y-range: got '0:1x'" },
        { NULL, NULL, "a.svg", NULL, "nan:1", "--y-range: got 'nan:1'" },
        { NULL, NULL, "a.svg", NULL, "0:1e307", "no range to draw: want ends" },
        { NULL, NULL, "a.svg", NULL, "-1e16:1", "no range to draw" },
        { NULL, NULL, "a.svg", NULL, "3:3.0000000001", "no range to draw" },
        { NULL, NULL, "a.svg", NULL, "-3:-2.9999999999", "no range to draw" },
    };
    static const char *const names[] = { "one" };
    put_run("one", "done", "", "0,5,5,0\n20,2,1.5,0.12\n");
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct compare_options o = compare_usual;
        o.figure = cases[i].figure;
        o.metric = cases[i].metric ? cases[i].metric : o.metric;
        o.output = cases[i].output;
        o.x = cases[i].x ? cases[i].x : o.x;
        o.y_range = cases[i].range;
        o.threshold = NAN;
        expect_error(names, 1, o, ERR_USAGE, cases[i].want);
    }
}

/* Of each option: the kinds that read it. */
static void test_figure__an_option_that_does_nothing_is_refused(void **state)
{
    (void)state;
    static const char *const kinds[] = { "curves", "setting",   "loss",
                                         "heads",  "positions", "transitions" };
    static const struct {
        const char *name, *readers; /* a letter a kind */
    } cases[] = {
        { "--x", "ct" },           { "--log-x", "cspt" },
        { "--loss-range", "csl" }, { "--seeds", "ch" },
        { "--setting", "s" },      { "--step", "hp" },
        { "--bare", "cslhpt" },    { "--y-range", "cslhp" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        for (idx k = 0; k < COUNT_OF(kinds); k++) {
            struct compare_options o = compare_usual;
            struct err e = { 0 };
            o.output = "a.svg";
            o.figure = kinds[k];
            o.metric = k == 4 ? "key_norm" : k == 3 ? "first_mass" : "sink_1";
            assert_int_equal(figure_check(&o, &e), OK);
            o.x = i == 0 ? "tokens" : o.x;
            o.log_x = i == 1;
            o.loss_range = i == 2 ? "1:2" : NULL;
            o.has_seeds = i == 3;
            o.setting = i == 4 ? "optim.lr" : NULL;
            o.step = i == 5 ? 10 : NAN;
            o.is_bare = i == 6;
            o.y_range = i == 7 ? "0:1" : NULL;
            bool is_read = strchr(cases[i].readers, *kinds[k]) != NULL;
            assert_int_equal(figure_check(&o, &e), is_read ? OK : ERR_USAGE);
            if (!is_read)
                assert_within(e.text, cases[i].name);
            if (!is_read)
                assert_within(e.text, "does nothing with --figure");
        }
}

static void test_figure__without_a_figure_its_options_are_refused(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    struct err bare = { 0 }, piped = { 0 }, text = { 0 };
    o.is_bare = true;
    assert_int_equal(figure_check(&o, &bare), ERR_USAGE);
    assert_within(bare.text, "--bare: a plot in text has no caption: give -o");
    o = compare_usual;
    o.log_x = true;
    assert_int_equal(figure_check(&o, &text), OK);
    o.csv = "-";
    assert_int_equal(figure_check(&o, &piped), ERR_USAGE);
    assert_within(piped.text, "--log-x: no figure is drawn: give -o FILE");
}

static void
test_figure_setting__an_axis_that_cannot_be_logarithmic(void **state)
{
    (void)state;
    static const char *const names[] = { "zero", "ten" };
    struct compare_options o = compare_usual;
    put_run("zero", "done", "[optim]\nweight_decay = 0\n", "0,5,5,0\n");
    put_run("ten", "done", "[optim]\nweight_decay = 10\n", "0,5,5,0\n");
    o.figure = "setting";
    o.output = "a.svg";
    o.log_x = true;
    expect_error(names, 2, o, ERR_USAGE,
                 "--log-x: optim.weight_decay is not above 0 everywhere");
    put_seed("zero", "done", "relu", 1, "0,5,5,0\n");
    put_seed("ten", "done", "softmax", 1, "0,5,5,0\n");
    expect_error(names, 2, o, ERR_USAGE,
                 "--log-x: attention.weights is no number");
}

/* Before a table is printed where its folder is not there; what is found out
 * only in writing takes no table away. */
static void test_figure__an_unwritable_file_is_named(void **state)
{
    (void)state;
    static const char *const names[] = { "one" };
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    char *text;
    skip_without_gnuplot();
    put_run("one", "done", "", "0,5,5,0\n20,2,1.5,0.12\n");
    o.output = path_to("no such folder/a.svg", "");
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_IO);
    assert_within(e.text, "no such folder/a.svg: there is no folder ");
    assert_string_equal(text, "");
    free(text);
    o.output = NULL;
    o.markdown = path_to("no such folder/a.md", "");
    e = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_IO);
    assert_within(e.text, "no such folder/a.md: there is no folder ");
    free(text);
    if (access("/proc/self", F_OK) != 0)
        return; /* no folder that is there and takes no file */
    o.markdown = "/proc/a.md";
    e = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names, 1, o, &e), ERR_IO);
    assert_within(e.text, "/proc/a.md: cannot ");
    assert_within(text, "\none     20    1.5000");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_figure_curves__means_have_bands_or_seeds),
        cmocka_unit_test(test_figure_curves__bands_that_are_cut_are_told),
        cmocka_unit_test(test_figure_curves__columns_stand_below),
        cmocka_unit_test(test_figure_curves__unequal_groups_say_their_number),
        cmocka_unit_test(test_figure_curves__tokens_may_be_the_axis),
        cmocka_unit_test(test_figure_curves__many_are_divided_by_a_key),
        cmocka_unit_test(test_figure_curves__layers_are_called_by_their_number),
        cmocka_unit_test(test_figure_curves__legends_say_what_numbers_mean),
        cmocka_unit_test(test_figure_curves__many_runs_have_panels),
        cmocka_unit_test(test_figure_curves__a_range_may_be_asked_for),
        cmocka_unit_test(test_figure_curves__labels_leave_defaults_out),
        cmocka_unit_test(test_figure_setting__a_key_is_the_axis),
        cmocka_unit_test(test_figure_setting__what_is_no_number_stands_apart),
        cmocka_unit_test(test_figure_loss__each_run_is_a_mark),
        cmocka_unit_test(test_figure_heads__maps_over_training),
        cmocka_unit_test(test_figure_heads__each_end_is_there_once),
        cmocka_unit_test(test_figure_heads__who_was_not_analyzed_is_named),
        cmocka_unit_test(test_figure_heads__maps_without_a_number_are_told),
        cmocka_unit_test(test_figure_heads__a_group_is_its_first_run),
        cmocka_unit_test(test_figure_positions__a_curve_a_layer_or_depth),
        cmocka_unit_test(test_figure_positions__count_from_one),
        cmocka_unit_test(test_figure_positions__heads_and_runs_are_averaged),
        cmocka_unit_test(test_figure_transitions__say_when_each_formed),
        cmocka_unit_test(test_figure_transitions__what_is_gone_is_marked),
        cmocka_unit_test(test_figure_transitions__what_is_missing_is_told),
        cmocka_unit_test(test_figure_transitions__no_other_column_stands_in),
        cmocka_unit_test(test_figure_transitions__a_peak_lifts_no_noise),
        cmocka_unit_test(test_figure_transitions__of_groups_are_means),
        cmocka_unit_test(test_figure_transitions__the_label_fits_the_lowest),
        cmocka_unit_test(test_figure__what_cannot_be_drawn_is_refused),
        cmocka_unit_test(test_figure__an_option_that_does_nothing_is_refused),
        cmocka_unit_test(test_figure__without_a_figure_its_options_are_refused),
        cmocka_unit_test(
            test_figure_setting__an_axis_that_cannot_be_logarithmic),
        cmocka_unit_test(test_figure__an_unwritable_file_is_named),
    };
    return cmocka_run_group_tests_name("figure", tests, NULL, NULL);
}
