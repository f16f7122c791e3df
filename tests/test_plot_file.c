/* Plots as files: that they are whole, and show their labels. */
#include "harness.h"

#include "io/fsys.h"
#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 256, FILE_MAX = 1 << 24 };

static const double steps[] = { 0, 100, 200, 300, 400 };
static const double rising[] = { 0, 0, 0.5, 1, 1 };
static const double flat[] = { 0, 0, 0, 0, 0 };
static const double broken[] = { 4, 3, NAN, 2, 1.5 };

#define CURVE(label, y, is_sparse)                                             \
    {                                                                          \
        label, steps, y, COUNT_OF(steps), is_sparse, NULL, NULL                \
    }

static const char hostile[] = "a_b^{c} '\"`date`\\n\n$(id)<&%s@x#1\xff\033[31m";
static const char hostile_svg[] =
    "a_b^{c} '\"`date`\\n\\n$(id)&lt;&amp;%s@x#1\\xff\\x1b[31m";

static void test_plot_file__only_svg_and_png_can_be_written(void **state)
{
    (void)state;
    static const char *const bad[] = { "x", "x.pdf", ".svg", "x.svg.gz", "" };
    struct err e = { 0 };
    assert_int_equal(plot_file_check("a b/x.SVG", &e), OK);
    assert_int_equal(plot_file_check("x.png", &e), OK);
    for (idx i = 0; i < COUNT_OF(bad); i++) {
        e = (struct err){ 0 };
        assert_int_equal(plot_file_check(bad[i], &e), ERR_USAGE);
        assert_non_null(strstr(e.text, ".svg"));
        assert_non_null(strstr(e.text, ".png"));
    }
}

static void skip_without_gnuplot(void)
{
    char path[4096];
    const char *rest = getenv("PATH");
    while (rest && *rest) {
        int n = (int)strcspn(rest, ":");
        snprintf(path, sizeof path, "%.*s/gnuplot", n, rest);
        if (access(path, X_OK) == 0)
            return;
        rest += n + (rest[n] == ':');
    }
    print_message("gnuplot is not installed: figures are not tested\n");
    skip();
}

static void path_to(char path[PATH_BYTES], const char *name)
{
    snprintf(path, PATH_BYTES, "%s/%s", test_dir(), name);
}

static const struct plot_curve hostile_curves[] = {
    CURVE(hostile, rising, false),
    CURVE("run-2 of 3", broken, false),
    { "", NULL, NULL, 0, false, NULL, NULL },
};
static const struct plot_panel hostile_panels[] = {
    { hostile, 0, 100, 100, hostile_curves, 3 },
    { "loss", 0, 0, 0, hostile_curves + 1, 1 },
    { "empty", 0, 0, 0, NULL, 0 },
};
static const struct plot hostile_plot = { "step", false, hostile_panels,
                                          3,      0,     NULL };

static void write_ok(const struct plot *p, const char *path)
{
    struct err e = { 0 };
    int rc = plot_write(p, path, &e);
    if (rc != OK)
        fail_msg("%s", e.text);
}

static char *read_whole(const char *path, size_t *n)
{
    char *bytes = NULL;
    struct err e = { 0 };
    if (fsys_read_file(&bytes, n, path, FILE_MAX, &e) != OK)
        fail_msg("%s", e.text);
    return bytes;
}

static idx count_of(const char *text, const char *what)
{
    idx n = 0;
    for (; (text = strstr(text, what)); text++)
        n++;
    return n;
}

static void test_plot_file__bands_and_crowds_are_drawn(void **state)
{
    (void)state;
    enum { MANY = 30, NAMED = 7 };
    static const double low[] = { -1, 0, 0.2, 0.8, 0.9 };
    static const double high[] = { 0.5, 1, 1.5, 2, 6 };
    char path[PATH_BYTES], labels[MANY][32];
    struct plot_curve curves[MANY];
    struct plot_panel panel = { .y_label = "y", .curves = curves };
    struct plot p = { "step", false, &panel, 1, NAMED, "7 of 30" };
    size_t n;
    skip_without_gnuplot();
    for (idx i = 0; i < MANY; i++) {
        snprintf(labels[i], sizeof labels[i], "curve %td", i);
        curves[i] = (struct plot_curve){ labels[i], steps, rising, 5,
                                         false,     low,   high };
    }
    path_to(path, "bands.svg");
    panel.n_curves = 2;
    write_ok(&p, path);
    char *svg = read_whole(path, &n);
    assert_int_equal(count_of(svg, "fill-opacity = '0.15"), 2);
    assert_int_equal(count_of(svg, ">curve "), 2);
    free(svg);
    panel.n_curves = MANY;
    write_ok(&p, path);
    svg = read_whole(path, &n);
    assert_int_equal(count_of(svg, ">curve "), NAMED);
    assert_non_null(strstr(svg, ">curve 0<"));
    assert_non_null(strstr(svg, ">curve 29<"));
    assert_non_null(strstr(svg, ">7 of 30<"));
    free(svg);
}

static void
test_plot_file__svg_is_whole_and_shows_labels_as_they_are(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    size_t n;
    skip_without_gnuplot();
    path_to(path, "it's a \"$(figure)\" `x`.svg");
    write_ok(&hostile_plot, path);
    char *svg = read_whole(path, &n);
    assert_int_equal(strncmp(svg, "<?xml", 5), 0);
    assert_non_null(strstr(svg, "</svg>"));
    assert_non_null(strstr(svg, hostile_svg));
    assert_non_null(strstr(svg, ">run-2 of 3<"));
    assert_non_null(strstr(svg, ">no data<"));
    for (size_t i = 0; i < n; i++)
        assert_true((unsigned char)svg[i] >= ' ' || svg[i] == '\n' ||
                    svg[i] == '\t');
    free(svg);
}

static void test_plot_file__the_same_plot_gives_the_same_bytes(void **state)
{
    (void)state;
    char path[2][PATH_BYTES];
    char *bytes[2];
    size_t n[2];
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
        path_to(path[i], i ? "second.svg" : "first.svg");
        write_ok(&hostile_plot, path[i]);
        bytes[i] = read_whole(path[i], &n[i]);
    }
    assert_int_equal(n[0], n[1]);
    assert_memory_equal(bytes[0], bytes[1], n[0]);
    free(bytes[0]);
    free(bytes[1]);
}

static void test_plot_file__png_has_the_size_of_its_panels(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    size_t n;
    skip_without_gnuplot();
    path_to(path, "figure.PNG");
    test_write_file(path, "old", 3);
    write_ok(&hostile_plot, path);
    unsigned char *png = (unsigned char *)read_whole(path, &n);
    assert_true(n > 1000);
    assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
    /* IHDR: width and height, big-endian, at bytes 16 and 20 */
    assert_int_equal(png[18] << 8 | png[19], 900);
    assert_in_range(png[22] << 8 | png[23], 3 * 300, 3 * 300 + 150);
    free(png);
}

static void test_plot_file__odd_plots_can_be_written(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    const struct plot_panel empty = { .y_label = "" };
    const struct plot_curve point = { "point", steps + 1, flat, 1,
                                      false,   NULL,      NULL };
    const struct plot_panel single = { .curves = &point,
                                       .n_curves = 1,
                                       .y_label = "y" };
    const struct plot plots[] = {
        { "step", false, &empty, 1, 0, NULL },
        { "step", true, &empty, 1, 0, NULL },
        { "step", false, &single, 1, 0, NULL },
        { "step", true, &single, 1, 0, NULL },
        { "step", true, &hostile_panels[0], 1, 0, NULL },
    };
    skip_without_gnuplot();
    path_to(path, "odd.svg");
    for (idx i = 0; i < COUNT_OF(plots); i++)
        write_ok(&plots[i], path);
}

/* Run plot_write with this folder as the only place of programs. */
static int write_with_path(const char *programs, const char *path,
                           struct err *e)
{
    char old[4096];
    snprintf(old, sizeof old, "%s", getenv("PATH"));
    setenv("PATH", programs, 1);
    int rc = plot_write(&hostile_plot, path, e);
    setenv("PATH", old, 1);
    return rc;
}

static void test_plot_file__a_missing_gnuplot_is_named(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    struct err e = { 0 };
    path_to(path, "kept.svg");
    test_write_file(path, "old", 3);
    assert_int_equal(write_with_path("/nowhere", path, &e), ERR_TOOL);
    assert_string_equal(e.text, "gnuplot not found: install it with "
                                "tools/deps.sh, or leave out -o for a text "
                                "plot");
    size_t n;
    char *bytes = read_whole(path, &n);
    assert_string_equal(bytes, "old");
    free(bytes);
}

static void test_plot_file__a_failing_gnuplot_is_quoted(void **state)
{
    (void)state;
    static const struct {
        const char *script, *want;
    } cases[] = {
        { "#!/bin/sh\necho first >&2; echo no such thing >&2; exit 3\n",
          "gnuplot failed with status 3: no such thing" },
        { "#!/bin/sh\nexit 0\n", "gnuplot wrote no picture" },
        { "#!/bin/sh\nkill -9 $$\n", "gnuplot was killed by signal 9" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char program[PATH_BYTES], path[PATH_BYTES];
        struct err e = { 0 };
        path_to(program, "gnuplot");
        path_to(path, "never.svg");
        test_write_file(program, cases[i].script, strlen(cases[i].script));
        assert_int_equal(chmod(program, 0700), 0);
        assert_int_equal(write_with_path(test_dir(), path, &e), ERR_TOOL);
        assert_string_equal(e.text, cases[i].want);
        assert_int_not_equal(access(path, F_OK), 0);
    }
}

static void test_plot_file__an_unwritable_folder_is_an_error(void **state)
{
    (void)state;
    char path[PATH_BYTES];
    struct err e = { 0 };
    skip_without_gnuplot();
    path_to(path, "no such folder/figure.svg");
    assert_int_equal(plot_write(&hostile_plot, path, &e), ERR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot_file__only_svg_and_png_can_be_written),
        cmocka_unit_test(
            test_plot_file__svg_is_whole_and_shows_labels_as_they_are),
        cmocka_unit_test(test_plot_file__bands_and_crowds_are_drawn),
        cmocka_unit_test(test_plot_file__the_same_plot_gives_the_same_bytes),
        cmocka_unit_test(test_plot_file__png_has_the_size_of_its_panels),
        cmocka_unit_test(test_plot_file__odd_plots_can_be_written),
        cmocka_unit_test(test_plot_file__a_missing_gnuplot_is_named),
        cmocka_unit_test(test_plot_file__a_failing_gnuplot_is_quoted),
        cmocka_unit_test(test_plot_file__an_unwritable_folder_is_an_error),
    };
    return cmocka_run_group_tests_name("plot_file", tests, NULL, NULL);
}
