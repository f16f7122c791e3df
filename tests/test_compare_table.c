/* compare's tables: their order, their columns, the room there is, Markdown and
 * LaTeX; and how groups are judged. */
#include "harness.h"
#include "report/cells.h"
#include "runs_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Compare a folder. */
static char *text_of(const char *name, struct compare_options o)
{
    return compare_ok(&name, 1, o);
}

/* The first words of lines 1 and on behind the rule: "c a b". */
static const char *order_of(const char *text)
{
    static char words[256];
    const char *line = strstr(text, "\n---");
    words[0] = '\0';
    assert_non_null(line);
    line = strchr(line + 1, '\n') + 1;
    for (; *line && strncmp(line, "mean over", 9) != 0 &&
           strncmp(line, "emerged", 7) != 0;
         line = strchr(line, '\n') + 1)
        snprintf(words + strlen(words), sizeof words - strlen(words), "%s%.*s",
                 *words ? " " : "", (int)strcspn(line, " "), line);
    return words;
}

static void put_three(void)
{
    put_run("three/a", "done", "[run]\nseed = 2\n", "0,5,5,0\n20,2,3,0.1\n");
    put_run("three/b", "done", "[run]\nseed = 3\n", "0,5,5,0\n20,2,1,0.9\n");
    put_run("three/c", "done", "[run]\nseed = 1\n", "0,5,5,0\n10,2,,\n");
}

static void test_compare_table__rows_are_sorted(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "three/b", "three/c" };
    static const struct {
        const char *sort, *want;
    } cases[] = {
        { NULL, "a b c" },        { "val_loss", "b a c" },
        { "-val_loss", "c a b" }, { "sink_1", "c a b" },
        { "-sink_1", "b a c" },   { "run.seed", "c a b" },
        { "-seed", "b a c" },     { "name", "a b c" },
        { "-run", "c b a" },      { "steps", "c a b" },
        { "emerged", "b a c" },   { "-emerged", "b a c" },
        { "-n", "a b c" },        { "status", "a b c" },
        { "loss", "a b c" },
    };
    put_three();
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct compare_options o = compare_usual;
        o.sort = cases[i].sort;
        char *text = compare_ok(names, 3, o);
        assert_string_equal(order_of(text), cases[i].want);
        free(text);
    }
}

static void test_compare_table__an_unknown_order_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "three/b" };
    static const struct {
        const char *sort, *columns, *want;
    } cases[] = {
        { "val_los", NULL,
          "--sort: no column 'val_los' (did you mean "
          "val_loss?): want a measured one" },
        { "-", NULL, "--sort: no column ''" },
        { NULL, "row_sum", "--columns: no run has a column 'row_sum'" },
        { NULL, "loss,,", "--columns: no run has a column ''" },
    };
    put_three();
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct compare_options o = compare_usual;
        struct err e = { 0 };
        char *text;
        o.sort = cases[i].sort;
        o.columns = cases[i].columns;
        assert_int_equal(compare_case(&text, names, 2, o, &e), ERR_USAGE);
        assert_within(e.text, cases[i].want);
        free(text);
    }
}

/* The base stays the first by its keys, or the one that was named. */
static void test_compare_table__the_base_moves_with_its_group(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    for (int i = 1; i <= 2; i++) {
        char name[32];
        snprintf(name, sizeof name, "moved/s%d", i);
        put_seed(name, "done", "softmax", i, "20,2,1,0.9\n");
        snprintf(name, sizeof name, "moved/r%d", i);
        put_seed(name, "done", "relu", i, "20,2,3,0.1\n");
    }
    o.sort = "sink_1";
    char *text = text_of("moved", o);
    assert_string_equal(order_of(text), "relu softmax");
    assert_within(text, "differences from softmax");
    assert_within(text, "\nval_loss  relu   2 pairs     +2.0000");
    free(text);
    o.baseline = "relu";
    text = text_of("moved", o);
    assert_within(text, "differences from relu");
    free(text);
}

static void test_compare_table__columns_are_chosen(void **state)
{
    (void)state;
    static const char *const names[] = { "chosen" };
    struct compare_options o = compare_usual;
    size_t n;
    put_file("chosen", "config.ini", "[run]\n");
    put_file("chosen", "status", "done\n");
    put_file("chosen", "analysis.csv",
             "step,val_loss,val_bits_per_byte,sink_1,row_sum,value_ratio\n"
             "0,3,2.25,0.1,1,0.5\n");
    char *text = compare_ok(names, 1, o);
    assert_within(text, "per_byte");
    assert_within(text, "\nchosen      0    3.0000    10.0     2.2500     1.00"
                        "        -\n");
    free(text);
    o.columns = "value_ratio, sink_1";
    o.csv = path_to("chosen.csv", "");
    text = compare_ok(names, 1, o);
    assert_null(strstr(text, "per_byte"));
    assert_within(text, "\nchosen      0    3.0000    10.0    0.50        -\n");
    free(text);
    text = read_whole(path_to("chosen.csv", ""), &n);
    assert_within(text, "run,status,steps,final_val_loss,final_sink_1,"
                        "final_value_ratio,emerged_at_step\n");
    free(text);
}

/* What is least goes first, and is named. */
static void test_compare_table__a_narrow_terminal_gets_less(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "three/b" };
    struct compare_options o = compare_usual;
    put_three();
    o.table_width = 200;
    char *text = compare_ok(names, 2, o);
    assert_within(text, "\na       2     20    3.0000    10.0        -\n");
    assert_null(strstr(text, "want of room"));
    free(text);
    o.table_width = 37;
    text = compare_ok(names, 2, o);
    assert_within(text, "\na       2    3.0000    10.0        -\n");
    assert_within(text, "\nnot shown, for want of room: steps (--wide shows "
                        "all)\n");
    free(text);
    o.table_width = 5;
    text = compare_ok(names, 2, o);
    assert_within(text, "\na       2    3.0000    10.0\n");
    assert_within(text, "want of room: steps, emerged at step (--wide");
    free(text);
    o.is_wide = true;
    text = compare_ok(names, 2, o);
    assert_within(text, "\na       2     20    3.0000    10.0        -\n");
    free(text);
}

static void put_seeds(const char *set, const char *weights, int first, int n,
                      double loss)
{
    for (int i = 0; i < n; i++) {
        char name[64], rows[64];
        snprintf(name, sizeof name, "%s/%s%d", set, weights, i);
        snprintf(rows, sizeof rows, "0,5,5,0\n20,2,%g,0.5\n", loss + 0.01 * i);
        put_seed(name, "done", weights, first + i, rows);
    }
}

static void test_compare_table__markdown_and_latex_hold_all(void **state)
{
    (void)state;
    struct compare_options o = compare_usual;
    size_t n;
    put_seeds("markup", "softmax", 1, 2, 1);
    put_seeds("markup", "relu", 1, 2, 2);
    o.markdown = path_to("table.md", "");
    o.latex = path_to("table.tex", "");
    o.table_width = 10; /* of a screen alone */
    free(text_of("markup", o));
    char *text = read_whole(path_to("table.md", ""), &n);
    assert_within(text,
                  "| weights | n | steps | final val_loss nats | final sink_1 "
                  "% | emerged at step | in |\n"
                  "|---|---:|---:|---:|---:|---:|---|\n"
                  "| softmax | 2 | 20 | 1.0050 \u00b1 0.0071 | 50.0 \u00b1 0.0 "
                  "| - | 0/2 |\n");
    const char *meaning = strstr(text, "\nmean over n runs, ");
    assert_non_null(meaning); /* once */
    assert_null(strstr(meaning + 2, "mean over n runs, "));
    assert_within(text, "\ndifferences from softmax, judged over seeds\n\n"
                        "| of | group | over | difference |");
    assert_within(text, "\n| val_loss | relu | 2 pairs | +1.0000 | 1.0000 to "
                        "1.0000 | all + | 0.5 | too few seeds to tell |\n");
    free(text);
    text = read_whole(path_to("table.tex", ""), &n);
    assert_within(text, "\\begin{tabular}{lrrrrrl}\n\\toprule\n"
                        "weights & n & steps & final val\\_loss nats & final "
                        "sink\\_1 \\% & emerged at step & in \\\\\n\\midrule\n"
                        "softmax & 2 & 20 & 1.0050 $\\pm$ 0.0071 & ");
    assert_within(text, "\\bottomrule\n\\end{tabular}\n");
    assert_within(text, "\n% differences from softmax");
    free(text);
}

/* Who shares no seeds is judged by all its runs. */
static void test_compare_table__unpaired_groups_are_judged(void **state)
{
    (void)state;
    put_seeds("apart", "softmax", 1, 4, 1);
    put_seeds("apart", "relu", 11, 4, 2);
    put_seeds("apart", "sigmoid", 4, 4, 1.005); /* one pair of four */
    char *text = text_of("apart", compare_usual);
    assert_within(text, "\nval_loss  sigmoid  4 and 4 runs     +0.0050");
    assert_within(text, "\nval_loss  relu     4 and 4 runs     +1.0000  0.9777 "
                        "to 1.0223          0.029  higher\n");
    assert_within(text, "interval: Welch's t\n");
    assert_null(strstr(text, "an interval reaches"));
    assert_null(strstr(text, "too few seeds"));
    free(text);
}

/* Three of the groups' steps are common to two of them. */
static void test_compare_table__groups_are_judged_where_both_are(void **state)
{
    (void)state;
    put_seed("lengths/a", "done", "softmax", 1, "0,5,5,0\n10,4,2,0\n");
    put_seed("lengths/b", "done", "softmax", 2,
             "0,5,5,0\n10,4,4,0\n20,2,9,0\n");
    put_seed("lengths/c", "done", "relu", 3, "0,5,5,0\n10,4,7,0\n20,2,8,0\n");
    put_seed("lengths/d", "done", "relu", 4, "0,5,5,0\n10,4,7,0\n20,2,8,0\n");
    char *text = text_of("lengths", compare_usual);
    assert_within(text, "\nval_loss  relu   2 and 2 runs     +4.0000");
    free(text);
}

static void test_compare_table__unlike_groups_are_not_judged(void **state)
{
    (void)state;
    put_seeds("unlikely", "softmax", 1, 2, 1);
    for (int i = 0; i < 2; i++) {
        char name[32], config[128];
        snprintf(name, sizeof name, "unlikely/r%d", i);
        snprintf(config, sizeof config,
                 "[run]\nseed = %d\n[attention]\nweights = relu\n"
                 "[sink]\neps = 0.2\n",
                 10 + i);
        put_run(name, "done", config, "0,5,5,0\n20,2,2,0.5\n");
    }
    char *text = text_of("unlikely", compare_usual);
    assert_null(strstr(text, "judged over seeds"));
    assert_within(text, "note: relu is not held against softmax: r0 and "
                        "softmax0 differ in sink.eps (0.2, "
                        "0.3)\n");
    free(text);
}

static void test_compare_table__runs_of_different_length_are_told(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "three/b", "three/c" };
    put_three();
    char *text = compare_ok(names, 2, compare_usual);
    assert_null(strstr(text, "different steps"));
    free(text);
    struct compare_options o = compare_usual;
    o.markdown = path_to("note.md", "");
    o.latex = path_to("note.tex", "");
    text = compare_ok(names, 3, o);
    assert_within(text, "note: rows end at different steps, 10 to 20: ");
    free(text);
    size_t n; /* a table in a paper says it, too */
    text = read_whole(o.markdown, &n);
    assert_within(text, "\nnote: rows end at different steps, 10 to 20: ");
    free(text);
    text = read_whole(o.latex, &n);
    assert_within(text, "\n% note: rows end at different steps, 10 to 20: ");
    free(text);
}

/* ---- some of several --------------------------------------------------- */

/* It is named, and the others are compared. */
static void test_compare_table__a_damaged_run_stops_no_other(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "torn", "three/b" };
    struct err e = { 0 };
    char *text;
    put_three();
    put_run("torn", "done", "[run]\nseed = 9\n", "0,5,5,0\n20,2\n");
    assert_int_equal(compare_case(&text, names, 3, compare_usual, &e),
                     ERR_DATA);
    assert_string_equal(order_of(text), "a torn b");
    assert_within(text, "note: torn: left out: ");
    assert_within(text, " a a");
    assert_within(e.text, "torn/metrics.csv:3: got 2 cells, want 4");
    free(text);
    e = (struct err){ 0 };
    assert_int_equal(compare_case(&text, names + 1, 1, compare_usual, &e),
                     ERR_DATA);
    assert_string_equal(text, "");
    free(text);
}

static void test_compare_table__a_missing_metric_is_a_dash(void **state)
{
    (void)state;
    static const char *const names[] = { "three/a", "bare" };
    put_three();
    put_file("bare", "config.ini", "[run]\nseed = 9\n");
    put_file("bare", "status", "done\n");
    put_file("bare", "metrics.csv", "step,loss,val_loss\n0,5,5\n20,2,4\n");
    char *text = compare_ok(names, 2, compare_usual);
    assert_within(text, "\nbare     9     20    4.0000       -        -\n");
    assert_within(text, "note: bare: no sink_1 in it: `sinklab analyze ");
    free(text);
}

static void test_cells__nothing_is_below_zero_by_its_rounding(void **state)
{
    (void)state;
    char text[CELL_NUMBER_MAX];
    assert_string_equal(cell_number(text, -0.04, 1), "0.0");
    assert_string_equal(cell_number(text, -0.05, 1), "-0.1");
    assert_string_equal(cell_number(text, -0.0, 0), "0");
    assert_string_equal(cell_number(text, -10, 1), "-10.0");
    assert_string_equal(cell_number(text, -2e6, 1), "-2e+06");
    assert_string_equal(cell_number(text, (double)-NAN, 1), "nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cells__nothing_is_below_zero_by_its_rounding),
        cmocka_unit_test(test_compare_table__rows_are_sorted),
        cmocka_unit_test(test_compare_table__an_unknown_order_is_refused),
        cmocka_unit_test(test_compare_table__the_base_moves_with_its_group),
        cmocka_unit_test(test_compare_table__columns_are_chosen),
        cmocka_unit_test(test_compare_table__a_narrow_terminal_gets_less),
        cmocka_unit_test(test_compare_table__markdown_and_latex_hold_all),
        cmocka_unit_test(test_compare_table__unpaired_groups_are_judged),
        cmocka_unit_test(test_compare_table__groups_are_judged_where_both_are),
        cmocka_unit_test(test_compare_table__unlike_groups_are_not_judged),
        cmocka_unit_test(test_compare_table__runs_of_different_length_are_told),
        cmocka_unit_test(test_compare_table__a_damaged_run_stops_no_other),
        cmocka_unit_test(test_compare_table__a_missing_metric_is_a_dash),
    };
    return cmocka_run_group_tests_name("compare_table", tests, NULL, NULL);
}
