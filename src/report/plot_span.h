/* plot_span.h - the numbers of a plot: which are drawn, and from where to where
 * the axes go. Private to plot*.c. */
#ifndef SINKLAB_PLOT_SPAN_H
#define SINKLAB_PLOT_SPAN_H

#include "report/plot_types.h"

struct span {
    double lo, hi; /* > 0 if logarithmic; lo < hi */
    bool is_log;
    bool has_data; /* else it shows no point */
};

/* Is it finite, and small enough for the arithmetic of axes? */
bool plot_is_drawable(double v);

static inline double plot_scaled(const struct plot_axis *a, double v)
{
    return a->scale != 0 ? v * a->scale : v;
}

/* plot_point - point i of a curve, scaled; false where it is a gap. */
bool plot_point(double *x, double *y, const struct plot *p,
                const struct plot_axis *y_axis, const struct plot_curve *c,
                idx i);

/* plot_end - an end of the band or bar of a point at y, scaled, cut to what
 * such a number can be; NAN where it is not drawable. */
double plot_end(const struct plot_axis *a, double end, double y);

/* plot_is_trimmed - does a band or bar of the curve go beyond that? */
bool plot_is_trimmed(const struct plot *p, const struct plot_axis *y_axis,
                     const struct plot_curve *c);

/* plot_x_span - of all blocks; plot_y_span - of the panels of one, within x;
 * plot_colour_span - of all maps. Where an axis says its ends, those. */
struct span plot_x_span(const struct plot *p);
struct span plot_y_span(const struct plot *p, const struct plot_block *b,
                        struct span x);
struct span plot_colour_span(const struct plot *p);

/* plot_is_cut - does y of the block begin behind the cut? */
bool plot_is_cut(const struct plot *p, const struct plot_block *b);

/* plot_place - place of v on its axis, 0 at lo, 1 at hi. */
double plot_place(struct span s, double v);

/* plot_tic_step - from one tick mark to the next, where there are to be at most
 * so many and one: 1, 2 or 5 times a power of ten. */
double plot_tic_step(struct span s, idx most);

/* plot_widen - by this share of its length, at either end. */
struct span plot_widen(struct span s, double share);

#endif
