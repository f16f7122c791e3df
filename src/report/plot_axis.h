/* plot_axis.h - what the two renderers of a plot share: which points count,
 * the range of an axis, its ticks. Pure functions over plot.h's structs.
 */
#ifndef SINKLAB_PLOT_AXIS_H
#define SINKLAB_PLOT_AXIS_H

#include "report/plot.h"

struct plot_axis {
    double lo, hi; /* lo < hi; lo > 0 if logarithmic */
    double step;   /* between ticks of a linear axis */
    bool is_log;
    bool has_data; /* false: no point to draw, the range is made up */
};

/* A tick, and its number as text. */
struct plot_tick {
    double at;
    char text[24];
};
enum { PLOT_TICKS_MAX = 24 };

/* Point i of a curve, y scaled; false where it is a gap. */
bool plot_point(double *x, double *y, const struct plot *p,
                const struct plot_panel *panel, const struct plot_curve *curve,
                idx i);

/* The band at point i, scaled and within a range that was asked for; false
 * where it has a gap. */
bool plot_band(double *x, double *low, double *high, const struct plot *p,
               const struct plot_panel *panel, const struct plot_curve *curve,
               idx i);

/* The x axis, common to all panels: exactly the range of the data. */
struct plot_axis plot_x_axis(const struct plot *p);

/* A panel's y axis: the range asked for, or that of the data widened to whole
 * steps, so that lo and hi carry ticks. */
struct plot_axis plot_y_axis(const struct plot *p,
                             const struct plot_panel *panel);

/* Place of v on the axis, 0 at lo, 1 at hi; v > 0 if logarithmic. */
double plot_axis_place(const struct plot_axis *a, double v);

/* Ticks within [lo, hi], ascending; returns how many. */
idx plot_axis_ticks(struct plot_tick ticks[PLOT_TICKS_MAX],
                    const struct plot_axis *a);

/* How many curves there are, and the label of each. */
idx plot_legend_count(const struct plot *p);
const char *plot_legend_label(const struct plot *p, idx curve);

/* Are the curves too many for a legend that names all? */
bool plot_is_crowded(const struct plot *p);

#endif
