#include "report/plot_span.h"

#include <math.h>

/* Beyond this the sums and squares of axis arithmetic would overflow. */
static const double DRAWABLE_MAX = 1e150;

/* Of the x axis, that a loss takes to fall to where runs differ. */
static const double CUT_SHARE = 0.2;

/* An axis begins at 0 where that leaves at most so much of it empty. */
static const double EMPTY_SHARE = 0.25;

bool plot_is_drawable(double v)
{
    return fabs(v) < DRAWABLE_MAX;
}

bool plot_point(double *x, double *y, const struct plot *p,
                const struct plot_axis *y_axis, const struct plot_curve *c,
                idx i)
{
    *x = plot_scaled(&p->x, c->x[i]);
    *y = plot_scaled(y_axis, c->y[i]);
    return plot_is_drawable(*x) && plot_is_drawable(*y) &&
           (!p->x.is_log || *x > 0) && (!y_axis->is_log || *y > 0);
}

double plot_end(const struct plot_axis *a, double end, double y)
{
    double v = plot_scaled(a, end);
    if (!plot_is_drawable(v))
        return NAN;
    if (a->is_share)
        v = fmax(v, fmin(y, 0));
    return a->is_bounded ? fmin(v, fmax(y, plot_scaled(a, 1))) : v;
}

/* Is one of these ends (of n; NULL: none) beyond what can be? */
static bool is_beyond(const struct plot_axis *a, const double *end,
                      const double *at, idx n)
{
    for (idx i = 0; end && i < n; i++) {
        double v = plot_scaled(a, end[i]);
        double drawn = plot_end(a, end[i], plot_scaled(a, at[i]));
        if (plot_is_drawable(v) && v != drawn)
            return true;
    }
    return false;
}

bool plot_is_trimmed(const struct plot *p, const struct plot_axis *y_axis,
                     const struct plot_curve *c)
{
    return is_beyond(y_axis, c->low, c->y, c->n) ||
           is_beyond(y_axis, c->high, c->y, c->n) ||
           is_beyond(&p->x, c->x_low, c->x, c->n) ||
           is_beyond(&p->x, c->x_high, c->x, c->n);
}

double plot_place(struct span s, double v)
{
    return s.is_log ? log(v / s.lo) / log(s.hi / s.lo)
                    : (v - s.lo) / (s.hi - s.lo);
}

struct span plot_widen(struct span s, double share)
{
    double room = share * (s.hi - s.lo), factor = pow(s.hi / s.lo, share);
    s.lo = s.is_log ? s.lo / factor : s.lo - room;
    s.hi = s.is_log ? s.hi * factor : s.hi + room;
    return s;
}

double plot_tic_step(struct span s, idx most)
{
    static const double steps[] = { 1, 2, 5 };
    double least = (s.hi - s.lo) / (double)idx_max(most, 1);
    double power = pow(10, floor(log10(least)));
    for (idx i = 0; i < COUNT_OF(steps); i++)
        if (steps[i] * power >= least * (1 - 1e-9))
            return steps[i] * power;
    return 10 * power;
}

static bool is_given(const struct plot_axis *a)
{
    return a->lo < a->hi;
}

static struct span empty_span(const struct plot_axis *a)
{
    return (struct span){ INFINITY, -INFINITY, a->is_log, false };
}

static void take(struct span *s, double v)
{
    if (!plot_is_drawable(v) || (s->is_log && !(v > 0)))
        return;
    s->has_data = true;
    s->lo = fmin(s->lo, v);
    s->hi = fmax(s->hi, v);
}

/* Ends that differ, whatever there is: of a share that is 0 everywhere those of
 * the whole. */
static struct span settle(struct span s, const struct plot_axis *a)
{
    double whole = a->is_share ? plot_scaled(a, 1) : 1;
    if (!s.has_data) {
        s.lo = s.is_log ? 1 : 0;
        s.hi = s.is_log ? 10 : whole;
    } else if (s.is_log && s.hi < s.lo * 1.001) {
        s.lo /= 2;
        s.hi *= 2;
    } else if (!s.is_log && s.hi - s.lo <= 1e-9 * fabs(s.hi)) {
        double room = s.lo != 0 ? fabs(s.lo) / 10 : whole;
        s.lo -= s.lo != 0 ? room : 0; /* a share that is 0 is not below it */
        s.hi += room;
    }
    return s;
}

/* ---- x ----------------------------------------------------------------- */

static void take_curve_x(struct span *s, const struct plot *p,
                         const struct plot_block *b, const struct plot_curve *c)
{
    double x, y;
    for (idx i = 0; i < c->n; i++) {
        if (!plot_point(&x, &y, p, &b->y, c, i))
            continue;
        take(s, x);
        if (c->x_low && c->x_high) {
            take(s, plot_end(&p->x, c->x_low[i], x));
            take(s, plot_end(&p->x, c->x_high[i], x));
        }
    }
}

static struct span find_x(const struct plot *p)
{
    struct span s = empty_span(&p->x);
    for (idx i = 0; i < p->n_blocks; i++)
        for (idx k = 0; k < p->blocks[i].n_panels; k++) {
            const struct plot_panel *q = &p->blocks[i].panels[k];
            for (idx c = 0; c < q->n_curves; c++)
                take_curve_x(&s, p, &p->blocks[i], &q->curves[c]);
        }
    return s;
}

struct span plot_x_span(const struct plot *p)
{
    struct span s = find_x(p);
    if (p->x.words) {
        s.lo = -0.5;
        s.hi = (double)p->x.n_words - 0.5;
    } else if (is_given(&p->x)) {
        s.lo = p->x.lo;
        s.hi = p->x.hi;
    }
    return settle(s, &p->x);
}

/* ---- y ----------------------------------------------------------------- */

/* What a curve takes behind this place on the x axis: its points, and its band
 * or bars. */
static void take_curve_y(struct span *points, struct span *bars,
                         const struct plot *p, const struct plot_block *b,
                         const struct plot_curve *c, struct span x_span,
                         double from)
{
    double x, y;
    for (idx i = 0; i < c->n; i++) {
        if (!plot_point(&x, &y, p, &b->y, c, i) || plot_place(x_span, x) < from)
            continue;
        take(points, y);
        if (c->low && c->high) {
            take(bars, plot_end(&b->y, c->low[i], y));
            take(bars, plot_end(&b->y, c->high[i], y));
        }
    }
}

static struct span find_y(const struct plot *p, const struct plot_block *b,
                          struct span x, double from)
{
    struct span s = empty_span(&b->y), bars = s;
    for (idx k = 0; k < b->n_panels; k++)
        for (idx c = 0; c < b->panels[k].n_curves; c++)
            take_curve_y(&s, &bars, p, b, &b->panels[k].curves[c], x, from);
    if (bars.has_data) {
        take(&s, bars.lo);
        take(&s, bars.hi);
    }
    return s;
}

/* Do curves, in the mean, have as many points behind the cut? Of few
 * checkpoints none is left away. */
static bool is_dense(const struct plot *p, const struct plot_block *b,
                     struct span x)
{
    enum { POINTS_MIN = 6 };
    idx n = 0, n_curves = 0;
    for (idx k = 0; k < b->n_panels; k++)
        for (idx c = 0; c < b->panels[k].n_curves; c++) {
            const struct plot_curve *curve = &b->panels[k].curves[c];
            double u, v;
            n_curves += curve->n > 0;
            for (idx i = 0; i < curve->n; i++)
                n += plot_point(&u, &v, p, &b->y, curve, i) &&
                     plot_place(x, u) >= CUT_SHARE;
        }
    return n >= POINTS_MIN * n_curves;
}

/* Is most of the height there for the beginning alone? */
static bool is_cut(struct span whole, struct span rest)
{
    return rest.has_data && rest.hi > rest.lo &&
           rest.hi - rest.lo < 0.5 * (whole.hi - whole.lo);
}

bool plot_is_cut(const struct plot *p, const struct plot_block *b)
{
    struct span x = plot_x_span(p);
    return b->y.may_cut && !is_given(&b->y) && is_dense(p, b, x) &&
           is_cut(find_y(p, b, x, -INFINITY), find_y(p, b, x, CUT_SHARE));
}

/* A share of 12 % is seen best between 0 and 12, one of 97 % as it is. */
static struct span from_zero(struct span s)
{
    if (!s.is_log && s.lo > 0 && s.lo < EMPTY_SHARE * s.hi)
        s.lo = 0;
    return s;
}

struct span plot_y_span(const struct plot *p, const struct plot_block *b,
                        struct span x)
{
    struct span s = find_y(p, b, x, -INFINITY);
    if (b->y.words) {
        s.lo = -0.5;
        s.hi = (double)b->y.n_words - 0.5;
    } else if (is_given(&b->y)) {
        s.lo = b->y.lo;
        s.hi = b->y.hi;
    } else if (plot_is_cut(p, b)) {
        s = find_y(p, b, x, CUT_SHARE);
    } else if (!b->y.may_cut) {
        s = from_zero(s);
    }
    return settle(s, &b->y);
}

/* ---- colours ----------------------------------------------------------- */

static void take_map(struct span *s, const struct plot *p,
                     const struct plot_map *m)
{
    for (idx i = 0; i < m->rows * m->columns; i++)
        take(s, plot_scaled(&p->colours, m->v[i]));
}

struct span plot_colour_span(const struct plot *p)
{
    struct span s = empty_span(&p->colours);
    for (idx i = 0; i < p->n_blocks; i++)
        for (idx k = 0; k < p->blocks[i].n_panels; k++)
            take_map(&s, p, &p->blocks[i].panels[k].map);
    if (is_given(&p->colours)) {
        s.lo = p->colours.lo;
        s.hi = p->colours.hi;
    } else {
        s = from_zero(s);
    }
    return settle(s, &p->colours);
}
