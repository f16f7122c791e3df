/* Plots as text, byte for byte. */
#include "harness.h"

#include "report/plot.h"
#include "report/plot_axis.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 40 };

static const double steps[] = { 0, 100, 200, 300, 400 };
static const double rising[] = { 0, 0, 0.5, 1, 1 };
static const double flat[] = { 0, 0, 0, 0, 0 };
static const double broken[] = { 4, 3, NAN, 2, 1.5 };

#define CURVE(label, y, is_sparse)                                             \
    {                                                                          \
        label, steps, y, COUNT_OF(steps), is_sparse, NULL, NULL                \
    }

/* The text of a plot; the caller frees it. */
static char *text_of(const struct plot *p, idx width, bool unicode)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { 0 };
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    assert_int_equal(plot_text(f, p, width, unicode, &e), OK);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void expect_text(const struct plot *p, idx width, bool unicode,
                        const char *want)
{
    char *got = text_of(p, width, unicode);
    assert_string_equal(got, want);
    free(got);
}

static const struct plot_curve two_curves[] = {
    CURVE("soft_max", rising, false),
    CURVE("relu", flat, false),
};
static const struct plot_panel share_panel = {
    .y_label = "sink_1, percent",
    .y_max = 100,
    .scale = 100,
    .curves = two_curves,
    .n_curves = COUNT_OF(two_curves),
};

static void test_plot__text_shows_a_letter_for_each_curve(void **state)
{
    (void)state;
    const struct plot p = { "step", false, &share_panel, 1, 0, NULL };
    expect_text(&p, WIDTH, false,
                "sink_1, percent\n"
                "100 +                          aaaaaaaaa\n"
                "    |                        aa\n"
                " 80 +                      aa\n"
                "    |                    aa\n"
                " 60 +                  aa\n"
                "    |                 a\n"
                " 40 +               aa\n"
                "    |             aa\n"
                " 20 +            a\n"
                "    |          aa\n"
                "  0 +abababababbbbbbbbbbbbbbbbbbbbbbbbbb\n"
                "    ++--------+-------+--------+-------+\n"
                "     0       100     200      300    400\n"
                "                    step\n"
                "  a soft_max   b relu\n");
}

/* The same plot with strokes in place of - | +, told by their UTF-8 bytes. */
static void test_plot__unicode_draws_a_finer_frame(void **state)
{
    (void)state;
    static const char *const strokes[] = { "│|", "┤+", "└+", "─-", "┬+" };
    const struct plot p = { "step", false, &share_panel, 1, 0, NULL };
    char *ascii = text_of(&p, WIDTH, false);
    char *unicode = text_of(&p, WIDTH, true);
    for (idx i = 0; i < COUNT_OF(strokes); i++) {
        char stroke[4] = { 0 }, *at;
        memcpy(stroke, strokes[i], 3);
        assert_non_null(strstr(unicode, stroke));
        while ((at = strstr(unicode, stroke))) {
            *at = strokes[i][3];
            memmove(at + 1, at + 3, strlen(at + 3) + 1);
        }
    }
    assert_string_equal(unicode, ascii);
    free(ascii);
    free(unicode);
}

static void test_plot__nan_is_a_gap(void **state)
{
    (void)state;
    const struct plot_curve curve = CURVE("gap", broken, false);
    const struct plot_panel panel = { .y_label = "val_loss",
                                      .curves = &curve,
                                      .n_curves = 1 };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    expect_text(&p, WIDTH, false,
                "val_loss\n"
                "  4 +aa\n"
                "    |  aa\n"
                "3.5 +    aa\n"
                "    |      aa\n"
                "  3 +        aa\n"
                "    |\n"
                "2.5 +\n"
                "    |\n"
                "  2 +                          aaa\n"
                "    |                             aaaa\n"
                "1.5 +                                 aa\n"
                "    ++--------+-------+--------+-------+\n"
                "     0       100     200      300    400\n"
                "                    step\n"
                "  a gap\n");
}

static void test_plot__nan_in_a_sparse_curve_is_bridged(void **state)
{
    (void)state;
    const struct plot_curve curve = CURVE("gap", broken, true);
    const struct plot_panel panel = { .y_label = "val_loss",
                                      .curves = &curve,
                                      .n_curves = 1 };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    expect_text(&p, WIDTH, false,
                "val_loss\n"
                "  4 +aa\n"
                "    |  aa\n"
                "3.5 +    aa\n"
                "    |      aa\n"
                "  3 +        aaaa\n"
                "    |            aaaa\n"
                "2.5 +                aaaa\n"
                "    |                    aaaa\n"
                "  2 +                        aaaaa\n"
                "    |                             aaaa\n"
                "1.5 +                                 aa\n"
                "    ++--------+-------+--------+-------+\n"
                "     0       100     200      300    400\n"
                "                    step\n"
                "  a gap\n");
}

static void test_plot__a_logarithmic_axis_leaves_step_0_out(void **state)
{
    (void)state;
    const struct plot_curve curve = CURVE("gap", broken, true);
    const struct plot_panel panel = { .y_label = "val_loss",
                                      .curves = &curve,
                                      .n_curves = 1 };
    const struct plot p = { "step", true, &panel, 1, 0, NULL };
    expect_text(&p, WIDTH, false,
                "val_loss\n"
                "  3 +aa\n"
                "    |  aaaa\n"
                "    |      aaa\n"
                "    |         aaa\n"
                "2.5 +            aaaa\n"
                "    |                aaa\n"
                "    |                   aaa\n"
                "    |                      aaaa\n"
                "  2 +                          aa\n"
                "    |                            aa\n"
                "    |                              aa\n"
                "    |                                aa\n"
                "1.5 +                                  a\n"
                "    ++----------------+-----------------\n"
                "    100              200\n"
                "                    step\n"
                "  a gap\n");
}

static void test_plot__no_point_is_said_not_drawn(void **state)
{
    (void)state;
    const double nowhere[] = { NAN, INFINITY, -INFINITY, 1e300, NAN };
    const struct plot_curve curves[] = { CURVE("nan", nowhere, false),
                                         { "none", NULL, NULL, 0, false, NULL,
                                           NULL } };
    const struct plot_panel panel = { .y_label = "val_loss",
                                      .curves = curves,
                                      .n_curves = 2 };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    char *text = text_of(&p, WIDTH, false);
    assert_non_null(strstr(text, "no data"));
    assert_non_null(strstr(text, "a nan"));
    assert_non_null(strstr(text, "b none"));
    free(text);
}

/* Every line fits, whatever is drawn and however it is called. */
static void test_plot__text_keeps_to_its_width(void **state)
{
    (void)state;
    static const double large[] = { -1234567, 3e5, 12, 1e6, 2e6 };
    char name[300];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    const struct plot_curve curves[] = { CURVE(name, large, false),
                                         CURVE("short", rising, false) };
    const struct plot_panel panel = { .y_label = name,
                                      .curves = curves,
                                      .n_curves = 2 };
    const struct plot p = { name, false, &panel, 1, 0, NULL };
    for (idx width = 40; width <= 200; width += 7) {
        char *text = text_of(&p, width, false);
        for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
            assert_in_range(strcspn(line, "\n"), 0, width);
        free(text);
    }
}

static void test_plot__many_curves_share_the_letters(void **state)
{
    (void)state;
    enum { MANY = 130 };
    struct plot_curve curves[MANY];
    for (idx i = 0; i < MANY; i++)
        curves[i] = (struct plot_curve)CURVE("same", rising, false);
    const struct plot_panel panel = { .y_label = "y",
                                      .curves = curves,
                                      .n_curves = MANY };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    char *text = text_of(&p, 80, true);
    idx entries = 0;
    for (const char *at = text; (at = strstr(at, " same")); at++)
        entries++;
    assert_int_equal(entries, MANY);
    assert_non_null(strstr(text, "Z same"));
    assert_non_null(strstr(text, "9 same"));
    free(text);
}

static void test_plot__a_steep_line_has_no_holes(void **state)
{
    (void)state;
    static const double jump[] = { 0, 0, 100, 100, 100 };
    static const double at[] = { 0, 500, 501, 900, 1000 };
    const struct plot_curve curve = { "jump", at, jump, 5, false, NULL, NULL };
    const struct plot_panel panel = { .y_label = "y",
                                      .curves = &curve,
                                      .n_curves = 1 };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    char *text = text_of(&p, 80, false);
    const char *line = text;
    for (idx row = 0; row < 11; row++) {
        line = strchr(line, '\n') + 1;
        assert_non_null(memchr(line, 'a', strcspn(line, "\n")));
    }
    free(text);
}

static void test_plot__what_leaves_a_given_range_is_cut_off(void **state)
{
    (void)state;
    static const double beyond[] = { -5, 0.5, 7, 1e100, 0.5 };
    const struct plot_curve curve = CURVE("beyond", beyond, false);
    const struct plot_panel panel = {
        .y_label = "y", .y_max = 1, .curves = &curve, .n_curves = 1
    };
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    char *text = text_of(&p, 80, false);
    assert_int_equal(strncmp(text, "y\n  1 +", 7), 0);
    free(text);
}

static void test_plot__a_band_widens_the_range_and_has_gaps(void **state)
{
    (void)state;
    static const double low[] = { -3, 0, 0.2, NAN, 0.9 };
    static const double high[] = { 0.5, 1, 1.5, 2, 6 };
    const struct plot_curve curve = {
        "mean", steps, rising, 5, false, low, high
    };
    struct plot_panel panel = { .y_label = "y", .curves = &curve, .scale = 2 };
    panel.n_curves = 1;
    const struct plot p = { "step", false, &panel, 1, 0, NULL };
    struct plot_axis y = plot_y_axis(&p, &panel);
    double x, a, b;
    assert_true(y.lo <= -6 && y.hi >= 12);
    assert_true(plot_band(&x, &a, &b, &p, &panel, &curve, 2));
    assert_true(x == 200 && a == 0.4 && b == 3);
    assert_false(plot_band(&x, &a, &b, &p, &panel, &curve, 3));
    panel.y_max = 10; /* a range that was asked for cuts it off */
    assert_true(plot_band(&x, &a, &b, &p, &panel, &curve, 4));
    assert_true(a == 1.8 && b == 10);
}

static const char hostile[] = "a_b^{c} '\"`date`\\n\n$(id)<&%s@x#1\xff\033[31m";
static const char hostile_shown[] =
    "a_b^{c} '\"`date`\\n\\n$(id)<&%s@x#1\\xff\\x1b[31m";
static void test_plot__text_shows_hostile_labels_as_they_are(void **state)
{
    (void)state;
    const struct plot_curve curve = CURVE(hostile, rising, false);
    const struct plot_panel panel = { .y_label = hostile,
                                      .curves = &curve,
                                      .n_curves = 1 };
    const struct plot p = { "caf\xc3\xa9", false, &panel, 1, 0, NULL };
    char *text = text_of(&p, 80, true);
    assert_non_null(strstr(text, hostile_shown));
    assert_non_null(strstr(text, "caf\xc3\xa9"));
    free(text);
    text = text_of(&p, 80, false);
    assert_non_null(strstr(text, "caf?"));
    for (const char *c = text; *c; c++)
        assert_true((*c >= ' ' && *c <= '~') || *c == '\n');
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot__text_shows_a_letter_for_each_curve),
        cmocka_unit_test(test_plot__unicode_draws_a_finer_frame),
        cmocka_unit_test(test_plot__nan_is_a_gap),
        cmocka_unit_test(test_plot__nan_in_a_sparse_curve_is_bridged),
        cmocka_unit_test(test_plot__a_logarithmic_axis_leaves_step_0_out),
        cmocka_unit_test(test_plot__no_point_is_said_not_drawn),
        cmocka_unit_test(test_plot__text_keeps_to_its_width),
        cmocka_unit_test(test_plot__many_curves_share_the_letters),
        cmocka_unit_test(test_plot__a_steep_line_has_no_holes),
        cmocka_unit_test(test_plot__what_leaves_a_given_range_is_cut_off),
        cmocka_unit_test(test_plot__a_band_widens_the_range_and_has_gaps),
        cmocka_unit_test(test_plot__text_shows_hostile_labels_as_they_are),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
