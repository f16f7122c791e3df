/* plot.h - figures, drawn by gnuplot: as a picture file, or as text.
 *
 * A plot is a column of blocks over one x axis. A block is a grid of panels
 * over one y axis, filled row by row; a panel holds curves, or a map of
 * numbers as colours. Below stand one legend for all, and a caption. Nothing is
 * copied: a plot borrows arrays and strings while a function runs. A point is
 * drawn if x and y are finite (and below 1e150 in magnitude), and above 0 on a
 * logarithmic axis; any other point is a gap in the line. Labels may hold any
 * bytes: they are shown, never interpreted.
 *
 * A band, from low to high around a curve, has a gap wherever low or high is
 * not finite. Text shows neither bands nor maps.
 */
#ifndef SINKLAB_PLOT_H
#define SINKLAB_PLOT_H

#include <stdio.h>

#include "base/err.h"
#include "report/plot_types.h"

/* plot_file_check - can plot_write make a file of this name?
 * OK, or ERR_USAGE naming the endings it knows. */
int plot_file_check(const char *path, struct err *e);

/* plot_write - draw into path (.svg, .png or .pdf), whole or not at all; a file
 * that was there is replaced. The same plot gives the same bytes with the same
 * gnuplot. 900 pixels wide, 7.5 inches in a .pdf.
 * OK; ERR_USAGE (ending); ERR_TOOL (no gnuplot, or it failed, or it cannot draw
 * such a file); ERR_IO; ERR_MEMORY. */
int plot_write(const struct plot *p, const char *path, struct err *e);

/* plot_text - draw to out in letters, `width` columns wide (40 to 400), panel
 * below panel: a curve is a letter (a-z, A-Z, 0-9, then again) at its points
 * and dots between them. Without `unicode`, ASCII only. The same codes; on
 * error nothing is printed. */
int plot_text(FILE *out, const struct plot *p, idx width, bool unicode,
              struct err *e);

/* plot_cuts - does a curve run out of a block that may be cut? For captions. */
bool plot_cuts(const struct plot *p, const struct plot_block *b);

/* plot_trims - is a band or a bar drawn shorter than it is, as its number is a
 * share, which ends there? For captions. */
bool plot_trims(const struct plot *p);

#endif
