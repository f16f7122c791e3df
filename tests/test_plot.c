/* Plots as files and as text: that they are whole, and show what is there. */
#include "harness.h"
#include "runs_case.h"

#include "report/plot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const double steps[] = { 0, 100, 200, 300, 400 };
static const double rising[] = { 0, 0, 0.5, 1, 1 };
static const double flat[] = { 0, 0, 0, 0, 0 };
static const double broken[] = { 4, 3, NAN, 2, 1.5 };

#define CURVE(label, y)                                                        \
    {                                                                          \
        label, steps, y, COUNT_OF(steps), NULL, NULL                           \
    }

static const char hostile[] = "a_b^{c} '\"`date`\\n\n$(id)<&%s@x#1\xff\033[31m";
static const char hostile_svg[] =
    "a_b^{c} '\"`date`\\n\\n$(id)&lt;&amp;%s@x#1\\xff\\x1b[31m";

static const char hostile_shown[] =
    "a_b^{c} '\"`date`\\n\\n$(id)<&%s@x#1\\xff\\x1b[31m";

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

static const struct plot_curve hostile_curves[] = {
    CURVE(hostile, rising),
    CURVE("run-2 of 3", broken),
    { "", NULL, NULL, 0, NULL, NULL },
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
    const char *path = path_to("bands.svg", "");
    char labels[MANY][32];
    struct plot_curve curves[MANY];
    struct plot_panel panel = { .y_label = "y", .curves = curves };
    struct plot p = { "step", false, &panel, 1, NAMED, "7 of 30" };
    size_t n;
    skip_without_gnuplot();
    for (idx i = 0; i < MANY; i++) {
        snprintf(labels[i], sizeof labels[i], "curve %td", i);
        curves[i] =
            (struct plot_curve){ labels[i], steps, rising, 5, low, high };
    }
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
    const char *path = path_to("it's a \"$(figure)\" `x`.svg", "");
    size_t n;
    skip_without_gnuplot();
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
    const char *path[] = { path_to("first.svg", ""),
                           path_to("second.svg", "") };
    char *bytes[2];
    size_t n[2];
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
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
    const char *path = path_to("figure.PNG", "");
    size_t n;
    skip_without_gnuplot();
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
    const char *path = path_to("odd.svg", "");
    const struct plot_panel empty = { .y_label = "" };
    const struct plot_curve point = { "point", steps + 1, flat, 1, NULL, NULL };
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
    const char *path = path_to("kept.svg", "");
    struct err e = { 0 };
    test_write_file(path, "old", 3);
    assert_int_equal(write_with_path("/nowhere", path, &e), ERR_TOOL);
    assert_string_equal(e.text,
                        "gnuplot, which draws figures and plots, is not "
                        "found: install it (tools/deps.sh does)");
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
        { "#!/bin/sh\necho no library: too many files >&2; exit 127\n",
          "gnuplot failed with status 127: no library: too many files" },
        { "#!/bin/sh\nexit 0\n", "gnuplot wrote no picture" },
        { "#!/bin/sh\nkill -9 $$\n", "gnuplot was killed by signal 9" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        const char *program = path_to("gnuplot", "");
        const char *path = path_to("never.svg", "");
        struct err e = { 0 };
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
    const char *path = path_to("no such folder/figure.svg", "");
    struct err e = { 0 };
    skip_without_gnuplot();
    assert_int_equal(plot_write(&hostile_plot, path, &e), ERR_IO);
}

/* ---- text -------------------------------------------------------------- */

/* To be freed. */
static char *text_of(const struct plot *p, idx width, bool unicode)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    if (plot_text(f, p, width, unicode, &e) != OK)
        fail_msg("%s", e.text);
    assert_int_equal(fclose(f), 0);
    return text;
}

static struct plot plot_of(struct plot_panel *panel, const char *y_label,
                           const struct plot_curve *curves, idx n)
{
    *panel = (struct plot_panel){ .y_label = y_label,
                                  .curves = curves,
                                  .n_curves = n };
    return (struct plot){ .x_label = "step", .panels = panel, .n_panels = 1 };
}

/* How often a letter stands right of the frame. */
static idx marks_of(const char *text, char letter)
{
    idx n = 0;
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        for (idx i = (idx)strcspn(line, "|\n"); line[i] && line[i] != '\n'; i++)
            n += line[i] == letter;
    return n;
}

static void test_plot__text_has_a_letter_for_each_curve(void **state)
{
    (void)state;
    static const struct plot_curve curves[] = { CURVE("soft_max", rising),
                                                CURVE("relu", flat) };
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "sink_1, percent", curves, 2);
    skip_without_gnuplot();
    panel.y_max = panel.scale = 100;
    char *text = text_of(&p, 60, false);
    assert_within(text, "sink_1, percent\n");
    assert_within(text, "100 ");
    assert_within(text, "step\n");
    assert_within(text, "a soft_max");
    assert_within(text, "b relu\n");
    assert_int_equal(marks_of(text, 'a') + marks_of(text, 'b'), 8);
    assert_true(marks_of(text, 'a') >= 3 && marks_of(text, 'b') >= 3);
    free(text);
}

/* Equal curves: each letter is seen, and none of the places is empty. */
static void test_plot__letters_in_one_place_take_turns(void **state)
{
    (void)state;
    static const struct plot_curve curves[] = { CURVE("one", rising),
                                                CURVE("same", rising),
                                                CURVE("again", rising) };
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "sink_1, percent", curves, 3);
    skip_without_gnuplot();
    for (int is_given = 0; is_given < 2; is_given++) {
        panel.y_max = panel.scale = is_given ? 100 : 0;
        char *text = text_of(&p, 60, false);
        assert_int_equal(marks_of(text, 'a'), 2);
        assert_int_equal(marks_of(text, 'b'), 2);
        assert_int_equal(marks_of(text, 'c'), 1);
        free(text);
    }
}

/* The line stops at a NAN: fewer dots than without. */
static void test_plot__nan_is_a_gap(void **state)
{
    (void)state;
    static const double whole[] = { 4, 3, 2.5, 2, 1.5 };
    const struct plot_curve curves[] = { CURVE("gap", broken),
                                         CURVE("gap", whole) };
    struct plot_panel panel;
    idx dots[2];
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
        struct plot p = plot_of(&panel, "val_loss", &curves[i], 1);
        char *text = text_of(&p, 60, false);
        dots[i] = marks_of(text, '.');
        assert_int_equal(marks_of(text, 'a'), i == 0 ? 4 : 5);
        free(text);
    }
    assert_true(dots[0] + 10 < dots[1]);
}

static void test_plot__a_logarithmic_axis_leaves_step_0_out(void **state)
{
    (void)state;
    static const struct plot_curve curve = CURVE("rise", rising);
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "y", &curve, 1);
    skip_without_gnuplot();
    char *linear = text_of(&p, 60, false);
    p.log_x = true;
    char *text = text_of(&p, 60, false);
    assert_int_equal(marks_of(linear, 'a'), 5);
    assert_int_equal(marks_of(text, 'a'), 4);
    assert_within(text, " 128 ");
    assert_within(text, " 256\n");
    free(linear);
    free(text);
}

static void test_plot__no_point_is_said_not_drawn(void **state)
{
    (void)state;
    const double nowhere[] = { NAN, INFINITY, -INFINITY, 1e300, NAN };
    const struct plot_curve curves[] = {
        CURVE("nan", nowhere), { "none", NULL, NULL, 0, NULL, NULL }
    };
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "val_loss", curves, 2);
    skip_without_gnuplot();
    char *text = text_of(&p, 40, false);
    assert_within(text, "no data");
    assert_within(text, "a nan");
    assert_within(text, "b none");
    free(text);
}

/* Every line fits, whatever is drawn and however it is called, and whatever
 * bytes that is. */
static void test_plot__text_keeps_to_its_width(void **state)
{
    (void)state;
    static const double large[] = { -1234567, 3e5, 12, 1e6, 2e6 };
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct plot_curve curves[] = { CURVE(name, large),
                                         CURVE("caf\xc3\xa9", rising),
                                         CURVE(hostile, rising) };
    struct plot_panel panel;
    struct plot p = plot_of(&panel, name, curves, 3);
    p.x_label = name;
    skip_without_gnuplot();
    for (idx width = 40; width <= 200; width += 53) {
        char *text = text_of(&p, width, false);
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
            assert_in_range(strcspn(line, "\n"), 0, width);
        for (const char *c = text; *c; c++)
            assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
        assert_within(text, "b caf?");
        free(text);
    }
    char *text = text_of(&p, 100, true);
    assert_within(text, "b caf\xc3\xa9");
    assert_within(text, hostile_shown);
    free(text);
}

static void test_plot__text_names_all_curves(void **state)
{
    (void)state;
    enum { MANY = 130 };
    struct plot_curve curves[MANY];
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "y", curves, MANY);
    p.named_max = 12;
    skip_without_gnuplot();
    for (idx i = 0; i < MANY; i++)
        curves[i] = (struct plot_curve)CURVE("same", rising);
    char *text = text_of(&p, 80, true);
    assert_int_equal(count_of(text, " same"), MANY);
    assert_within(text, "Z same");
    assert_within(text, "9 same");
    free(text);
}

/* What leaves a range that was asked for is cut off. */
static void test_plot__a_given_range_is_kept(void **state)
{
    (void)state;
    static const double beyond[] = { -5, 0.5, 7, 1e100, 0.5 };
    const struct plot_curve curve = CURVE("beyond", beyond);
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "y", &curve, 1);
    panel.y_max = 1;
    skip_without_gnuplot();
    char *text = text_of(&p, 80, false);
    assert_int_equal(marks_of(text, 'a'), 2);
    free(text);
}

/* A few checkpoints all have their mark, however close they stand. */
static void test_plot__few_points_are_all_marked(void **state)
{
    (void)state;
    enum { POINTS = 30 };
    double x[POINTS], y[POINTS];
    const char *path = path_to("marks.svg", "");
    const struct plot_curve curve = { "m", x, y, POINTS, NULL, NULL };
    struct plot_panel panel;
    struct plot p = plot_of(&panel, "y", &curve, 1);
    size_t n;
    skip_without_gnuplot();
    for (idx i = 0; i < POINTS; i++) {
        x[i] = (double)i;
        y[i] = (double)(i * i);
    }
    write_ok(&p, path);
    char *svg = read_whole(path, &n);
    assert_int_equal(count_of(svg, "xlink:href='#gpPt6'"), POINTS + 1);
    free(svg);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot_file__only_svg_and_png_can_be_written),
        cmocka_unit_test(test_plot_file__bands_and_crowds_are_drawn),
        cmocka_unit_test(
            test_plot_file__svg_is_whole_and_shows_labels_as_they_are),
        cmocka_unit_test(test_plot_file__the_same_plot_gives_the_same_bytes),
        cmocka_unit_test(test_plot_file__png_has_the_size_of_its_panels),
        cmocka_unit_test(test_plot_file__odd_plots_can_be_written),
        cmocka_unit_test(test_plot_file__a_missing_gnuplot_is_named),
        cmocka_unit_test(test_plot_file__a_failing_gnuplot_is_quoted),
        cmocka_unit_test(test_plot_file__an_unwritable_folder_is_an_error),
        cmocka_unit_test(test_plot__text_has_a_letter_for_each_curve),
        cmocka_unit_test(test_plot__letters_in_one_place_take_turns),
        cmocka_unit_test(test_plot__nan_is_a_gap),
        cmocka_unit_test(test_plot__a_logarithmic_axis_leaves_step_0_out),
        cmocka_unit_test(test_plot__no_point_is_said_not_drawn),
        cmocka_unit_test(test_plot__text_keeps_to_its_width),
        cmocka_unit_test(test_plot__text_names_all_curves),
        cmocka_unit_test(test_plot__a_given_range_is_kept),
        cmocka_unit_test(test_plot__few_points_are_all_marked),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
