/* Runs of which the tables are left, compared as runs are. */
#include "report/run_tables.h"
#include "harness.h"

#include "report/filter.h"
#include "runs_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two attentions, two seeds; the last of relu was not measured at its end. */
static const char settings[] = "run,run.seed,attention.weights,train.steps\n"
                               "lr/a,1,softmax,20\n"
                               "lr/b,2,softmax,20\n"
                               "lr/c,1,relu,20\n"
                               "lr/d,2,relu,20\n";
static const char curves[] = "run,step,val_loss,sink_1\n"
                             "lr/a,0,5,0\n"
                             "lr/a,20,2,0.5\n"
                             "lr/b,0,5,0\n"
                             "lr/b,20,3,0.25\n"
                             "lr/c,0,5,0\n"
                             "lr/c,20,2.5,nan\n"
                             "lr/d,0,5,0\n";

static void put_tables(const char *folder)
{
    put_file(folder, "settings.csv", settings);
    put_file(folder, "curves.csv", curves);
}

static const char *const left[] = { "left", "left" };

static void test_run_tables__are_groups(void **state)
{
    (void)state;
    put_tables("left");
    char *text = compare_ok(left, 1, compare_usual);
    assert_within(text, "softmax  2 done             2     20    2.5000");
    assert_within(text, "37.5");
    assert_within(text, "relu     1 done, 1 unknown  1     20    2.5000");
    assert_within(text, "1 done, 1 unknown");
    assert_within(text, "analysis, 100 sequences of 64 tokens");
    free(text);
}

static void test_run_tables__count_once(void **state)
{
    (void)state;
    static const char *const both[] = { "left", "other" };
    put_tables("left");
    put_file("other", "settings.csv",
             "run,run.seed,attention.weights,train.steps\n"
             "also/x,1,softmax,20\n"
             "also/y,3,softmax,20\n");
    put_file("other", "curves.csv",
             "run,step,val_loss,sink_1\n"
             "also/x,0,5,0\nalso/x,20,2,0.5\n"
             "also/y,0,5,0\nalso/y,20,4,0\n");
    char *text = compare_ok(left, 2, compare_usual);
    assert_within(text, "softmax  2 done             2     20    2.5000");
    free(text);
    text = compare_ok(both, 2, compare_usual);
    assert_within(text, "softmax  3 done             3     20    3.0000");
    free(text);
}

static void test_run_tables__are_filtered(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    struct err e = { 0 };
    put_tables("left");
    assert_int_equal(filter_add(&o.where, "run.seed=2", &e), OK);
    char *text = compare_ok(left, 1, o);
    assert_within(text, "3.0000");
    free(text);
    filter_release(&o.where);
}

static void expect(struct compare_options o, int code, const char *want)
{
    struct err e = { 0 };
    char *text;
    assert_int_equal(compare_case(&text, left, 1, o, &e), code);
    assert_within(e.text, want);
    free(text);
}

static void test_run_tables__say_what_they_lack(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    put_tables("left");
    o.metric = "entropy";
    expect(o, ERR_DATA,
           "lr/a: no metric entropy in the tables that are left of it; there "
           "are val_loss, sink_1");
    o = compare_usual;
    o.analysis = "other";
    expect(o, ERR_USAGE, "--analysis does nothing with tables");
    skip_without_gnuplot();
    o = compare_usual;
    o.output = path_to("left", "heads.svg");
    o.figure = "heads";
    expect(o, ERR_DATA, "its tables are left, without what is drawn by layer");
}

static void test_run_tables__lines_stand_together(void **state)
{
    (void)state;
    put_tables("left");
    put_file("left", "curves.csv",
             "run,step,val_loss,sink_1\n"
             "lr/a,0,5,0\nlr/b,0,5,0\nlr/a,20,2,0.5\n");
    expect(compare_usual, ERR_DATA,
           "curves.csv:4: the lines of a do not stand together");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run_tables__are_groups),
        cmocka_unit_test(test_run_tables__count_once),
        cmocka_unit_test(test_run_tables__are_filtered),
        cmocka_unit_test(test_run_tables__say_what_they_lack),
        cmocka_unit_test(test_run_tables__lines_stand_together),
    };
    return cmocka_run_group_tests_name("run_tables", tests, NULL, NULL);
}
