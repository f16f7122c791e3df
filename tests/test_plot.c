/* Plots as files and as text: that they are whole, and show what is there. */
#include "harness.h"
#include "report/plot_span.h"
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

#define CURVE(k, v)                                                            \
    {                                                                          \
        .style = { .number = k }, .x = steps, .y = v, .n = COUNT_OF(steps)     \
    }
#define ENTRY(k, text)                                                         \
    {                                                                          \
        { .number = k }, text                                                  \
    }

static const char hostile[] = "a_b^{c} '\"`date`\\n\n$(id)<&%s@x#1\xff\033[31m";
static const char hostile_svg[] =
    "a_b^{c} '\"`date`\\n\\n$(id)&lt;&amp;%s@x#1\\xff\\x1b[31m";

static const char hostile_shown[] =
    "a_b^{c} '\"`date`\\n\\n$(id)<&%s@x#1\\xff\\x1b[31m";

static void test_plot_file__only_known_kinds_can_be_written(void **state)
{
    (void)state;
    static const char *const bad[] = { "x", "x.eps", ".svg", "x.svg.gz", "" };
    static const char *const good[] = { "a b/x.SVG", "x.png", "x.Pdf" };
    struct err e = { 0 };
    for (idx i = 0; i < COUNT_OF(good); i++)
        assert_int_equal(plot_file_check(good[i], &e), OK);
    for (idx i = 0; i < COUNT_OF(bad); i++) {
        e = (struct err){ 0 };
        assert_int_equal(plot_file_check(bad[i], &e), ERR_USAGE);
        assert_within(e.text, ".svg, .png or .pdf");
    }
}

static const struct plot_curve hostile_curves[] = {
    CURVE(0, rising),
    CURVE(1, broken),
    { .style = { .number = 2 } },
};
static const struct plot_panel hostile_panels[] = {
    { .title = hostile, .curves = hostile_curves, .n_curves = 3 },
    { .curves = hostile_curves + 1, .n_curves = 1 },
    { .title = "empty" },
};
static const struct plot_block hostile_blocks[] = {
    { .title = hostile,
      .y = { .label = hostile, .scale = 100, .lo = 0, .hi = 100 },
      .panels = hostile_panels,
      .n_panels = 1 },
    { .y = { .label = "loss" }, .panels = hostile_panels + 1, .n_panels = 1 },
    { .y = { .label = "empty" }, .panels = hostile_panels + 2, .n_panels = 1 },
};
static const struct plot_entry hostile_entries[] = { ENTRY(0, hostile),
                                                     ENTRY(1, "run-2 of 3"),
                                                     ENTRY(2, "") };
static const struct plot hostile_plot = { .x = { .label = "step" },
                                          .blocks = hostile_blocks,
                                          .n_blocks = 3,
                                          .across = 1,
                                          .legend = hostile_entries,
                                          .n_entries = 3,
                                          .caption = hostile };

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

/* A plot of one block and panel. */
struct single {
    struct plot_panel panel;
    struct plot_block block;
};

static struct plot plot_of(struct single *s, const char *y_label,
                           const struct plot_curve *curves, idx n)
{
    s->panel = (struct plot_panel){ .curves = curves, .n_curves = n };
    s->block = (struct plot_block){ .y = { .label = y_label },
                                    .panels = &s->panel,
                                    .n_panels = 1 };
    return (struct plot){ .x = { .label = "step" },
                          .blocks = &s->block,
                          .n_blocks = 1,
                          .across = 1 };
}

static char *svg_of(const struct plot *p)
{
    size_t n;
    const char *path = path_to("figure.svg", "");
    write_ok(p, path);
    return read_whole(path, &n);
}

/* Nothing that is 0 throughout is shown below 0, which no share can be. */
static void test_plot_span__of_zeros_begins_at_0(void **state)
{
    (void)state;
    const struct plot_curve curve = CURVE(0, flat);
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    struct span y = plot_y_span(&p, &s.block, plot_x_span(&p));
    assert_true(y.lo == 0 && y.hi == 1);
    p.blocks = &s.block;
    s.block.y.is_share = true; /* the whole that it is nothing of */
    s.block.y.scale = 100;
    y = plot_y_span(&p, &s.block, plot_x_span(&p));
    assert_true(y.lo == 0 && y.hi == 100);
}

static void test_plot_file__bands_bars_and_faint_lines_are_drawn(void **state)
{
    (void)state;
    static const double low[] = { -1, 0, 0.2, 0.8, 0.9 };
    static const double high[] = { 0.5, 1, 1.5, 2, 6 };
    struct plot_curve curves[] = { CURVE(0, rising), CURVE(1, rising),
                                   CURVE(0, flat), CURVE(3, rising) };
    struct single s;
    struct plot p = plot_of(&s, "y", curves, 4);
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
        curves[i].low = low;
        curves[i].high = high;
    }
    curves[2].style.ink = PLOT_FAINT;
    curves[3].form = PLOT_BOTH;
    curves[3].low = low;
    curves[3].high = high;
    char *svg = svg_of(&p);
    assert_int_equal(count_of(svg, "fill-opacity = '0.15"), 2);
    assert_within(svg, "rgb(196, 196, 196)");
    assert_within(svg, "rgb(204, 121, 167)");
    free(svg);
    for (idx i = 0; i < 2; i++) {
        curves[i].style.ink = PLOT_SCALE;
        curves[i].style.at = (double)i;
        curves[i].low = NULL;
    }
    svg = svg_of(&p);
    assert_within(svg, "rgb( 68,   1,  84)");
    assert_within(svg, "rgb(122, 209,  81)");
    free(svg);
}

/* No share is below 0, nor above 1, whatever mean and spread are. */
static void test_plot_file__bands_and_bars_end_where_a_share_does(void **state)
{
    (void)state;
    static const double share[] = { 0, 0.1, 0.5, 0.9, 1 };
    static const double below[] = { -1, -0.1, 0.4, 0.8, 0.9 };
    static const double above[] = { 0.1, 0.2, 0.6, 1.1, 2 };
    static const double low[] = { 0, 0, 0.4, 0.8, 0.9 };
    static const double high[] = { 0.1, 0.2, 0.6, 1, 1 };
    struct plot_curve curves[] = { CURVE(0, share), CURVE(1, share) };
    struct single s;
    struct plot p = plot_of(&s, "y", curves, 2);
    skip_without_gnuplot();
    curves[1].form = PLOT_BOTH;
    s.block.y.scale = 100;
    s.block.y.is_share = s.block.y.is_bounded = true;
    for (idx i = 0; i < 2; i++) {
        curves[i].low = below;
        curves[i].high = above;
    }
    char *svg = svg_of(&p);
    assert_true(plot_trims(&p));
    for (idx i = 0; i < 2; i++) {
        curves[i].low = low;
        curves[i].high = high;
    }
    assert_false(plot_trims(&p));
    char *cut = svg_of(&p);
    assert_string_equal(svg, cut);
    free(svg);
    free(cut);
}

/* The points of the band, the one polygon that is drawn of a plot. */
static void band_of(char points[512], const struct plot *p)
{
    char *svg = svg_of(p);
    const char *at = strstr(svg, "fill-opacity = '0.15");
    assert_non_null(at);
    snprintf(points, 512, "%.*s", (int)strcspn(at, "/"), at);
    free(svg);
}

/* Not from one point to the next, held at the edge there. */
static void test_plot_file__bands_are_cut_where_they_leave_the_range(void **s)
{
    (void)s;
    static const double y[] = { 1, 1, 1, 1, 1 }, low[] = { 0, 0, 0, 0, 0 };
    static const double x[] = { 0, 100, 150 }, high[] = { 1.5, 2.5, 1.5 };
    struct plot_curve curve = {
        .x = x, .y = y, .low = low, .high = high, .n = 3
    };
    char points[512], *at;
    double px[10], py[10];
    struct single one;
    struct plot p = plot_of(&one, "y", &curve, 1);
    skip_without_gnuplot();
    one.block.y.lo = 0;
    one.block.y.hi = 2;
    band_of(points, &p);
    at = strstr(points, "points = '") + strlen("points = '");
    for (idx i = 0; i < 10; i++, at++) { /* low to the right, high back */
        px[i] = strtod(at, &at);
        py[i] = strtod(at + 1, &at);
    }
    assert_string_equal(at, "'");
    /* at x = 0 low and high are 0 and 1.5; at 100 high is 2.5 */
    double a_unit = (py[0] - py[9]) / 1.5, peak = py[9] - a_unit;
    double share = (py[9] - py[8]) / (py[9] - peak);
    assert_true(py[8] < py[0] - 2 * a_unit && py[8] == py[7]);
    assert_close(px[8], px[9] + share * (px[7] - px[9]), 1e-3);
    assert_close(px[6], px[5] + share * (px[7] - px[5]), 1e-3);
}

/* Rates, from one that is doubled to counts that are many. */
static void test_plot_file__ticks_stand_at_what_was_measured(void **state)
{
    (void)state;
    static const double rates[] = { 4e-3, 8e-3, 1.6e-2, 3.2e-2, 6.4e-2 };
    double counts[60];
    const struct plot_curve curve = { .x = rates, .y = rising, .n = 5 };
    const struct plot_curve many = { .x = counts, .y = counts, .n = 60 };
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    p.x.places = rates;
    p.x.n_places = COUNT_OF(rates);
    for (int is_log = 0; is_log < 2; is_log++) {
        p.x.is_log = is_log;
        char *svg = svg_of(&p);
        assert_within(svg, ">0.004<");
        assert_within(svg, ">0.032<");
        assert_within(svg, ">0.064<");
        assert_null(strstr(svg, ">0.01<"));
        free(svg);
    }
    for (idx i = 0; i < COUNT_OF(counts); i++)
        counts[i] = 1e5 * (double)(i + 1);
    p = plot_of(&s, "y", &many, 1);
    p.x.is_counted = true;
    p.x.places = counts;
    p.x.n_places = COUNT_OF(counts);
    char *svg = svg_of(&p);
    assert_within(svg, ">0.1M<");
    assert_true(count_of(svg, "M<") < 30);
    free(svg);
}

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

/* In a picture, and in text where that has them, too. */
static void expect_exact(const struct plot *p, const char *const *want, idx n)
{
    char *svg = svg_of(p), *text = text_of(p, 120, false), word[32];
    for (idx i = 0; i < n; i++) {
        snprintf(word, sizeof word, ">%s<", want[i]);
        assert_within(svg, word);
        snprintf(word, sizeof word, " %s", want[i]);
        assert_within(text, word);
    }
    assert_null(strstr(svg, "e+0"));
    assert_null(strstr(text, "e+0"));
    free(svg);
    free(text);
}

static void test_plot__ticks_read_back_as_what_was_measured(void **state)
{
    (void)state;
    static const double near[] = { 12345, 12346, 20000, 40000 };
    static const double prime[] = { 65537, 123457, 1234567 };
    static const double run[] = { 20480, 30720, 40960 };
    static const double long_run[] = { 0, 5e5, 2e6 };
    static const double y[] = { 1, 2, 3, 4 };
    static const char *const exact[] = { "12345", "20000", "40000" };
    static const char *const all[] = { "65537", "123457", "1234567" };
    static const char *const thousands[] = { "22000", "30000", "40000" };
    static const char *const counts[] = { "65.537k", "123.457k" };
    static const char *const millions[] = { "0", "0.8M", "1M", "1.2M" };
    struct plot_curve curve = { .x = near, .y = y, .n = 4 };
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    p.x.places = near;
    p.x.n_places = COUNT_OF(near);
    expect_exact(&p, exact, COUNT_OF(exact));
    curve = (struct plot_curve){ .x = prime, .y = y, .n = 3 };
    p.x.places = prime;
    p.x.n_places = 3;
    p.x.is_log = true;
    expect_exact(&p, all, COUNT_OF(all));
    curve.n = p.x.n_places = 2;
    p.x.is_counted = true;
    expect_exact(&p, counts, COUNT_OF(counts));
    curve = (struct plot_curve){ .x = run, .y = y, .n = 3 };
    p.x.n_places = 0;
    expect_exact(&p, thousands, COUNT_OF(thousands));
    curve.x = long_run;
    p.x.is_log = false;
    expect_exact(&p, millions, COUNT_OF(millions));
}

static void test_plot_file__a_logarithmic_axis_has_round_numbers(void **state)
{
    (void)state;
    static const double wide[] = { 3e-3, 9e-2 }, narrow[] = { 6, 9 };
    static const double y[] = { 1, 2 };
    struct plot_curve curve = { .x = wide, .y = y, .n = 2 };
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    p.x.is_log = true;
    char *svg = svg_of(&p);
    assert_within(svg, ">0.005<");
    assert_within(svg, ">0.01<");
    assert_within(svg, ">0.02<");
    assert_null(strstr(svg, "0078"));
    free(svg);
    curve.x = narrow;
    svg = svg_of(&p);
    assert_within(svg, ">6.4<");
    assert_within(svg, ">8<");
    free(svg);
}

/* Where it stands last, behind gnuplot's own definitions; NULL. */
static const char *last_of(const char *text, const char *what)
{
    const char *last = NULL;
    for (; (text = strstr(text, what)); text++)
        last = text;
    return last;
}

/* No two styles have the same mark, nor the same dash: that is what a copy in
 * grey has left. */
static void test_plot_file__styles_differ_without_colour(void **state)
{
    (void)state;
    struct plot_curve curves[PLOT_STYLES];
    const char *seen[2][PLOT_STYLES];
    struct single s;
    skip_without_gnuplot();
    for (idx i = 0; i < PLOT_STYLES; i++) {
        static const char *const what[] = { "xlink:href='#gpPt",
                                            "stroke-dash" };
        curves[0] = (struct plot_curve)CURVE(i, rising);
        struct plot p = plot_of(&s, "y", curves, 1);
        char *svg = svg_of(&p);
        for (idx k = 0; k < 2; k++) {
            const char *at = last_of(svg, what[k]);
            seen[k][i] = at ? strndup(at, strcspn(at, " />")) : strdup("solid");
            for (idx j = 0; j < i; j++)
                assert_string_not_equal(seen[k][j], seen[k][i]);
        }
        free(svg);
    }
    for (idx i = 0; i < PLOT_STYLES; i++)
        for (idx k = 0; k < 2; k++)
            free((void *)(uintptr_t)seen[k][i]);
}

/* How far below the upper edge the first such text stands. */
static double depth_of(const char *svg, const char *text)
{
    double x, y = NAN;
    const char *at = strstr(svg, text), *last = NULL;
    assert_non_null(at);
    for (const char *k = svg; (k = strstr(k, "translate(")) && k < at; k++)
        last = k;
    assert_non_null(last);
    assert_int_equal(sscanf(last, "translate(%lf,%lf)", &x, &y), 2);
    return y;
}

static void test_plot_file__maps_begin_at_the_top(void **state)
{
    (void)state;
    static const double v[] = { 0.1, 0.2, 0.8, 0.9 };
    static const char *const heads[] = { "h0", "h1" };
    static const char *const layers[] = { "first", "second" };
    const struct plot_panel panel = { .map = { 2, 2, v } };
    const struct plot_block block = {
        .y = { .label = "layer", .words = layers, .n_words = 2 },
        .panels = &panel,
        .n_panels = 1
    };
    const struct plot p = {
        .x = { .label = "head", .words = heads, .n_words = 2 },
        .blocks = &block,
        .n_blocks = 1,
        .across = 1,
        .colours = { .label = "share, %", .scale = 100 }
    };
    skip_without_gnuplot();
    char *svg = svg_of(&p);
    assert_true(depth_of(svg, ">first<") < depth_of(svg, ">second<"));
    assert_true(depth_of(svg, ">20<") < depth_of(svg, ">80<"));
    free(svg);
}

static void test_plot_file__maps_show_numbers_and_ground(void **state)
{
    (void)state;
    static const double v[] = { 0, 0.5, 0.25, NAN, 0.128, 1 };
    static const char *const words[] = { "h0", "h1", "h2" };
    struct plot_panel panels[] = { { .title = "step 7", .map = { 2, 3, v } },
                                   { .title = "step 9", .map = { 2, 3, v } } };
    const struct plot_block block = {
        .y = { .label = "layer", .words = words, .n_words = 2 },
        .panels = panels,
        .n_panels = 2
    };
    struct plot p = { .x = { .label = "head", .words = words, .n_words = 3 },
                      .blocks = &block,
                      .n_blocks = 1,
                      .across = 2,
                      .colours = { .label = "share, %", .scale = 100 },
                      .caption = "eps = 0.3" };
    skip_without_gnuplot();
    char *svg = svg_of(&p);
    assert_int_equal(count_of(svg, ">50<"), 2);
    assert_int_equal(count_of(svg, ">13<"), 2); /* 12.8 */
    assert_null(strstr(svg, ">nan<"));
    assert_within(svg, ">h2<");
    assert_within(svg, ">share, %<");
    assert_within(svg, ">step 9<");
    assert_within(svg, ">eps = 0.3<");
    free(svg);
    panels[0].map.v = panels[1].map.v =
        (const double[]){ NAN, NAN, NAN, NAN, NAN, NAN };
    write_ok(&p, path_to("none.svg", ""));
}

/* Six steps are what maps of heads show side by side. */
static void test_plot_file__six_maps_of_four_heads_have_numbers(void **state)
{
    (void)state;
    enum { STEPS = 6 };
    static const double v[] = { 0, 0.5, 0.25, 0.128, 1, 0, 0, 0 };
    static const char *const words[] = { "0", "1", "2", "3" };
    struct plot_panel panels[STEPS];
    for (idx i = 0; i < STEPS; i++)
        panels[i] = (struct plot_panel){ .title = "step", .map = { 2, 4, v } };
    const struct plot_block block = {
        .y = { .label = "layer", .words = words, .n_words = 2 },
        .panels = panels,
        .n_panels = STEPS
    };
    const struct plot p = {
        .x = { .label = "head", .words = words, .n_words = 4 },
        .blocks = &block,
        .n_blocks = 1,
        .across = STEPS,
        .colours = { .label = "sinks on token 1, %", .scale = 100 }
    };
    skip_without_gnuplot();
    char *svg = svg_of(&p);
    assert_int_equal(count_of(svg, ">50<"), STEPS);
    assert_int_equal(count_of(svg, ">13<"), STEPS);
    free(svg);
}

/* Words are not broken, and all of them are there. */
static void test_plot_file__captions_are_broken_between_words(void **state)
{
    (void)state;
    char text[1200] = "";
    const struct plot_curve curve = CURVE(0, rising);
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    for (idx i = 0; i < 60; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "%sword-%02td",
                 i == 30 ? "\n"
                 : i > 0 ? " "
                         : "",
                 i);
    p.caption = text;
    char *svg = svg_of(&p);
    for (idx i = 0; i < 60; i++) {
        char word[32];
        snprintf(word, sizeof word, "word-%02td", i);
        assert_int_equal(count_of(svg, word), 1);
    }
    assert_within(svg, ">word-30");
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
    assert_in_range(png[22] << 8 | png[23], 3 * 250, 3 * 250 + 350);
    free(png);
}

/* The same bytes whenever it is made. */
static void test_plot_file__a_pdf_has_no_date(void **state)
{
    (void)state;
    const char *path = path_to("figure.pdf", "");
    size_t n;
    skip_without_gnuplot();
    write_ok(&hostile_plot, path);
    char *pdf = read_whole(path, &n);
    assert_int_equal(strncmp(pdf, "%PDF-", 5), 0);
    assert_non_null(memmem(pdf, n, "/CreationDate (D:20000101000000", 31));
    free(pdf);
}

static void test_plot_file__odd_plots_can_be_written(void **state)
{
    (void)state;
    const char *path = path_to("odd.svg", "");
    const struct plot_curve point = {
        .x = steps + 1, .y = flat, .n = 1, .form = PLOT_MARKS
    };
    struct single none, one;
    struct plot plots[] = { plot_of(&none, "", NULL, 0),
                            plot_of(&one, "y", &point, 1), hostile_plot };
    skip_without_gnuplot();
    for (idx i = 0; i < 2 * COUNT_OF(plots); i++) {
        struct plot *p = &plots[i / 2];
        p->x.is_log = i % 2 == 1;
        write_ok(p, path);
    }
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
    static const struct plot_curve curves[] = { CURVE(0, rising),
                                                CURVE(1, flat) };
    static const struct plot_entry entries[] = { ENTRY(0, "soft_max"),
                                                 ENTRY(1, "relu") };
    struct single s;
    struct plot p = plot_of(&s, "sink_1, percent", curves, 2);
    skip_without_gnuplot();
    p.legend = entries;
    p.n_entries = 2;
    s.block.y.scale = 100;
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
    static const struct plot_curve curves[] = { CURVE(0, rising),
                                                CURVE(1, rising),
                                                CURVE(2, rising) };
    struct single s;
    struct plot p = plot_of(&s, "sink_1, percent", curves, 3);
    skip_without_gnuplot();
    for (int is_given = 0; is_given < 2; is_given++) {
        s.block.y.hi = s.block.y.scale = is_given ? 100 : 0;
        char *text = text_of(&p, 60, false);
        assert_int_equal(marks_of(text, 'a'), 2);
        assert_int_equal(marks_of(text, 'b'), 2);
        assert_int_equal(marks_of(text, 'c'), 1);
        free(text);
    }
}

/* Where one point is all there is, one of two letters has no turn at all. */
static void test_plot__two_equal_points_are_drawn(void **state)
{
    (void)state;
    const struct plot_curve curves[] = {
        { .style = { .number = 0 }, .x = steps + 1, .y = flat, .n = 1 },
        { .style = { .number = 1 }, .x = steps + 1, .y = flat, .n = 1 },
    };
    struct single s;
    struct plot p = plot_of(&s, "y", curves, 2);
    skip_without_gnuplot();
    char *text = text_of(&p, 60, false);
    assert_int_equal(marks_of(text, 'a') + marks_of(text, 'b'), 1);
    free(text);
}

/* The line stops at a NAN: fewer dots than without. */
static void test_plot__nan_is_a_gap(void **state)
{
    (void)state;
    static const double whole[] = { 4, 3, 2.5, 2, 1.5 };
    const struct plot_curve curves[] = { CURVE(0, broken), CURVE(0, whole) };
    struct single s;
    idx dots[2];
    skip_without_gnuplot();
    for (idx i = 0; i < 2; i++) {
        struct plot p = plot_of(&s, "val_loss", &curves[i], 1);
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
    static const struct plot_curve curve = CURVE(0, rising);
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    char *linear = text_of(&p, 60, false);
    p.x.is_log = true;
    char *text = text_of(&p, 60, false);
    assert_int_equal(marks_of(linear, 'a'), 5);
    assert_int_equal(marks_of(text, 'a'), 4);
    assert_within(text, " 200\n");
    free(linear);
    free(text);
}

static void test_plot__a_short_logarithmic_axis_has_numbers(void **state)
{
    (void)state;
    static const double x[] = { 6, 9 }, y[] = { 1, 2 };
    const struct plot_curve curve = { .x = x, .y = y, .n = 2 };
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    p.x.is_log = true;
    char *text = text_of(&p, 60, false);
    assert_within(text, " 7 ");
    assert_within(text, " 8 ");
    free(text);
}

static void test_plot__no_point_is_said_not_drawn(void **state)
{
    (void)state;
    const double nowhere[] = { NAN, INFINITY, -INFINITY, 1e300, NAN };
    const struct plot_curve curves[] = { CURVE(0, nowhere),
                                         { .style = { .number = 1 } } };
    static const struct plot_entry entries[] = { ENTRY(0, "nan"),
                                                 ENTRY(1, "none") };
    struct single s;
    struct plot p = plot_of(&s, "val_loss", curves, 2);
    p.legend = entries;
    p.n_entries = 2;
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
    const struct plot_curve curves[] = { CURVE(0, large), CURVE(1, rising),
                                         CURVE(2, rising) };
    const struct plot_entry entries[] = { ENTRY(0, name),
                                          ENTRY(1, "caf\xc3\xa9"),
                                          ENTRY(2, hostile) };
    struct single s;
    struct plot p = plot_of(&s, name, curves, 3);
    p.legend = entries;
    p.n_entries = 3;
    p.x.label = name;
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
    struct plot_curve curves[MANY] = { 0 };
    struct plot_entry entries[MANY];
    struct single s;
    struct plot p = plot_of(&s, "y", curves, MANY);
    p.legend = entries;
    p.n_entries = MANY;
    skip_without_gnuplot();
    for (idx i = 0; i < MANY; i++) {
        curves[i] = (struct plot_curve)CURVE(i, rising);
        entries[i] = (struct plot_entry)ENTRY(i, "same");
    }
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
    const struct plot_curve curve = CURVE(0, beyond);
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    s.block.y.hi = 1;
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
    const struct plot_curve curve = { .x = x, .y = y, .n = POINTS };
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    size_t n;
    skip_without_gnuplot();
    for (idx i = 0; i < POINTS; i++) {
        x[i] = (double)i;
        y[i] = (double)(i * i);
    }
    write_ok(&p, path);
    char *svg = read_whole(path, &n);
    assert_int_equal(count_of(svg, "xlink:href='#gpPt6'"), POINTS);
    free(svg);
}

/* ---- axes -------------------------------------------------------------- */

/* The numbers of an axis: those of these in the text. */
static void expect_ticks(const struct plot *p, const char *there,
                         const char *not_there)
{
    char *svg = svg_of(p), word[32];
    snprintf(word, sizeof word, ">%s<", there);
    assert_within(svg, word);
    snprintf(word, sizeof word, ">%s<", not_there);
    assert_null(strstr(svg, word));
    free(svg);
}

/* A share of 12 % fills the picture; one of 97 % does not begin at 0. */
static void test_plot_axes__they_fit_the_data(void **state)
{
    (void)state;
    static const double low[] = { 0, 0.02, 0.118, 0.11, 0.1 };
    static const double high[] = { 0.971, 0.972, 0.975, 0.98, 0.981 };
    const struct plot_curve curves[] = { CURVE(0, low), CURVE(0, high) };
    struct single s;
    skip_without_gnuplot();
    struct plot p = plot_of(&s, "y", &curves[0], 1);
    s.block.y.scale = 100;
    expect_ticks(&p, "12", "20");
    p = plot_of(&s, "y", &curves[1], 1);
    s.block.y.scale = 100;
    expect_ticks(&p, "97.5", "90");
    s.block.y.lo = 50; /* asked for */
    s.block.y.hi = 100;
    expect_ticks(&p, "70", "97.5");
}

static void test_plot_axes__a_fall_may_leave_the_picture(void **state)
{
    (void)state;
    enum { N = 100 };
    double x[N], y[N];
    const struct plot_curve curve = { .x = x, .y = y, .n = N };
    struct single s;
    struct plot p = plot_of(&s, "loss", &curve, 1);
    skip_without_gnuplot();
    for (idx i = 0; i < N; i++) {
        x[i] = (double)i;
        y[i] = 1.4 + 4.1 * exp(-(double)i / 5);
    }
    assert_false(plot_cuts(&p, &s.block));
    expect_ticks(&p, "5", "1.41");
    s.block.y.may_cut = true;
    assert_true(plot_cuts(&p, &s.block));
    expect_ticks(&p, "1.45", "5");
    s.block.y.lo = 1;
    s.block.y.hi = 6;
    assert_false(plot_cuts(&p, &s.block));
    p.x.is_log = true; /* where the fall takes the axis */
    s.block.y.hi = 0;
    assert_false(plot_cuts(&p, &s.block));
}

static void test_plot_axes__large_numbers_have_prefixes(void **state)
{
    (void)state;
    static const double tokens[] = { 0, 5e5, 1e6, 1.5e6, 2e6 };
    struct plot_curve curve = CURVE(0, rising);
    struct single s;
    struct plot p = plot_of(&s, "y", &curve, 1);
    skip_without_gnuplot();
    p.x.is_counted = true;
    expect_ticks(&p, "400", "0.4k");
    curve.x = tokens;
    expect_ticks(&p, "1.6M", "1600000");
    expect_ticks(&p, "1M", "0M");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plot_file__only_known_kinds_can_be_written),
        cmocka_unit_test(test_plot_span__of_zeros_begins_at_0),
        cmocka_unit_test(test_plot_file__bands_bars_and_faint_lines_are_drawn),
        cmocka_unit_test(test_plot_file__bands_and_bars_end_where_a_share_does),
        cmocka_unit_test(
            test_plot_file__bands_are_cut_where_they_leave_the_range),
        cmocka_unit_test(test_plot_file__ticks_stand_at_what_was_measured),
        cmocka_unit_test(test_plot__ticks_read_back_as_what_was_measured),
        cmocka_unit_test(test_plot_file__a_logarithmic_axis_has_round_numbers),
        cmocka_unit_test(test_plot_file__styles_differ_without_colour),
        cmocka_unit_test(test_plot_file__maps_show_numbers_and_ground),
        cmocka_unit_test(test_plot_file__six_maps_of_four_heads_have_numbers),
        cmocka_unit_test(test_plot_file__maps_begin_at_the_top),
        cmocka_unit_test(test_plot_file__captions_are_broken_between_words),
        cmocka_unit_test(test_plot_file__a_pdf_has_no_date),
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
        cmocka_unit_test(test_plot__two_equal_points_are_drawn),
        cmocka_unit_test(test_plot__nan_is_a_gap),
        cmocka_unit_test(test_plot__a_logarithmic_axis_leaves_step_0_out),
        cmocka_unit_test(test_plot__a_short_logarithmic_axis_has_numbers),
        cmocka_unit_test(test_plot__no_point_is_said_not_drawn),
        cmocka_unit_test(test_plot__text_keeps_to_its_width),
        cmocka_unit_test(test_plot__text_names_all_curves),
        cmocka_unit_test(test_plot__a_given_range_is_kept),
        cmocka_unit_test(test_plot__few_points_are_all_marked),
        cmocka_unit_test(test_plot_axes__they_fit_the_data),
        cmocka_unit_test(test_plot_axes__a_fall_may_leave_the_picture),
        cmocka_unit_test(test_plot_axes__large_numbers_have_prefixes),
    };
    return cmocka_run_group_tests_name("plot", tests, NULL, NULL);
}
