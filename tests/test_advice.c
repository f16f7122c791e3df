/* What is advised to be measured, and that it takes nothing away. */
#include "harness.h"
#include "runs_case.h"

#include "report/advice.h"

#include <stdlib.h>
#include <string.h>

enum { RUNS = 12 };

static struct run_data runs[RUNS];
static const struct run_data *pointers[RUNS];

/* A run that is done, whose analysis (NULL: none) is of a version that does not
 * say what was asked for; config: lines. */
static const char *put(const char *name, const char *config,
                       const char *columns)
{
    put_file(name, "config.ini", config);
    put_file(name, "status", "done\n");
    put_file(name, "metrics.csv", "step,loss\n0,1\n");
    if (columns) {
        char text[512], cells[256];
        size_t n = 0;
        for (const char *c = columns; *c; c++)
            if (*c == ',')
                n += (size_t)snprintf(cells + n, sizeof cells - n, ",0.5");
        snprintf(text, sizeof text, "step,%s\n0,0.5%s\n", columns, cells);
        put_file(name, "analysis.csv", text);
    }
    return path_to(name, "");
}

static void read_runs(const char *const *paths, idx n)
{
    for (idx i = 0; i < n; i++) {
        run_data_read(&runs[i], paths[i], "");
        pointers[i] = &runs[i];
    }
}

static void release_runs(void)
{
    for (idx i = 0; i < RUNS; i++)
        run_data_release(&runs[i]);
}

/* Without what stands before the name of the first run's folder. */
static const char *behind(const char *text, const char *path)
{
    const char *at = strstr(text, path);
    assert_non_null(at);
    return at + strlen(path);
}

static void expect_alone(const char *path, const char *column, const char *want)
{
    char text[ADVICE_MAX];
    read_runs(&path, 1);
    advice_run(text, &runs[0], column);
    assert_string_equal(behind(text, path), want);
    release_runs();
}

static void test_advice__asks_for_what_measures_a_column(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        { "key_mass", " metrics.names=default,key_mass`" },
        { "first_mass_late", " metrics.names=default,first_mass_late`" },
        { "sink_1", "`" },
        { "val_loss", "`" },
        { "sink_1_layer_0", "`" },
        { "key_mass_layer_0", " metrics.names=default,key_mass`" },
        { "sink_9", " sink.positions=9`" },
        { "sink_1_at_0.1", " metrics.eps=0.1`" },
        { "no_such", "`" },
    };
    char path[512];
    snprintf(path, sizeof path, "%s", put("plain", "[run]\nseed = 1\n", NULL));
    for (idx i = 0; i < COUNT_OF(cases); i++)
        expect_alone(path, cases[i][0], cases[i][1]);
}

static void test_advice__keeps_what_the_config_asks_for(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s",
             put("asks",
                 "[metrics]\nnames = default, circuits, optimizer\n"
                 "eps = 0.5\n",
                 NULL));
    expect_alone(path, "sink_1", "`");
    expect_alone(path, "key_mass", " metrics.names=default,circuits,key_mass`");
}

/* Its columns say what was asked for, if no one else does. */
static void test_advice__keeps_columns_of_an_earlier_version(void **state)
{
    (void)state;
    char path[512];
    snprintf(path, sizeof path, "%s",
             put("earlier", "[run]\nseed = 1\n",
                 "val_loss,sink_1,sink_1_at_0.1,sink_7,hidden_peak,unheard"));
    expect_alone(path, "key_mass",
                 " metrics.names=default,hidden_peak,key_mass "
                 "metrics.eps=0.1 sink.positions=7`");
}

/* Of several runs those that lack it, with what all of these have. */
static void test_advice__names_those_that_lack_it(void **state)
{
    (void)state;
    char paths[RUNS][512], text[ADVICE_MAX], want[2048];
    const char *given[RUNS];
    for (idx i = 0; i < RUNS; i++) {
        char name[32];
        snprintf(name, sizeof name, "lack/run%02td", i);
        snprintf(paths[i], sizeof paths[i], "%s",
                 put(name, "[run]\nseed = 1\n",
                     i == 0   ? "sink_1,key_mass"
                     : i == 1 ? "sink_1,hidden_peak"
                     : i == 2 ? "sink_1,hidden_norm"
                              : NULL));
        given[i] = paths[i];
    }
    struct compare_options o = compare_usual;
    o.runs = given;
    o.n_runs = 3;
    read_runs(given, RUNS);
    struct advice a = {
        .column = "key_mass", .runs = pointers, .n = 3, .o = &o
    };
    snprintf(want, sizeof want,
             "`sinklab analyze %s %s "
             "metrics.names=default,hidden_peak,hidden_norm,key_mass`",
             given[1], given[2]);
    assert_string_equal(advice(text, &a), want);

    /* of a folder that holds them one by one where they are few, */
    char folder[512];
    snprintf(folder, sizeof folder, "%s", path_to("lack", ""));
    const char *const folders[] = { folder };
    o.runs = folders;
    o.n_runs = 1;
    assert_string_equal(advice(text, &a), want);
    /* all of it where all lack it, */
    a.column = "value_norm";
    snprintf(want, sizeof want,
             "`sinklab analyze %s metrics.names=default,key_mass,hidden_peak,"
             "hidden_norm,value_norm`",
             folder);
    assert_string_equal(advice(text, &a), want);
    /* not if it holds others; */
    a.has_others = true;
    snprintf(want, sizeof want, "`sinklab analyze %s %s ", given[0], given[1]);
    assert_within(advice(text, &a), want);
    a.has_others = false;
    /* and where many do, with what the one has that does not. */
    a.column = "key_mass";
    a.n = RUNS;
    snprintf(want, sizeof want,
             "`sinklab analyze %s metrics.names=default,key_mass,hidden_peak,"
             "hidden_norm`",
             folder);
    assert_string_equal(advice(text, &a), want);
    /* None lacks it. */
    a.column = "sink_1";
    a.n = 3;
    assert_string_equal(advice(text, &a), "");
    release_runs();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_advice__asks_for_what_measures_a_column),
        cmocka_unit_test(test_advice__keeps_what_the_config_asks_for),
        cmocka_unit_test(test_advice__keeps_columns_of_an_earlier_version),
        cmocka_unit_test(test_advice__names_those_that_lack_it),
    };
    return cmocka_run_group_tests_name("advice", tests, NULL, NULL);
}
