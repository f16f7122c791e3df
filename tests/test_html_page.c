/* The page of `compare --report`: what its lines of JSON say, and how large it
 * is. tests/system/report.sh looks at it in a browser. */
#include "report/html_page.h"

#include "harness.h"
#include "runs_case.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/analysis.h"
#include "io/arrays.h"
#include "report/means.h"

/* The page of folders below the temporary one; to be freed. */
static char *page_of(const char *const *names, idx n, struct compare_options o,
                     size_t *size)
{
    char dir[512];
    if (!*page_charts) {
        print_message("built without Chart.js: pages are not tested\n");
        skip();
    }
    snprintf(dir, sizeof dir, "%s", test_path("page"));
    o.report = dir;
    o.unicode = true;
    free(compare_ok(names, n, o));
    return read_whole(path_to("page", "index.html"), size);
}

/* The line of this kind and number out of a page, read by jansson; decref. */
static json_t *line_of(const char *page, const char *kind, idx number)
{
    char begin[64];
    snprintf(begin, sizeof begin, "\n{\"kind\":\"%s\"", kind);
    const char *at = strstr(page, begin);
    while (at && number-- > 0)
        at = strstr(at + 1, begin);
    if (!at)
        return NULL;
    json_t *line = json_loadb(at + 1, strcspn(at + 1, "\n"), 0, NULL);
    assert_non_null(line);
    return line;
}

/* Those with all their digits are texts. */
static double number_at(const json_t *array, size_t i)
{
    const json_t *x = json_array_get(array, i);
    return json_is_string(x) ? strtod(json_string_value(x), NULL)
                             : json_number_value(x);
}

/* line.curves.NAME.FIELD */
static json_t *curve_field(const json_t *line, const char *name,
                           const char *field)
{
    json_t *curve = json_object_get(json_object_get(line, "curves"), name);
    assert_non_null(curve);
    return json_object_get(curve, field);
}

static void put_pair(void)
{
    put_seed("pair/s1", "done", "softmax", 1,
             "0,5,5,0\n10,3,,0.6\n20,2,1,0.9\n");
    put_seed("pair/s2", "done", "softmax", 2,
             "0,5,4,0\n10,3,,nan\n20,2,2,0.7\n");
    put_seed("pair/r1", "done", "relu", 1, "0,5,5,0\n10,3,,0\n20,2,3,0.25\n");
    put_seed("pair/r2", "failed", "relu", 2, "0,5,5,0\n");
}

static void test_html_page__curves_are_what_was_measured(void **state)
{
    (void)state;
    static const char *const names[] = { "pair" };
    size_t size;
    put_pair();
    char *page = page_of(names, 1, compare_usual, &size);
    json_t *group = line_of(page, "group", 0), *run = line_of(page, "run", 1);
    assert_string_equal(json_string_value(json_object_get(group, "label")),
                        "softmax");
    /* means of 0.9 and 0.7, of 1 and 2; val_loss has no point at step 10 */
    json_t *sink = curve_field(group, "sink_1", "value");
    assert_int_equal(json_array_size(sink), 3);
    assert_close(number_at(sink, 2), 0.8, 1e-5);
    assert_string_equal(json_string_value(json_array_get(sink, 1)), "nan");
    json_t *loss = curve_field(group, "val_loss", "value");
    assert_int_equal(json_array_size(loss), 2);
    assert_close(number_at(loss, 1), 1.5, 1e-5);
    assert_close(number_at(curve_field(group, "val_loss", "spread"), 1),
                 sqrt(0.5), 1e-5);
    assert_int_equal(json_integer_value(curve_field(group, "sink_1", "n")), 2);
    assert_string_equal(json_string_value(json_object_get(run, "name")), "s2");
    json_t *own = curve_field(run, "sink_1", "value");
    assert_string_equal(json_string_value(json_array_get(own, 1)), "nan");
    assert_close(number_at(own, 2), 0.7, 1e-9);
    json_t *axis = json_array_get(
        json_object_get(run, "axes"),
        (size_t)json_integer_value(curve_field(run, "val_loss", "axis")));
    assert_int_equal(number_at(json_object_get(axis, "step"), 1), 20);
    json_decref(group);
    json_decref(run);
    free(page);
}

/* Tables on the page are to round as compare's do. */
static void test_html_page__final_numbers_are_exact(void **state)
{
    (void)state;
    static const char *const names[] = { "exact" };
    size_t size;
    double values[] = { 0.912345678, 0.719338801 };
    put_seed("exact/a", "done", "softmax", 1,
             "0,5,5,0.123456789\n"
             "20,2,1,0.912345678\n");
    put_seed("exact/b", "done", "softmax", 2,
             "0,5,5,0.123456789\n"
             "20,2,1,0.719338801\n");
    struct summary s = summarise(values, 2);
    char *page = page_of(names, 1, compare_usual, &size);
    json_t *group = line_of(page, "group", 0), *run = line_of(page, "run", 0);
    json_t *mean = curve_field(group, "sink_1", "value");
    assert_true(number_at(mean, 1) == s.mean);
    assert_true(number_at(curve_field(group, "sink_1", "spread"), 1) ==
                s.spread);
    assert_true(number_at(curve_field(run, "sink_1", "value"), 1) == values[0]);
    assert_close(number_at(mean, 0), 0.123456789, 1e-4);
    assert_true(json_is_real(json_array_get(mean, 0)));
    json_decref(group);
    json_decref(run);
    free(page);
}

static void test_html_page__runs_and_verdicts_are_there(void **state)
{
    (void)state;
    static const char *const names[] = { "pair" };
    size_t size;
    put_pair();
    char *page = page_of(names, 1, compare_usual, &size);
    json_t *head = line_of(page, "head", 0), *failed = line_of(page, "run", 3);
    json_t *judged = line_of(page, "judged", 0);
    assert_null(line_of(page, "run", 4));
    assert_null(line_of(page, "group", 2));
    json_t *key = json_array_get(json_object_get(head, "keys"), 0);
    assert_string_equal(json_string_value(key), "attention.weights");
    assert_true(json_is_false(json_object_get(failed, "counts")));
    assert_string_equal(json_string_value(json_object_get(
                            json_object_get(failed, "config"), "run.seed")),
                        "2");
    /* one pair: val_loss 3 less 1 */
    assert_string_equal(json_string_value(json_object_get(judged, "column")),
                        "val_loss");
    assert_close(json_number_value(json_object_get(judged, "difference")), 2,
                 1e-9);
    assert_string_equal(json_string_value(json_object_get(judged, "verdict")),
                        "too few seeds to tell");
    json_decref(head);
    json_decref(failed);
    json_decref(judged);
    free(page);
}

/* Its run was there at step 10, and has none at the end. */
static void test_html_page__says_which_sinks_are_gone(void **state)
{
    (void)state;
    static const char *const names[] = { "went" };
    size_t size;
    put_seed("went/a", "done", "softmax", 1, "0,5,5,0\n10,3,,0.6\n20,2,1,0\n");
    put_seed("went/b", "done", "softmax", 2, "0,5,4,0\n20,2,2,0.7\n");
    put_seed("went/c", "done", "softmax", 3, "0,5,4,0\n20,2,2,0\n");
    char *page = page_of(names, 1, compare_usual, &size);
    for (idx i = 0; i < 3; i++) {
        json_t *run = line_of(page, "run", i);
        assert_int_equal(json_object_get(run, "emerged") != NULL, i < 2);
        assert_int_equal(json_is_true(json_object_get(run, "gone")), i == 0);
        json_decref(run);
    }
    free(page);
}

static void test_html_page__a_name_stays_text(void **state)
{
    (void)state;
    static const char *const names[] = { "</script><b>x", "b" };
    size_t size;
    put_seed("</script><b>x", "done", "softmax", 1, "0,5,5,0\n");
    put_seed("b", "done", "relu", 1, "0,5,5,0\n");
    char *page = page_of(names, 2, compare_usual, &size);
    assert_null(strstr(page, "<b>"));
    json_t *run = line_of(page, "run", 0);
    /* a folder's name ends behind its last slash */
    assert_string_equal(json_string_value(json_object_get(run, "name")),
                        "script><b>x");
    json_decref(run);
    free(page);
}

/* ---- maps, and sizes ----------------------------------------------------- */

enum { LAYERS = 6, HEADS = 8, STEPS = 60, METRICS = 12 };

/* A number of 0..1 for each step, layer, head and metric. */
static double value_of(idx i, idx metric)
{
    return (double)((i * 2654435761u + metric * 40503u) % 1000) / 999;
}

/* An analysis of many numbers for a run that is there; the last metric has
 * some? */
static void put_analysis_but(const char *run, bool has_last)
{
    static double v[METRICS][STEPS * LAYERS * HEADS];
    static char names[METRICS][COLUMN_NAME_MAX],
        text[STEPS * METRICS * 16 + 4096];
    int64_t steps[STEPS], counts[HEADS];
    struct array arrays[METRICS];
    struct text csv = { .at = text, .cap_bytes = sizeof text };
    struct err e = { 0 };
    text_add(&csv, "step,tokens");
    for (idx i = 0; i < STEPS; i++)
        steps[i] = 100 * i;
    for (idx i = 0; i < HEADS; i++)
        counts[i] = i;
    for (idx m = 0; m < METRICS; m++) {
        snprintf(names[m], sizeof names[m], "sink_%td", m + 1);
        for (idx i = 0; i < COUNT_OF(v[m]); i++)
            v[m][i] = m == METRICS - 1 && !has_last ? NAN : value_of(i, m);
        arrays[m] = (struct array){ .name = names[m],
                                    .long_name = names[m],
                                    .unit = "1",
                                    .definition = "a share",
                                    .ndim = 3,
                                    .axes = { 0, 1, 2 },
                                    .doubles = v[m] };
        text_add(&csv, ",%s", names[m]);
    }
    for (idx i = 0; i < STEPS; i++) {
        text_add(&csv, "\n%td,%td", 100 * i, 51200 * i);
        for (idx m = 0; m < METRICS; m++)
            text_add(&csv, ",%.9g", value_of(i, m));
    }
    text_add(&csv, "\n");
    const struct axis axes[] = {
        { "step", "1", "updates", STEPS, steps, NULL },
        { "layer", "1", "layer", LAYERS, counts, NULL },
        { "head", "1", "head", HEADS, counts, NULL },
    };
    const struct note notes[] = { { "config", "[run]\nseed = 1\n" } };
    const struct arrays all = { notes, 1, axes, 3, arrays, METRICS };
    if (arrays_save(path_to(run, "analysis.h5"), &all, &e) ||
        analysis_write_csv(path_to(run, ""), "", csv.at, csv.n, &e))
        fail_msg("%s", e.text);
}

static void put_analysis(const char *run)
{
    put_analysis_but(run, true);
}

static void copy_analysis(const char *to, const char *from)
{
    static const char *const files[] = { "analysis.h5", "analysis.csv" };
    for (idx i = 0; i < COUNT_OF(files); i++) {
        size_t n;
        char *bytes = read_whole(path_to(from, files[i]), &n);
        test_write_file(path_to(to, files[i]), bytes, n);
        free(bytes);
    }
}

static int value_of_letter(char c)
{
    static const char of[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvw"
                             "xyz0123456789+/";
    return (int)(strchr(of, c) - of);
}

static void test_html_page__maps_are_the_arrays(void **state)
{
    (void)state;
    static const char *const names[] = { "one" };
    size_t size;
    put_seed("one", "done", "softmax", 1, "0,5,5,0\n5900,2,2,1\n");
    put_analysis("one");
    char *page = page_of(names, 1, compare_usual, &size);
    json_t *run = line_of(page, "run", 0);
    json_t *map = json_object_get(json_object_get(run, "maps"), "sink_3");
    assert_int_equal(number_at(json_object_get(map, "shape"), 1), HEADS);
    assert_int_equal(json_array_size(json_object_get(map, "steps")), STEPS);
    double low = json_number_value(json_object_get(map, "low"));
    double high = json_number_value(json_object_get(map, "high"));
    const char *data = json_string_value(json_object_get(map, "data"));
    assert_int_equal(strlen(data), 2 * STEPS * LAYERS * HEADS);
    for (idx i = 0; i < STEPS * LAYERS * HEADS; i++) {
        int level = 64 * value_of_letter(data[2 * i]) +
                    value_of_letter(data[2 * i + 1]);
        /* half of a level, and five digits of low and high */
        assert_true(fabs(low + level * (high - low) / 4094 - value_of(i, 2)) <=
                    0.5 / 4094 + 2e-5);
    }
    json_decref(run);
    free(page);
}

static void test_html_page__maps_without_a_number_are_left_out(void **state)
{
    (void)state;
    static const char *const names[] = { "without", "with" };
    size_t size;
    for (int i = 0; i < 2; i++) {
        put_seed(names[i], "done", "softmax", 1, "0,5,5,0\n5900,2,2,1\n");
        put_analysis_but(names[i], i == 1);
    }
    char *page = page_of(names, 2, compare_usual, &size);
    for (int i = 0; i < 2; i++) {
        json_t *run = line_of(page, "run", i);
        json_t *maps = json_object_get(run, "maps");
        assert_int_equal(json_object_size(maps), METRICS - 1 + i);
        assert_non_null(json_object_get(maps, "sink_1"));
        json_decref(run);
    }
    free(page);
}

/* The seal at its end, which all that compare looks at, is whole. */
static void test_html_page__a_damaged_file_has_no_maps(void **state)
{
    (void)state;
    static const char *const names[] = { "hurt", "sound" };
    size_t size, n;
    for (idx i = 0; i < COUNT_OF(names); i++) {
        put_seed(names[i], "done", "softmax", 1, "0,5,5,0\n5900,2,2,1\n");
        put_analysis(names[i]);
    }
    char *bytes = read_whole(path_to("hurt", "analysis.h5"), &n);
    bytes[n / 2] ^= 1;
    test_write_file(path_to("hurt", "analysis.h5"), bytes, n);
    free(bytes);
    char *page = page_of(names, 2, compare_usual, &size);
    json_t *hurt = line_of(page, "run", 0), *sound = line_of(page, "run", 1);
    assert_int_equal(json_object_size(json_object_get(hurt, "maps")), 0);
    assert_within(json_string_value(json_object_get(hurt, "maps_note")),
                  "damaged");
    assert_int_equal(json_object_size(json_object_get(sound, "maps")), METRICS);
    json_decref(hurt);
    json_decref(sound);
    free(page);
}

static void test_html_page__36_runs_of_60_steps_fit_2_mb(void **state)
{
    (void)state;
    static const char *const names[] = { "many" };
    size_t size;
    for (int i = 0; i < 36; i++) {
        char run[32];
        snprintf(run, sizeof run, "many/%02d", i);
        put_seed(run, "done", i % 2 ? "relu" : "softmax", 1 + i / 2,
                 "0,5,5,0\n5900,2,2,1\n");
        if (i == 0)
            put_analysis(run);
        else
            copy_analysis(run, "many/00");
    }
    free(page_of(names, 1, compare_usual, &size));
    assert_true(size < 2000000 - (*page_charts ? 0 : 200000));
}

static void test_html_page__long_curves_are_thinned(void **state)
{
    (void)state;
    enum { ROWS = 3000, RUNS = 12 };
    static const char *const names[] = { "long" };
    static char text[ROWS * 64 + 64];
    size_t size;
    struct text csv = { .at = text, .cap_bytes = sizeof text };
    text_add(&csv, "step,loss,val_loss,sink_1\n");
    for (int i = 0; i < ROWS; i++)
        text_add(&csv, "%d,%.9g,%.9g,%.9g\n", i, 5.0 / (i + 1), 6.0 / (i + 1),
                 value_of(i, 0));
    for (int i = 0; i < RUNS; i++) {
        char run[32];
        snprintf(run, sizeof run, "long/%02d", i);
        put_seed(run, "done", "softmax", i, "0,5,5,0\n");
        put_file(run, "metrics.csv", text);
    }
    char *page = page_of(names, 1, compare_usual, &size);
    json_t *head = line_of(page, "head", 0), *run = line_of(page, "run", 0);
    idx points = (idx)json_integer_value(json_object_get(head, "points"));
    json_t *values = curve_field(run, "loss", "value");
    idx n = (idx)json_array_size(values);
    assert_true(points >= 100 && n <= points && n > points / 2);
    assert_close(number_at(values, 0), 5, 1e-9);
    assert_close(number_at(values, (size_t)n - 1), 5.0 / ROWS, 1e-4);
    json_decref(head);
    json_decref(run);
    free(page);
}

/* ---- refusals ------------------------------------------------------------ */

static void test_html_page__without_chart_js_names_the_package(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(html_page_check("x", "", NULL, 0, &e), ERR_TOOL);
    assert_within(e.text, "libjs-chart.js");
}

static void test_html_page__what_is_there_is_not_replaced(void **state)
{
    (void)state;
    struct err a = { 0 }, b = { 0 }, c = { 0 };
    put_file("there/index.html", "x", "y");
    put_file("file", "x", "y");
    assert_int_equal(html_page_check(path_to("there", ""), "x", NULL, 0, &a),
                     ERR_BUSY);
    assert_int_equal(html_page_check(path_to("file", "x"), "x", NULL, 0, &b),
                     ERR_BUSY);
    assert_within(b.text, "wants a folder");
    assert_int_equal(html_page_check(path_to("new", ""), "x", NULL, 0, &c), OK);
}

/* Also where runs are one group, as of a text that lies at two places. */
static void test_html_page__runs_keep_their_own_paths(void **state)
{
    static const char *const names[] = { "moved" };
    static const char config[] =
        "[run]\nseed = %d\n[data]\nsource = text\npath = %s\n"
        "hash = 0123456789abcdef\n";
    char text[256];
    size_t n;
    (void)state;
    snprintf(text, sizeof text, config, 1, "/x/text");
    put_run("moved/a", "done", text, "0,5,5,0\n");
    snprintf(text, sizeof text, config, 2, "/y/text");
    put_run("moved/b", "done", text, "0,5,5,0\n");
    char *page = page_of(names, 1, compare_usual, &n);
    assert_within(page, "\"data.path\":\"/x/text\"");
    assert_within(page, "\"data.path\":\"/y/text\"");
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_html_page__runs_keep_their_own_paths),
        cmocka_unit_test(test_html_page__curves_are_what_was_measured),
        cmocka_unit_test(test_html_page__final_numbers_are_exact),
        cmocka_unit_test(test_html_page__runs_and_verdicts_are_there),
        cmocka_unit_test(test_html_page__says_which_sinks_are_gone),
        cmocka_unit_test(test_html_page__a_name_stays_text),
        cmocka_unit_test(test_html_page__maps_are_the_arrays),
        cmocka_unit_test(test_html_page__maps_without_a_number_are_left_out),
        cmocka_unit_test(test_html_page__a_damaged_file_has_no_maps),
        cmocka_unit_test(test_html_page__36_runs_of_60_steps_fit_2_mb),
        cmocka_unit_test(test_html_page__long_curves_are_thinned),
        cmocka_unit_test(test_html_page__without_chart_js_names_the_package),
        cmocka_unit_test(test_html_page__what_is_there_is_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
