#include "report/plot_axis.h"

#include <math.h>
#include <stdio.h>

/* Beyond this the sums and squares of axis arithmetic would overflow. */
static const double DRAWABLE_MAX = 1e150;

/* About so many steps make an axis: few enough for labels of 80 columns. */
enum { STEPS_WANTED = 5 };

bool plot_point(double *x, double *y, const struct plot *p,
                const struct plot_panel *panel, const struct plot_curve *curve,
                idx i)
{
    *x = curve->x[i];
    *y = curve->y[i] * (panel->scale != 0 ? panel->scale : 1);
    return fabs(*x) < DRAWABLE_MAX && fabs(*y) < DRAWABLE_MAX &&
           (!p->log_x || *x > 0);
}

bool plot_band(double *x, double *low, double *high, const struct plot *p,
               const struct plot_panel *panel, const struct plot_curve *curve,
               idx i)
{
    double scale = panel->scale != 0 ? panel->scale : 1, y;
    if (!curve->low || !plot_point(x, &y, p, panel, curve, i))
        return false;
    *low = curve->low[i] * scale;
    *high = curve->high[i] * scale;
    if (!(fabs(*low) < DRAWABLE_MAX && fabs(*high) < DRAWABLE_MAX))
        return false;
    if (panel->y_min < panel->y_max) {
        *low = fmin(fmax(*low, panel->y_min), panel->y_max);
        *high = fmin(fmax(*high, panel->y_min), panel->y_max);
    }
    return true;
}

/* Widen [lo, hi] of x or y by the points and bands of one panel. */
static void panel_extent(double *lo, double *hi, const struct plot *p,
                         const struct plot_panel *panel, bool is_x)
{
    for (idx c = 0; c < panel->n_curves; c++)
        for (idx i = 0; i < panel->curves[c].n; i++) {
            double x, y, low, high;
            if (!plot_point(&x, &y, p, panel, &panel->curves[c], i))
                continue;
            *lo = fmin(*lo, is_x ? x : y);
            *hi = fmax(*hi, is_x ? x : y);
            if (is_x ||
                !plot_band(&x, &low, &high, p, panel, &panel->curves[c], i))
                continue;
            *lo = fmin(*lo, low);
            *hi = fmax(*hi, high);
        }
}

/* 1, 2 or 5 times a power of ten, at least span / STEPS_WANTED. */
static double nice_step(double span)
{
    static const double multiples[] = { 1, 2, 5 };
    double raw = span / STEPS_WANTED, unit = pow(10, floor(log10(raw)));
    for (idx i = 0; i < COUNT_OF(multiples); i++)
        if (multiples[i] * unit >= raw * (1 - 1e-9))
            return multiples[i] * unit;
    return 10 * unit;
}

/* Room around a range without length, or one too short for its magnitude. */
static void spread(double *lo, double *hi)
{
    double least = 1e-9 * fmax(fabs(*lo), fabs(*hi));
    if (*hi - *lo > least && *hi - *lo > 1e-150)
        return;
    double room = *lo != 0 ? fabs(*lo) / 10 : 1;
    *lo -= room;
    *hi += room;
}

struct plot_axis plot_x_axis(const struct plot *p)
{
    struct plot_axis a = { .lo = INFINITY, .hi = -INFINITY };
    a.is_log = p->log_x;
    for (idx i = 0; i < p->n_panels; i++)
        panel_extent(&a.lo, &a.hi, p, &p->panels[i], true);
    a.has_data = a.lo <= a.hi;
    if (!a.has_data) {
        a.lo = 1;
        a.hi = 10;
    }
    if (!a.is_log)
        spread(&a.lo, &a.hi);
    else if (a.hi < a.lo * 1.001) {
        a.lo /= 2;
        a.hi *= 2;
    }
    a.step = nice_step(a.hi - a.lo);
    return a;
}

struct plot_axis plot_y_axis(const struct plot *p,
                             const struct plot_panel *panel)
{
    struct plot_axis a = { .lo = INFINITY, .hi = -INFINITY };
    panel_extent(&a.lo, &a.hi, p, panel, false);
    a.has_data = a.lo <= a.hi;
    if (panel->y_min < panel->y_max) {
        a.lo = panel->y_min;
        a.hi = panel->y_max;
        a.step = nice_step(a.hi - a.lo);
        return a;
    }
    if (!a.has_data) {
        a.lo = 0;
        a.hi = 1;
    }
    spread(&a.lo, &a.hi);
    a.step = nice_step(a.hi - a.lo);
    a.lo = floor(a.lo / a.step + 1e-9) * a.step;
    a.hi = ceil(a.hi / a.step - 1e-9) * a.step;
    return a;
}

double plot_axis_place(const struct plot_axis *a, double v)
{
    if (a->is_log)
        return log(v / a->lo) / log(a->hi / a->lo);
    return (v - a->lo) / (a->hi - a->lo);
}

static void tick_set(struct plot_tick *t, double at, double step)
{
    /* enough digits to tell neighbours apart; 7 keeps whole steps whole */
    int digits = (int)ceil(log10(fabs(at) / step + 1)) + 1;
    digits = digits < 7 ? 7 : digits > 15 ? 15 : digits;
    t->at = at;
    snprintf(t->text, sizeof t->text, "%.*g", digits, at + 0.0);
}

static idx linear_ticks(struct plot_tick *ticks, const struct plot_axis *a)
{
    idx n = 0;
    double first = ceil(a->lo / a->step - 1e-9);
    for (idx i = 0; n < PLOT_TICKS_MAX; i++) {
        double at = (first + (double)i) * a->step;
        if (at > a->hi + a->step * 1e-6)
            break;
        tick_set(&ticks[n++], at, a->step);
    }
    return n;
}

/* Powers of ten, thinned if many; with 2 and 5 between if few. */
static idx log_ticks(struct plot_tick *ticks, const struct plot_axis *a)
{
    static const double multiples[] = { 1, 2, 5 };
    double decades = log10(a->hi / a->lo);
    idx every = idx_max(1, (idx)ceil(decades / (PLOT_TICKS_MAX - 2) * 2));
    idx used = decades < 3 ? COUNT_OF(multiples) : 1, n = 0;
    for (double k = floor(log10(a->lo)); k <= log10(a->hi); k += (double)every)
        for (idx m = 0; m < used && n < PLOT_TICKS_MAX; m++) {
            double at = multiples[m] * pow(10, k);
            if (at >= a->lo * (1 - 1e-9) && at <= a->hi * (1 + 1e-9))
                tick_set(&ticks[n++], at, at);
        }
    return n;
}

idx plot_axis_ticks(struct plot_tick ticks[PLOT_TICKS_MAX],
                    const struct plot_axis *a)
{
    idx n = a->is_log ? log_ticks(ticks, a) : 0;
    return n >= 2 ? n : linear_ticks(ticks, a);
}

idx plot_legend_count(const struct plot *p)
{
    idx n = 0;
    for (idx i = 0; i < p->n_panels; i++)
        n = idx_max(n, p->panels[i].n_curves);
    return n;
}

const char *plot_legend_label(const struct plot *p, idx curve)
{
    for (idx i = 0; i < p->n_panels; i++)
        if (curve < p->panels[i].n_curves)
            return p->panels[i].curves[curve].label;
    return "";
}

bool plot_is_crowded(const struct plot *p)
{
    return p->named_max > 0 && plot_legend_count(p) > p->named_max;
}
