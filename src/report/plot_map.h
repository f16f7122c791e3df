/* plot_map.h - a panel of numbers as colours, and their scale. Private to
 * plot*.c. */
#ifndef SINKLAB_PLOT_MAP_H
#define SINKLAB_PLOT_MAP_H

#include "report/plot_frame.h"

/* plot_print_map - data and plot command of panel k of block b. */
void plot_print_map(const struct drawing *d, idx b, idx k, struct place at);

/* plot_print_bar - the scale, beside all of them. */
void plot_print_bar(const struct drawing *d);

#endif
