/* plot_curves.h - the curves of a panel. Private to plot*.c. */
#ifndef SINKLAB_PLOT_CURVES_H
#define SINKLAB_PLOT_CURVES_H

#include "report/plot_frame.h"

/* plot_print_curves - data and plot command of panel k of block b, whose axes
 * are set; y: as it is drawn. */
void plot_print_curves(const struct drawing *d, idx b, idx k, struct span y);

#endif
