/* plot_style.h - what curves and maps look like. Private to plot*.c. */
#ifndef SINKLAB_PLOT_STYLE_H
#define SINKLAB_PLOT_STYLE_H

#include <stdio.h>

#include "report/plot_types.h"

/* Pieces of gnuplot's plot command: "lines ..", "points ..", "lc rgb ..". */
void plot_print_line(FILE *out, struct plot_style s, bool is_thin);
void plot_print_marks(FILE *out, struct plot_style s, bool is_small);
void plot_print_colour(FILE *out, struct plot_style s);

/* plot_print_palette - `set palette` of maps: light is little, dark is much, in
 * grey, too. plot_is_dark - is a cell at this place of the scale, 0 to 1, one
 * for white letters? */
void plot_print_palette(FILE *out);
bool plot_is_dark(double place);

/* The letter of a curve in text. */
char plot_letter(idx number);

#endif
