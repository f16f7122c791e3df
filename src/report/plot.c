#include "report/plot.h"

#include "base/utf8.h"
#include "io/fsys.h"
#include "report/gnuplot.h"
#include "report/plot_axis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Pixels; what is asked of gnuplot is given in fractions of the picture. */
enum {
    WIDTH = 900,
    PANEL_HEIGHT = 300,
    LEFT = 84,    /* y tick numbers and label */
    RIGHT = 24,   /* half of the last x tick number */
    TOP = 14,     /* of each panel */
    BOTTOM = 34,  /* of each panel: x tick numbers */
    X_LABEL = 28, /* below the last panel */
    LEGEND_ROW = 20,
    LEGEND_LINE = 36, /* the stroke beside a label */
    CHARACTER = 8,    /* widest usual character of the 12-pixel font */
    MARK_SPACING = 48,
    MARK_PHASE = 13, /* so that curves that coincide show both marks */
    LABEL_COLUMNS = 96,
    Y_LABEL_COLUMNS = 34, /* what stands upright beside a panel */
    LABEL_BYTES = 8 * LABEL_COLUMNS,
};

/* Okabe and Ito's colours, told apart with every kind of colour vision, less
 * the yellow, which is too faint on white. */
static const char *const colours[] = { "#0072b2", "#d55e00", "#009e73",
                                       "#cc79a7", "#000000", "#56b4e9",
                                       "#e69f00" };
/* gnuplot's numbers: circle, triangle, square, rhomb, cross, hollow ones */
static const int marks[] = { 7, 9, 5, 13, 2, 6, 8, 4, 12 };
enum { DASHES = 5 };

/* The colours of curves in order: dark blue over green to the last one that is
 * strong enough on white (anchors of the viridis scale). */
static const unsigned char scale[][3] = { { 0x44, 0x01, 0x54 },
                                          { 0x41, 0x44, 0x87 },
                                          { 0x2a, 0x78, 0x8e },
                                          { 0x22, 0xa8, 0x84 },
                                          { 0x7a, 0xd1, 0x51 } };

static void print_colour(FILE *s, const struct plot *p, idx curve)
{
    if (!plot_is_crowded(p)) {
        fprintf(s, "lc rgb '%s'", colours[curve % COUNT_OF(colours)]);
        return;
    }
    double at = (double)curve / (double)(plot_legend_count(p) - 1) *
                (double)(COUNT_OF(scale) - 1);
    idx from = idx_min((idx)at, COUNT_OF(scale) - 2);
    fputs("lc rgb '#", s);
    for (idx c = 0; c < 3; c++)
        fprintf(
            s, "%02x",
            (int)(scale[from][c] +
                  (at - (double)from) * (scale[from + 1][c] - scale[from][c])));
    fputc('\'', s);
}

/* Colours, marks and dashes have no common divisor: no two of 315 curves look
 * alike, and a dashed line over a solid one leaves both to be seen. Where the
 * curves are too many for that, their order is all that can be told. */
static void print_line_style(FILE *s, const struct plot *p, idx curve)
{
    bool is_crowded = plot_is_crowded(p);
    fprintf(s, "lines lw %s dt %td ", is_crowded ? "1.5" : "2",
            is_crowded ? 1 : curve % DASHES + 1);
    print_colour(s, p, curve);
}

static void print_mark_style(FILE *s, const struct plot *p, idx curve)
{
    fprintf(s, "points ps 0.8 lw 1.5 pt %d ", marks[curve % COUNT_OF(marks)]);
    print_colour(s, p, curve);
}

static void print_label(FILE *s, const char *text, idx columns)
{
    char shown[LABEL_BYTES];
    utf8_show(shown, sizeof shown, text, columns, true);
    gnuplot_quote(s, shown);
}

/* The points of a curve as a data block; a blank line is a gap. */
static void print_line_data(FILE *s, const struct plot *p, idx panel, idx curve)
{
    const struct plot_panel *q = &p->panels[panel];
    const struct plot_curve *c = &q->curves[curve];
    fprintf(s, "$line_%td_%td << EOD\n", panel, curve);
    for (idx i = 0; i < c->n; i++) {
        double x, y;
        if (plot_point(&x, &y, p, q, c, i))
            fprintf(s, "%.12g %.9g\n", x, y);
        else if (!c->is_sparse)
            fputc('\n', s);
    }
    fputs("EOD\n", s);
}

/* The band of a curve: x, low, high. */
static void print_band_data(FILE *s, const struct plot *p, idx panel, idx curve)
{
    const struct plot_panel *q = &p->panels[panel];
    const struct plot_curve *c = &q->curves[curve];
    fprintf(s, "$band_%td_%td << EOD\n", panel, curve);
    for (idx i = 0; i < c->n; i++) {
        double x, low, high;
        if (plot_band(&x, &low, &high, p, q, c, i))
            fprintf(s, "%.12g %.9g %.9g\n", x, low, high);
        else if (!c->is_sparse)
            fputc('\n', s);
    }
    fputs("EOD\n", s);
}

/* The points that carry a mark: one each MARK_SPACING pixels, and those that
 * stand alone between gaps, which a line would not show. */
static void print_mark_data(FILE *s, const struct plot *p, idx panel, idx curve,
                            const struct plot_axis *axis)
{
    const struct plot_panel *q = &p->panels[panel];
    const struct plot_curve *c = &q->curves[curve];
    double last = -INFINITY;
    fprintf(s, "$mark_%td_%td << EOD\n", panel, curve);
    for (idx i = 0; i < c->n; i++) {
        double x, y, u, v;
        if (!plot_point(&x, &y, p, q, c, i))
            continue;
        bool has_before = i > 0 && plot_point(&u, &v, p, q, c, i - 1);
        bool has_after = i + 1 < c->n && plot_point(&u, &v, p, q, c, i + 1);
        double pixel = plot_axis_place(axis, x) * (WIDTH - LEFT - RIGHT);
        double cell =
            floor((pixel + (double)(curve * MARK_PHASE)) / MARK_SPACING);
        bool is_alone = !has_before && !has_after && !c->is_sparse;
        if (cell != last || is_alone)
            fprintf(s, "%.12g %.9g\n", x, y);
        last = cell;
    }
    fputs("EOD\n", s);
}

static void print_tics(FILE *s, char which, const struct plot_axis *a)
{
    struct plot_tick ticks[PLOT_TICKS_MAX];
    idx n = plot_axis_ticks(ticks, a);
    fprintf(s, "set %ctics nomirror (", which);
    for (idx i = 0; i < n; i++)
        fprintf(s, "%s\"%s\" %.12g", i > 0 ? ", " : "", ticks[i].text,
                ticks[i].at);
    fputs(")\n", s);
}

/* A little room, so that no curve runs on the frame. */
static void print_range(FILE *s, char which, const struct plot_axis *a)
{
    double room = 0.02 * (a->hi - a->lo), factor = pow(a->hi / a->lo, 0.02);
    double lo = a->is_log ? a->lo / factor : a->lo - room;
    double hi = a->is_log ? a->hi * factor : a->hi + room;
    fprintf(s, "set %crange [%.12g:%.12g]\n", which, lo, hi);
}

/* Margins in fractions of the picture, from pixels counted from the top. */
static void print_margins(FILE *s, double height, double left, double right,
                          double top, double bottom)
{
    fprintf(s,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            left / WIDTH, right / WIDTH, 1 - top / height, 1 - bottom / height);
}

/* Bands first, so that none hides a line. */
static void print_curves(FILE *s, const struct plot *p, idx panel,
                         const struct plot_axis *x)
{
    const struct plot_panel *q = &p->panels[panel];
    for (idx c = 0; c < q->n_curves; c++) {
        print_line_data(s, p, panel, c);
        print_mark_data(s, p, panel, c, x);
        if (q->curves[c].low)
            print_band_data(s, p, panel, c);
    }
    fputs("plot NaN notitle", s); /* a plot of nothing else is no error */
    for (idx c = 0; c < q->n_curves; c++) {
        if (q->curves[c].n == 0 || !q->curves[c].low)
            continue;
        fprintf(s,
                ", $band_%td_%td with filledcurves fs transparent solid 0.15 "
                "noborder ",
                panel, c);
        print_colour(s, p, c);
        fputs(" notitle", s);
    }
    for (idx c = 0; c < q->n_curves; c++) {
        if (q->curves[c].n == 0)
            continue;
        fprintf(s, ", $line_%td_%td with ", panel, c);
        print_line_style(s, p, c);
        fputs(" notitle", s);
        if (plot_is_crowded(p))
            continue;
        fprintf(s, ", $mark_%td_%td with ", panel, c);
        print_mark_style(s, p, c);
        fputs(" notitle", s);
    }
}

static void print_panel(FILE *s, const struct plot *p, idx panel, double height,
                        const struct plot_axis *x)
{
    const struct plot_panel *q = &p->panels[panel];
    struct plot_axis y = plot_y_axis(p, q);
    double top = (double)(panel * PANEL_HEIGHT);
    print_margins(s, height, LEFT, WIDTH - RIGHT, top + TOP,
                  top + PANEL_HEIGHT - BOTTOM);
    print_tics(s, 'y', &y);
    print_range(s, 'y', &y);
    fputs("set ylabel ", s);
    print_label(s, q->y_label, Y_LABEL_COLUMNS);
    fputs(" noenhanced\nset xlabel ", s);
    print_label(s, panel == p->n_panels - 1 ? p->x_label : "", LABEL_COLUMNS);
    fputs(" noenhanced\n", s);
    if (!y.has_data)
        fputs("set label 1 'no data' at graph 0.5, graph 0.5 center\n", s);
    print_curves(s, p, panel, x);
    fputs("\nunset label 1\n", s);
}

/* How the legend is laid out: entries side by side, rows. */
struct legend {
    idx n, across, rows;
};

/* The curve that entry i names. */
static idx legend_curve(const struct plot *p, struct legend g, idx i)
{
    idx last = plot_legend_count(p) - 1;
    return g.n > 1 ? (i * last + (g.n - 1) / 2) / (g.n - 1) : 0;
}

static struct legend legend_plan(const struct plot *p)
{
    struct legend g = { .n = plot_legend_count(p), .across = 1 };
    if (plot_is_crowded(p))
        g.n = p->named_max;
    idx widest = 1;
    for (idx i = 0; i < g.n; i++) {
        char shown[LABEL_BYTES];
        const char *label = plot_legend_label(p, legend_curve(p, g, i));
        widest = idx_max(
            widest, utf8_show(shown, sizeof shown, label, LABEL_COLUMNS, true));
    }
    g.across = (WIDTH - LEFT) / (LEGEND_LINE + (widest + 3) * CHARACTER);
    g.across = idx_max(1, idx_min(g.across, g.n));
    g.rows = idx_ceil_div(g.n, g.across) + (p->note != NULL);
    return g;
}

static void print_legend_text(FILE *s, const char *text, idx x, idx y)
{
    fputs("set label ", s);
    print_label(s, text, LABEL_COLUMNS);
    fprintf(s, " at %td, %td left noenhanced\n", x, y);
}

/* The legend is a panel of its own, measured in pixels, so that it can neither
 * hide a curve nor run out of the picture. */
static void print_legend(FILE *s, const struct plot *p, struct legend g,
                         double height, double top)
{
    idx entry = (WIDTH - LEFT) / g.across;
    print_margins(s, height, 0, WIDTH, top, height);
    fprintf(s,
            "unset border\nunset tics\nunset grid\nunset xlabel\n"
            "unset ylabel\nunset logscale\nset xrange [0:%d]\n"
            "set yrange [%g:0]\n",
            WIDTH, height - top);
    for (idx i = 0; i < g.n; i++) {
        idx left = LEFT + i % g.across * entry;
        idx y = i / g.across * LEGEND_ROW + LEGEND_ROW / 2;
        fprintf(s, "$line_%td << EOD\n%td %td\n%td %td\nEOD\n", i, left, y,
                left + LEGEND_LINE, y);
        fprintf(s, "$mark_%td << EOD\n%td %td\nEOD\n", i,
                left + LEGEND_LINE / 2, y);
        print_legend_text(s, plot_legend_label(p, legend_curve(p, g, i)),
                          left + LEGEND_LINE + CHARACTER, y);
    }
    if (p->note)
        print_legend_text(s, p->note, LEFT,
                          (g.rows - 1) * LEGEND_ROW + LEGEND_ROW / 2);
    fputs("plot NaN notitle", s);
    for (idx i = 0; i < g.n; i++) {
        fprintf(s, ", $line_%td with ", i);
        print_line_style(s, p, legend_curve(p, g, i));
        fputs(" notitle", s);
        if (plot_is_crowded(p))
            continue;
        fprintf(s, ", $mark_%td with ", i);
        print_mark_style(s, p, i);
        fputs(" notitle", s);
    }
    fputc('\n', s);
}

static void print_script(FILE *s, const struct plot *p, bool is_svg)
{
    struct legend g = legend_plan(p);
    struct plot_axis x = plot_x_axis(p);
    idx top = p->n_panels * PANEL_HEIGHT + X_LABEL;
    idx height = top + g.rows * LEGEND_ROW + LEGEND_ROW / 2;
    fputs("set encoding utf8\n", s);
    if (is_svg)
        fprintf(s,
                "set terminal svg size %d,%td fixed noenhanced "
                "font 'sans-serif,12' background '#ffffff'\n",
                WIDTH, height);
    else /* some builds of gnuplot have only the older PNG driver */
        fprintf(s,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
                "set terminal pngcairo size %d,%td noenhanced "
                "font 'Sans,9' dl 0.6 background '#ffffff'\n} else {\n"
                "set terminal png size %d,%td noenhanced\n}\n",
                WIDTH, height, WIDTH, height);
    fputs("set multiplot\nset border 3\nunset key\n"
          "set grid lc rgb '#dddddd' lt 1 lw 1\n",
          s);
    if (x.is_log)
        fputs("set logscale x\n", s);
    print_tics(s, 'x', &x);
    print_range(s, 'x', &x);
    for (idx i = 0; i < p->n_panels; i++)
        print_panel(s, p, i, (double)height, &x);
    if (g.rows > 0)
        print_legend(s, p, g, (double)height, (double)top);
    fputs("unset multiplot\n", s);
}

static bool ends_with(const char *path, const char *ending)
{
    size_t n = strlen(path), k = strlen(ending);
    return n > k && strcasecmp(path + n - k, ending) == 0;
}

int plot_file_check(const char *path, struct err *e)
{
    if (ends_with(path, ".svg") || ends_with(path, ".png"))
        return OK;
    return err_set(e, ERR_USAGE, "%s: a figure's name must end in .svg or .png",
                   path);
}

int plot_write(const struct plot *p, const char *path, struct err *e)
{
    char *picture = NULL;
    size_t n = 0;
    FILE *script = NULL;
    int rc = plot_file_check(path, e);
    if (rc != OK)
        return rc;
    script = tmpfile();
    if (!script)
        return err_set(e, ERR_IO, "cannot make a temporary file: %s",
                       strerror(errno));
    print_script(script, p, ends_with(path, ".svg"));
    rc = gnuplot_run(&picture, &n, script, e);
    fclose(script);
    if (rc == OK)
        rc = fsys_replace(path, picture, n, e);
    free(picture);
    return rc;
}
