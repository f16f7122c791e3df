#include "report/plot.h"

#include "base/utf8.h"
#include "io/fsys.h"
#include "report/gnuplot.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Where what stands, in pixels or in columns and lines of text; gnuplot is
 * given fractions of the whole. */
struct look {
    bool is_text, unicode;
    idx width;
    idx panel_height;
    idx left, right; /* y tick numbers and label; half of the last x number */
    idx top, bottom; /* of each panel: what it shows; x tick numbers */
    idx x_label;     /* below the last panel */
    idx legend_row, legend_line; /* the stroke (or letter) beside a label */
    idx character;               /* widest usual one */
    idx mark_spacing;            /* of marks on a curve of many points, */
    idx mark_phase;              /* so that curves that coincide show both */
    idx marked_max;              /* points of a curve that all get a mark */
    double room; /* beyond the curves, so that none runs on the frame */
};

static const struct look picture = {
    .unicode = true,
    .width = 900,
    .panel_height = 300,
    .left = 84,
    .right = 24,
    .top = 14,
    .bottom = 34,
    .x_label = 28,
    .legend_row = 20,
    .legend_line = 36,
    .character = 8, /* of the 12-pixel font */
    .mark_spacing = 48,
    .mark_phase = 13,
    .marked_max = 50,
    .room = 0.02,
};

static const struct look letters = {
    .is_text = true,
    .panel_height = 17,
    .left = 9,
    .right = 3,
    .top = 2,
    .bottom = 2,
    .x_label = 1,
    .legend_row = 1,
    .legend_line = 2,
    .character = 1,
    .mark_spacing = 4,
    .mark_phase = 1,
    .marked_max = 20,
    .room = 0.06,
};

enum {
    TEXT_WIDTH_MIN = 40,
    TEXT_WIDTH_MAX = 400,
    LABEL_COLUMNS = 96,
    Y_LABEL_COLUMNS = 34, /* what stands upright beside a panel */
    LABEL_BYTES = 8 * TEXT_WIDTH_MAX,
};

/* Beyond this the sums and squares of axis arithmetic would overflow. */
static const double DRAWABLE_MAX = 1e150;

/* What is being drawn. */
struct drawing {
    FILE *s; /* gnuplot's script */
    const struct plot *p;
    struct look look;
    double lo, hi; /* of the x axis; > 0 if logarithmic */
    idx n_curves;
    bool is_crowded; /* too many for a legend that names all */
};

/* ---- points ------------------------------------------------------------ */

static bool is_drawable(double v)
{
    return fabs(v) < DRAWABLE_MAX;
}

/* Point i of a curve, y scaled; false where it is a gap. */
static bool point_at(double *x, double *y, const struct plot *p,
                     const struct plot_panel *q, const struct plot_curve *c,
                     idx i)
{
    *x = c->x[i];
    *y = c->y[i] * (q->scale != 0 ? q->scale : 1);
    return is_drawable(*x) && is_drawable(*y) && (!p->log_x || *x > 0);
}

/* Widen [lo, hi] by the steps of a panel; false if it shows no point. */
static bool extend(double *lo, double *hi, const struct plot *p,
                   const struct plot_panel *q)
{
    bool has_data = false;
    for (idx c = 0; c < q->n_curves; c++)
        for (idx i = 0; i < q->curves[c].n; i++) {
            double x, y;
            if (!point_at(&x, &y, p, q, &q->curves[c], i))
                continue;
            has_data = true;
            *lo = fmin(*lo, x);
            *hi = fmax(*hi, x);
        }
    return has_data;
}

/* All panels share the x axis. */
static void find_range(struct drawing *d)
{
    bool has_data = false;
    d->lo = INFINITY;
    d->hi = -INFINITY;
    for (idx i = 0; i < d->p->n_panels; i++)
        has_data = extend(&d->lo, &d->hi, d->p, &d->p->panels[i]) || has_data;
    if (!has_data) {
        d->lo = 1;
        d->hi = 10;
    } else if (d->p->log_x && d->hi < d->lo * 1.001) {
        d->lo /= 2;
        d->hi *= 2;
    } else if (!d->p->log_x && d->hi - d->lo <= 1e-9 * fabs(d->hi)) {
        double room = d->lo != 0 ? fabs(d->lo) / 10 : 1;
        d->lo -= room;
        d->hi += room;
    }
}

/* Place of x on its axis, 0 at lo, 1 at hi. */
static double place_of(const struct drawing *d, double x)
{
    return d->p->log_x ? log(x / d->lo) / log(d->hi / d->lo)
                       : (x - d->lo) / (d->hi - d->lo);
}

/* ---- styles ------------------------------------------------------------ */

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

static void print_colour(const struct drawing *d, idx curve)
{
    if (!d->is_crowded) {
        fprintf(d->s, "lc rgb '%s'", colours[curve % COUNT_OF(colours)]);
        return;
    }
    double at = (double)curve / (double)(d->n_curves - 1) *
                (double)(COUNT_OF(scale) - 1);
    idx from = idx_min((idx)at, COUNT_OF(scale) - 2);
    fputs("lc rgb '#", d->s);
    for (idx c = 0; c < 3; c++)
        fprintf(
            d->s, "%02x",
            (int)(scale[from][c] +
                  (at - (double)from) * (scale[from + 1][c] - scale[from][c])));
    fputc('\'', d->s);
}

static char letter_of(idx curve)
{
    static const char all[] = "abcdefghijklmnopqrstuvwxyz"
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    return all[curve % (COUNT_OF(all) - 1)];
}

/* Colours, marks and dashes have no common divisor: no two of 315 curves look
 * alike, and a dashed line over a solid one leaves both to be seen. Where the
 * curves are too many for that, their order is all that can be told. */
static void print_line_style(const struct drawing *d, idx curve)
{
    if (d->look.is_text) {
        fputs("lines lt 0", d->s);
        return;
    }
    fprintf(d->s, "lines lw %s dt %td ", d->is_crowded ? "1.5" : "2",
            d->is_crowded ? 1 : curve % DASHES + 1);
    print_colour(d, curve);
}

static void print_mark_style(const struct drawing *d, idx curve)
{
    if (d->look.is_text) {
        fprintf(d->s, "points pt \"%c\"", letter_of(curve));
        return;
    }
    fprintf(d->s, "points ps 0.8 lw 1.5 pt %d ",
            marks[curve % COUNT_OF(marks)]);
    print_colour(d, curve);
}

/* `set WHAT "text" WHERE` */
static void set_text(const struct drawing *d, const char *what,
                     const char *text, idx columns, const char *where)
{
    char shown[LABEL_BYTES];
    utf8_show(shown, sizeof shown, text, columns, d->look.unicode);
    fprintf(d->s, "set %s ", what);
    gnuplot_quote(d->s, shown);
    fprintf(d->s, " noenhanced %s\n", where);
}

/* ---- panels ------------------------------------------------------------ */

/* An end of the band at a point that is drawn, scaled and within a range that
 * was asked for; NAN is a gap. */
static double band_end(const struct plot_panel *q, const double *ends, idx i)
{
    double v = ends ? ends[i] * (q->scale != 0 ? q->scale : 1) : NAN;
    if (!is_drawable(v))
        return NAN;
    return q->y_min < q->y_max ? fmin(fmax(v, q->y_min), q->y_max) : v;
}

/* Does point i carry a mark? All do if they are few, else about one each
 * mark_spacing, and those that stand alone between gaps, which a line would not
 * show. */
static bool has_mark(const struct drawing *d, const struct plot_panel *q,
                     idx curve, idx i, double x, double *last)
{
    const struct look *k = &d->look;
    const struct plot_curve *c = &q->curves[curve];
    double u, v, room = (double)(k->width - k->left - k->right);
    double cell =
        floor((place_of(d, x) * room + (double)(curve * k->mark_phase)) /
              (double)k->mark_spacing);
    bool is_new = cell != *last;
    *last = cell;
    return c->n <= k->marked_max || is_new ||
           ((i == 0 || !point_at(&u, &v, d->p, q, c, i - 1)) &&
            (i + 1 == c->n || !point_at(&u, &v, d->p, q, c, i + 1)));
}

/* The place of a letter, in columns and lines of its panel, about as gnuplot
 * rounds; false where there is none. */
static bool letter_at(idx place[2], const struct drawing *d,
                      const struct plot_panel *q, idx curve, idx i,
                      const double y_range[2])
{
    const struct look *k = &d->look;
    double x, y, height = y_range[1] - y_range[0];
    if (!point_at(&x, &y, d->p, q, &q->curves[curve], i))
        return false;
    double u = place_of(d, x) * (double)(k->width - k->left - k->right - 1);
    double v = height > 0 ? (y - y_range[0]) / height *
                                (double)(k->panel_height - k->top - k->bottom)
                          : 0;
    place[0] = (idx)floor(u + 0.5);
    place[1] = (idx)floor(fmin(fmax(v, -1e3), 1e3) + 0.5);
    return true;
}

/* The panel's, as they are drawn. */
static void find_y_range(double range[2], const struct drawing *d,
                         const struct plot_panel *q)
{
    double x, y, lo = INFINITY, hi = -INFINITY;
    for (idx c = 0; c < q->n_curves; c++)
        for (idx i = 0; i < q->curves[c].n; i++)
            if (point_at(&x, &y, d->p, q, &q->curves[c], i)) {
                lo = fmin(lo, y);
                hi = fmax(hi, y);
            }
    bool is_given = q->y_min < q->y_max;
    range[0] = is_given ? q->y_min : lo;
    range[1] = is_given ? q->y_max : hi;
    double room = d->look.room * (range[1] - range[0]);
    range[0] -= room;
    range[1] += room;
}

/* Where letters of several curves would stand in one place, they take turns
 * from point to point, so that each of two equal curves is seen. Curves of many
 * points have marks at places of their own: has_mark. */
static bool has_turn(const struct drawing *d, const struct plot_panel *q,
                     idx curve, idx i, const double y_range[2])
{
    idx here[2], there[2], rank = 0, n = 0, first = 0;
    if (!letter_at(here, d, q, curve, i, y_range))
        return false;
    for (idx c = 0; c < q->n_curves; c++) {
        idx j = 0, points = q->curves[c].n;
        if (points > d->look.marked_max)
            continue;
        while (j < points && !(letter_at(there, d, q, c, j, y_range) &&
                               there[0] == here[0] && there[1] == here[1]))
            j++;
        if (j == points)
            continue;
        first = n == 0 ? j : first;
        rank += c < curve;
        n++;
    }
    return n == 0 || first % n == rank;
}

/* A curve as a data block: x, y, low, high, y of a mark or nan; a blank line is
 * a gap. */
static void print_data(const struct drawing *d, idx panel, idx curve)
{
    const struct plot_panel *q = &d->p->panels[panel];
    const struct plot_curve *c = &q->curves[curve];
    double x, y, y_range[2], last = -INFINITY;
    bool takes_turns = d->look.is_text && c->n <= d->look.marked_max;
    find_y_range(y_range, d, q);
    fprintf(d->s, "$data_%td_%td << EOD\n", panel, curve);
    for (idx i = 0; i < c->n; i++) {
        if (!point_at(&x, &y, d->p, q, c, i)) {
            fputc('\n', d->s);
            continue;
        }
        double low = band_end(q, c->low, i), high = band_end(q, c->high, i);
        bool is_marked = has_mark(d, q, curve, i, x, &last) &&
                         (!takes_turns || has_turn(d, q, curve, i, y_range));
        fprintf(d->s, "%.12g %.9g %.9g %.9g %.9g\n", x, y,
                isnan(high) ? NAN : low, isnan(low) ? NAN : high,
                is_marked ? y : NAN);
    }
    fputs("EOD\n", d->s);
}

/* Margins in fractions of the whole, counted from the top left. */
static void print_margins(const struct drawing *d, idx height, idx left,
                          idx right, idx top, idx bottom)
{
    double w = (double)d->look.width, h = (double)height;
    fprintf(d->s,
            "set lmargin at screen %.6f\nset rmargin at screen %.6f\n"
            "set tmargin at screen %.6f\nset bmargin at screen %.6f\n",
            (double)left / w, (double)right / w, 1 - (double)top / h,
            1 - (double)bottom / h);
}

/* Bands first, so that none hides a line, and marks over all lines; before them
 * nothing at all, as a plot of no curve would be an error. */
static void print_curves(const struct drawing *d, idx panel)
{
    enum { BAND, LINE, MARK, LAYERS };
    static const char *const columns[] = { "1:3:4", "1:2", "1:5" };
    const struct plot_panel *q = &d->p->panels[panel];
    for (idx c = 0; c < q->n_curves; c++)
        print_data(d, panel, c);
    fputs("plot NaN", d->s);
    for (int layer = 0; layer < LAYERS; layer++)
        for (idx c = 0; c < q->n_curves; c++) {
            if (q->curves[c].n == 0 ||
                (layer == BAND && (!q->curves[c].low || d->look.is_text)) ||
                (layer == MARK && d->is_crowded))
                continue;
            fprintf(d->s, ", $data_%td_%td using %s with ", panel, c,
                    columns[layer]);
            if (layer == LINE) {
                print_line_style(d, c);
            } else if (layer == MARK) {
                print_mark_style(d, c);
            } else {
                fputs("filledcurves fs transparent solid 0.15 noborder ", d->s);
                print_colour(d, c);
            }
        }
    fputc('\n', d->s);
}

static void print_panel(const struct drawing *d, idx panel, idx height)
{
    const struct look *k = &d->look;
    const struct plot_panel *q = &d->p->panels[panel];
    idx top = panel * k->panel_height;
    double lo = INFINITY, hi = -INFINITY,
           room = k->room * (q->y_max - q->y_min);
    bool has_data = extend(&lo, &hi, d->p, q);
    bool is_last = panel == d->p->n_panels - 1;
    print_margins(d, height, k->left, k->width - k->right, top + k->top,
                  top + k->panel_height - k->bottom);
    if (q->y_min < q->y_max)
        fprintf(d->s, "set yrange [%.12g:%.12g]\n", q->y_min - room,
                q->y_max + room);
    else if (has_data)
        fprintf(d->s,
                "set yrange [*:*]\nset autoscale yfix\n"
                "set offsets 0, 0, graph %g, graph %g\n",
                k->room, k->room);
    else
        fputs("set yrange [0:1]\n", d->s);
    if (k->is_text)
        set_text(d, "title", q->y_label, k->width - k->left - k->right, "");
    else
        set_text(d, "ylabel", q->y_label, Y_LABEL_COLUMNS, "");
    set_text(d, "xlabel", is_last ? d->p->x_label : "",
             idx_min(LABEL_COLUMNS, k->width), "");
    if (!has_data)
        fputs("set label 1 'no data' at graph 0.5, graph 0.5 center\n", d->s);
    print_curves(d, panel);
    fputs("unset label 1\nunset offsets\n", d->s);
}

/* ---- legend ------------------------------------------------------------ */

/* How it is laid out: entries side by side, rows. */
struct legend {
    idx n, across, rows;
    idx columns, widest; /* of a label: at most, and how many there are */
};

/* The curve that entry i names. */
static idx legend_curve(const struct drawing *d, struct legend g, idx i)
{
    return g.n > 1 ? (i * (d->n_curves - 1) + (g.n - 1) / 2) / (g.n - 1) : 0;
}

static const char *label_of(const struct plot *p, idx curve)
{
    for (idx i = 0; i < p->n_panels; i++)
        if (curve < p->panels[i].n_curves)
            return p->panels[i].curves[curve].label;
    return "";
}

static struct legend plan_legend(const struct drawing *d)
{
    const struct look *k = &d->look;
    struct legend g = { .n = d->is_crowded ? d->p->named_max : d->n_curves };
    g.columns = k->is_text ? k->width - 2 - k->legend_line : LABEL_COLUMNS;
    for (idx i = 0; i < g.n; i++) {
        char shown[LABEL_BYTES];
        const char *label = label_of(d->p, legend_curve(d, g, i));
        g.widest = idx_max(g.widest, utf8_show(shown, sizeof shown, label,
                                               g.columns, k->unicode));
    }
    g.across = (k->is_text ? k->width : k->width - k->left) /
               (k->legend_line + (g.widest + 3) * k->character);
    g.across = idx_max(1, idx_min(g.across, g.n));
    g.rows = idx_ceil_div(g.n, g.across) + (d->p->note != NULL);
    return g;
}

/* A panel of its own, measured in pixels, so that it can neither hide a curve
 * nor run out of the picture. */
static void print_legend(const struct drawing *d, struct legend g, idx height,
                         idx top)
{
    const struct look *k = &d->look;
    idx entry = (k->width - k->left) / g.across;
    char where[64];
    print_margins(d, height, 0, k->width, top, height);
    fprintf(d->s,
            "unset border\nunset tics\nunset grid\nunset xlabel\n"
            "unset ylabel\nunset logscale\nset xrange [0:%td]\n"
            "set yrange [%td:0]\n",
            k->width, height - top);
    for (idx i = 0; i < g.n; i++) {
        idx x = k->left + i % g.across * entry;
        idx y = i / g.across * k->legend_row + k->legend_row / 2;
        fprintf(
            d->s,
            "$data_%td << EOD\n%td %td NaN\n%td %td %td\n%td %td NaN\nEOD\n", i,
            x, y, x + k->legend_line / 2, y, y, x + k->legend_line, y);
        snprintf(where, sizeof where, "at %td, %td left",
                 x + k->legend_line + k->character, y);
        set_text(d, "label", label_of(d->p, legend_curve(d, g, i)), g.columns,
                 where);
    }
    snprintf(where, sizeof where, "at %td, %td left", k->left,
             (g.rows - 1) * k->legend_row + k->legend_row / 2);
    if (d->p->note)
        set_text(d, "label", d->p->note, g.columns, where);
    fputs("plot NaN", d->s);
    for (idx i = 0; i < g.n; i++) {
        fprintf(d->s, ", $data_%td using 1:2 with ", i);
        print_line_style(d, legend_curve(d, g, i));
        if (d->is_crowded)
            continue;
        fprintf(d->s, ", $data_%td using 1:3 with ", i);
        print_mark_style(d, i);
    }
    fputc('\n', d->s);
}

/* "a label  b label": a letter takes one place, wherever gnuplot puts it. */
static void print_letters(FILE *out, const struct drawing *d)
{
    struct legend g = plan_legend(d);
    for (idx i = 0; i < g.n; i++) {
        char shown[LABEL_BYTES];
        idx used = utf8_show(shown, sizeof shown, label_of(d->p, i), g.columns,
                             d->look.unicode);
        bool is_last = i % g.across == g.across - 1 || i == g.n - 1;
        fprintf(out, "  %c %s%*s", letter_of(i), shown,
                is_last ? 0 : (int)(g.widest - used + 1), "");
        fputs(is_last ? "\n" : "", out);
    }
}

/* ---- the whole --------------------------------------------------------- */

static void print_terminal(const struct drawing *d, idx height, bool is_svg)
{
    idx width = d->look.width;
    fputs("set encoding utf8\n", d->s);
    if (d->look.is_text)
        fprintf(d->s, "set terminal dumb noenhanced size %td,%td\n", width,
                height);
    else if (is_svg)
        fprintf(d->s,
                "set terminal svg size %td,%td fixed noenhanced "
                "font 'sans-serif,12' background '#ffffff'\n",
                width, height);
    else /* some builds of gnuplot have only the older PNG driver */
        fprintf(d->s,
                "if (strstrt(GPVAL_TERMINALS, 'pngcairo')) {\n"
                "set terminal pngcairo size %td,%td noenhanced "
                "font 'Sans,9' dl 0.6 background '#ffffff'\n} else {\n"
                "set terminal png size %td,%td noenhanced\n}\n",
                width, height, width, height);
}

static void print_script(const struct drawing *d, bool is_svg)
{
    const struct look *k = &d->look;
    struct legend g = plan_legend(d);
    double room = 0.02 * (d->hi - d->lo), factor = pow(d->hi / d->lo, 0.02);
    idx top = d->p->n_panels * k->panel_height + k->x_label;
    idx height = top;
    if (!k->is_text)
        height += g.rows * k->legend_row + k->legend_row / 2;
    print_terminal(d, height, is_svg);
    fputs("set multiplot\nset border 3\nunset key\nset tics nomirror\n", d->s);
    if (!k->is_text)
        fputs("set grid lc rgb '#dddddd' lt 1 lw 1\n", d->s);
    if (d->p->log_x) /* fewer than two decades might hold no power of ten */
        fprintf(d->s, "set logscale x %d\n", d->hi < 100 * d->lo ? 2 : 10);
    fprintf(d->s, "set xrange [%.12g:%.12g]\n",
            d->p->log_x ? d->lo / factor : d->lo - room,
            d->p->log_x ? d->hi * factor : d->hi + room);
    for (idx i = 0; i < d->p->n_panels; i++)
        print_panel(d, i, height);
    if (g.rows > 0 && !k->is_text)
        print_legend(d, g, height, top);
    fputs("unset multiplot\n", d->s);
}

static struct drawing plan(const struct plot *p, struct look look)
{
    struct drawing d = { .p = p, .look = look };
    for (idx i = 0; i < p->n_panels; i++)
        d.n_curves = idx_max(d.n_curves, p->panels[i].n_curves);
    d.is_crowded =
        !look.is_text && p->named_max > 0 && d.n_curves > p->named_max;
    find_range(&d);
    return d;
}

/* Run gnuplot over the script; the caller frees *bytes. */
static int draw(char **bytes, size_t *n, struct drawing *d, bool is_svg,
                struct err *e)
{
    d->s = tmpfile();
    if (!d->s)
        return err_system(e, "temporary files for gnuplot", "write");
    print_script(d, is_svg);
    int rc = gnuplot_run(bytes, n, d->s, e);
    fclose(d->s);
    return rc;
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
    char *bytes = NULL;
    size_t n = 0;
    struct drawing d = plan(p, picture);
    int rc = plot_file_check(path, e);
    if (rc == OK)
        rc = draw(&bytes, &n, &d, ends_with(path, ".svg"), e);
    if (rc == OK)
        rc = fsys_replace(path, bytes, n, e);
    free(bytes);
    return rc;
}

/* gnuplot begins with a form feed, and fills every line up with blanks. */
static void print_lines(FILE *out, const char *text, size_t n)
{
    const char *end = text + n, *next;
    bool has_begun = false;
    for (; text < end; text = next) {
        size_t used = strcspn(text, "\n"), shown;
        next = text + used + (text + used < end);
        for (; used > 0 && *text == '\f'; used--)
            text++;
        for (shown = used; shown > 0 && text[shown - 1] == ' ';)
            shown--;
        has_begun = has_begun || shown > 0;
        if (has_begun)
            fprintf(out, "%.*s\n", (int)shown, text);
    }
}

int plot_text(FILE *out, const struct plot *p, idx width, bool unicode,
              struct err *e)
{
    char *bytes = NULL;
    size_t n = 0;
    struct look look = letters;
    look.width = idx_min(idx_max(width, TEXT_WIDTH_MIN), TEXT_WIDTH_MAX);
    look.unicode = unicode;
    struct drawing d = plan(p, look);
    int rc = draw(&bytes, &n, &d, false, e);
    if (rc == OK) {
        print_lines(out, bytes, n);
        print_letters(out, &d);
    }
    free(bytes);
    return rc;
}
