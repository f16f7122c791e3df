#include "report/plot_curves.h"

#include "report/plot_style.h"

#include <math.h>
#include <stdlib.h>

/* ---- marks ------------------------------------------------------------- */

/* A panel, as marks are set in it. */
struct panel {
    const struct drawing *d;
    const struct plot_block *b;
    const struct plot_panel *q;
    struct span x, y; /* as drawn, with room */
};

static bool point_at(double *x, double *y, const struct panel *p, idx curve,
                     idx i)
{
    return plot_point(x, y, p->d->p, &p->b->y, &p->q->curves[curve], i);
}

/* Does point i carry a mark? All do if they are few, else about one each
 * mark_spacing, and those that stand alone between gaps, which a line would not
 * show. */
static bool has_mark(const struct panel *p, idx curve, idx i, double x,
                     double *last)
{
    const struct look *k = &p->d->look;
    const struct plot_curve *c = &p->q->curves[curve];
    double u, v, room = (double)(k->width - k->left - k->right);
    double cell = floor((plot_place(p->x, x) * room / (double)p->d->p->across +
                         (double)(c->style.number * k->mark_phase)) /
                        (double)k->mark_spacing);
    bool is_new = cell != *last;
    *last = cell;
    return c->n <= k->marked_max || c->form == PLOT_MARKS ||
           c->form == PLOT_DOTS || is_new ||
           ((i == 0 || !point_at(&u, &v, p, curve, i - 1)) &&
            (i + 1 == c->n || !point_at(&u, &v, p, curve, i + 1)));
}

/* The place of a letter, in columns and lines of its panel, about as gnuplot
 * rounds; false where there is none. */
static bool letter_at(idx place[2], const struct panel *p, idx curve, idx i)
{
    const struct look *k = &p->d->look;
    double x, y;
    if (!point_at(&x, &y, p, curve, i))
        return false;
    double u =
        plot_place(p->x, x) * (double)(k->width - k->left - k->right - 1);
    double v = plot_place(p->y, y) * (double)k->height[1];
    place[0] = (idx)floor(fmin(fmax(u, -1e3), 1e3) + 0.5);
    place[1] = (idx)floor(fmin(fmax(v, -1e3), 1e3) + 0.5);
    return true;
}

/* Where letters of several curves would stand in one place, they take turns
 * from point to point, so that each of two equal curves is seen. Curves of many
 * points have marks at places of their own: has_mark. */
static bool has_turn(const struct panel *p, idx curve, idx i)
{
    idx here[2], there[2], rank = 0, n = 0, first = 0;
    if (!letter_at(here, p, curve, i))
        return false;
    for (idx c = 0; c < p->q->n_curves; c++) {
        idx j = 0, points = p->q->curves[c].n;
        if (points > p->d->look.marked_max ||
            p->q->curves[c].form == PLOT_THIN) /* has no letters */
            continue;
        while (j < points && !(letter_at(there, p, c, j) &&
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

/* ---- layers ------------------------------------------------------------ */

/* Bands first, so that none hides a line, then what is faint, then lines, and
 * marks over all. */
enum layer {
    LAYER_FAINT,
    LAYER_BAND,
    LAYER_LINE,
    LAYER_BAR,
    LAYER_MARK,
    LAYERS
};

static bool has_layer(const struct drawing *d, const struct plot_curve *c,
                      enum layer layer)
{
    bool is_faint = c->style.ink == PLOT_FAINT;
    bool has_line = c->form <= PLOT_THIN || c->form == PLOT_BOTH;
    switch (layer) {
    case LAYER_FAINT:
        return is_faint;
    case LAYER_BAND:
        return c->form == PLOT_LINE && c->low && !is_faint && !d->look.is_text;
    case LAYER_LINE:
        return has_line && !is_faint;
    case LAYER_BAR:
        return (c->form == PLOT_MARKS || c->form == PLOT_BOTH) && c->low &&
               !d->look.is_text;
    default: /* lines in an order have none */
        return c->form != PLOT_THIN && !is_faint &&
               (c->form != PLOT_LINE || c->style.ink == PLOT_STYLE);
    }
}

/* ---- data -------------------------------------------------------------- */

static double hold(struct span s, double v)
{
    return fmin(fmax(v, s.lo), s.hi);
}

/* An end of the band or bar of point i, which is `at`, within what is drawn;
 * NAN is a gap. */
static double end_at(const struct plot_axis *a, struct span s,
                     const double *ends, idx i, double at)
{
    double v = ends ? plot_end(a, ends[i], at) : NAN;
    if (isnan(v) || (s.is_log && !(v > 0)))
        return NAN;
    return hold(s, v);
}

/* The point at a share t of the straight line from a to b, as drawn. */
static double mix(bool is_log, double a, double b, double t)
{
    return is_log ? a * pow(b / a, t) : a + t * (b - a);
}

/* The share of the line from a to b at which it goes through the level, 0 to 1
 * without these; NAN: it does not. */
static double crossing(bool is_log, double a, double b, double level)
{
    double t = is_log ? log(level / a) / log(b / a) : (level - a) / (b - a);
    return t > 0 && t < 1 ? t : NAN;
}

/* Two neighbouring points of a band, as drawn but for the range. */
struct stretch {
    double x[2], y[2], low[2], high[2];
};

enum { CUTS_MAX = 4 };

/* Where on it an edge of the band leaves the picture or comes back, in order;
 * returns how many. */
static idx find_cuts(double cuts[CUTS_MAX], struct span y,
                     const struct stretch *s)
{
    const double *const edges[] = { s->low, s->high };
    const double levels[] = { y.lo, y.hi };
    idx n = 0;
    for (idx k = 0; k < CUTS_MAX; k++) {
        double t =
            crossing(y.is_log, edges[k % 2][0], edges[k % 2][1], levels[k / 2]);
        if (isnan(t))
            continue;
        idx at = n++;
        for (; at > 0 && cuts[at - 1] > t; at--)
            cuts[at] = cuts[at - 1];
        cuts[at] = t;
    }
    return n;
}

/* Bands are cut where their edges leave the picture, as lines are: ends that
 * were held at its edge would draw another edge up to the next point. */
static void print_cuts(const struct panel *p, const struct stretch *s)
{
    double cuts[CUTS_MAX];
    bool is_log = p->y.is_log;
    idx n = find_cuts(cuts, p->y, s);
    for (idx k = 0; k < n; k++) {
        double t = cuts[k];
        fprintf(p->d->s, "%.12g %.9g %.9g %.9g nan nan nan\n",
                mix(p->x.is_log, s->x[0], s->x[1], t),
                mix(is_log, s->y[0], s->y[1], t),
                hold(p->y, mix(is_log, s->low[0], s->low[1], t)),
                hold(p->y, mix(is_log, s->high[0], s->high[1], t)));
    }
}

/* A curve as a data block: x, y, ends in y, ends in x, y of a mark or nan; a
 * blank line is a gap. Has it any mark? */
static bool print_data(const struct panel *p, idx b, idx k, idx curve)
{
    const struct drawing *d = p->d;
    const struct plot_curve *c = &p->q->curves[curve];
    double x, y, last = -INFINITY;
    struct stretch s = { .x = { NAN } };
    bool has_marks = false, has_band = has_layer(d, c, LAYER_BAND);
    bool takes_turns = d->look.is_text && c->n <= d->look.marked_max;
    fprintf(d->s, "$data_%td_%td_%td << EOD\n", b, k, curve);
    for (idx i = 0; i < c->n; i++) {
        if (!point_at(&x, &y, p, curve, i)) {
            fputc('\n', d->s);
            s.x[0] = NAN;
            continue;
        }
        if (has_band) {
            s.x[1] = x;
            s.y[1] = y;
            s.low[1] = plot_end(&p->b->y, c->low[i], y);
            s.high[1] = plot_end(&p->b->y, c->high[i], y);
            if (!isnan(s.x[0]))
                print_cuts(p, &s);
            s.x[0] = x;
            s.y[0] = y;
            s.low[0] = s.low[1];
            s.high[0] = s.high[1];
        }
        double low = end_at(&p->b->y, p->y, c->low, i, y);
        double high = end_at(&p->b->y, p->y, c->high, i, y);
        bool is_marked = has_mark(p, curve, i, x, &last) &&
                         (!takes_turns || has_turn(p, curve, i));
        has_marks = has_marks || is_marked;
        fprintf(d->s, "%.12g %.9g %.9g %.9g %.9g %.9g %.9g\n", x, y,
                isnan(high) ? NAN : low, isnan(low) ? NAN : high,
                end_at(&d->p->x, p->x, c->x_low, i, x),
                end_at(&d->p->x, p->x, c->x_high, i, x), is_marked ? y : NAN);
    }
    fputs("EOD\n", d->s);
    return has_marks;
}

/* ---- script ------------------------------------------------------------ */

static void print_layer(const struct drawing *d, const struct plot_curve *c,
                        enum layer layer)
{
    bool is_thin = c->form == PLOT_THIN;
    if (layer == LAYER_FAINT && c->form >= PLOT_MARKS)
        layer = LAYER_MARK;
    switch (layer) {
    case LAYER_FAINT:
    case LAYER_LINE:
        fputs("using 1:2 with ", d->s);
        if (d->look.is_text)
            fputs("lines lt 0", d->s);
        else
            plot_print_line(d->s, c->style, is_thin);
        break;
    case LAYER_BAND:
        fputs("using 1:3:4 with filledcurves fs transparent solid 0.15 "
              "noborder ",
              d->s);
        plot_print_colour(d->s, c->style);
        break;
    case LAYER_BAR:
        fputs(c->x_low ? "using 1:2:5:6:3:4 with xyerrorbars pt -1 lw 1 "
                       : "using 1:2:3:4 with yerrorbars pt -1 lw 1 ",
              d->s);
        plot_print_colour(d->s, c->style);
        break;
    default:
        fputs("using 1:7 with ", d->s);
        if (d->look.is_text)
            fprintf(d->s, "points pt \"%c\"", plot_letter(c->style.number));
        else
            plot_print_marks(d->s, c->style, c->form == PLOT_DOTS);
    }
}

void plot_print_curves(const struct drawing *d, idx b, idx k, struct span y)
{
    const struct plot_block *block = &d->p->blocks[b];
    const struct panel p = { d, block, &block->panels[k],
                             plot_widen(d->x, PLOT_X_ROOM), y };
    /* gnuplot's terminal of text crashes on points of which none is there */
    bool *has_marks = calloc((size_t)p.q->n_curves + 1, sizeof *has_marks);
    for (idx c = 0; c < p.q->n_curves; c++) {
        bool is_marked = print_data(&p, b, k, c);
        if (has_marks)
            has_marks[c] = is_marked;
    }
    fputs("plot NaN", d->s); /* of no curve would be an error */
    for (int layer = 0; layer < LAYERS; layer++)
        for (idx c = 0; c < p.q->n_curves; c++) {
            const struct plot_curve *curve = &p.q->curves[c];
            bool is_there = layer != LAYER_MARK || (has_marks && has_marks[c]);
            if (curve->n == 0 || !is_there ||
                !has_layer(d, curve, (enum layer)layer))
                continue;
            fprintf(d->s, ", $data_%td_%td_%td ", b, k, c);
            print_layer(d, curve, (enum layer)layer);
        }
    fputc('\n', d->s);
    free(has_marks);
}
