/* compare_draw.h - the plots of `compare`: a panel for each column, a curve for
 * each run or group. */
#ifndef SINKLAB_COMPARE_DRAW_H
#define SINKLAB_COMPARE_DRAW_H

#include <stdio.h>

#include "report/means.h"

/* compare_panels - columns that may get a panel, from the top; the metric comes
 * first. Returns how many. */
enum { PANELS_MAX = 4 };
idx compare_panels(const char *names[PANELS_MAX],
                   const struct compare_options *o);

/* compare_draw - the bands (n_names,groups) of these columns: a panel for the
 * metric and for each other one that has a curve; into o->figure, or
 * as text to out. OK, or the codes of plot_write. */
int compare_draw(FILE *out, const struct compare_options *o,
                 const struct groups *s, const char *const *names, idx n_names,
                 const struct band *bands, struct err *e);

#endif
