/* plot.h - curves over a common x axis, drawn by gnuplot: as a picture file, or
 * as text.
 *
 * A plot is a column of panels. Curve i has the same colour and mark in every
 * panel and one entry in the legend below them, named by its label in the
 * first panel that has a curve i; a panel without that curve holds one with
 * n = 0. Nothing is copied: a plot borrows arrays and strings while a function
 * runs. A point is drawn if x and y are finite (and below 1e150 in magnitude),
 * and x > 0 on a logarithmic axis; any other point is a gap in the line.
 * Labels may hold any bytes: they are shown, never interpreted.
 *
 * A curve may have a band, from low to high around it. Pictures show it; a
 * plot in text has no room for one. It has a gap wherever low or high is not
 * finite, is cut off at the ends of a given range, and widens one that is
 * found.
 */
#ifndef SINKLAB_PLOT_H
#define SINKLAB_PLOT_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

struct plot_curve {
    const char *label;
    const double *x, *y; /* (n) */
    idx n;
    const double *low, *high; /* (n) the band; NULL: none */
};

struct plot_panel {
    const char *y_label;
    double y_min, y_max; /* range after scaling; both 0: found from the data */
    double scale;        /* y is multiplied by it; 0 means 1 */
    const struct plot_curve *curves; /* (n_curves) */
    idx n_curves;
};

struct plot {
    const char *x_label;
    bool log_x;
    const struct plot_panel *panels; /* (n_panels), at least 1 */
    idx n_panels;
    /* With more curves than this a picture colours them in their order, from
     * dark to light, and its legend names so many of them, evenly chosen, and
     * ends with the note. 0: no bound. Text names all. */
    idx named_max;
    const char *note; /* one line; NULL: none */
};

/* plot_file_check - can plot_write make a file of this name?
 * OK, or ERR_USAGE naming the two endings it knows. */
int plot_file_check(const char *path, struct err *e);

/* plot_write - draw into path (.svg or .png), whole or not at all; a file that
 * was there is replaced. The same plot gives the same bytes with the same
 * gnuplot. 900 pixels wide, 300 a panel, legend below.
 * OK; ERR_USAGE (ending); ERR_TOOL (no gnuplot, or it failed); ERR_IO;
 * ERR_MEMORY. */
int plot_write(const struct plot *p, const char *path, struct err *e);

/* plot_text - draw to out in letters, `width` columns wide (40 to 400): a curve
 * is a letter (a-z, A-Z, 0-9, then again) at its points and dots between them.
 * Without `unicode`, ASCII only. The same codes; on error nothing is
 * printed. */
int plot_text(FILE *out, const struct plot *p, idx width, bool unicode,
              struct err *e);

#endif
