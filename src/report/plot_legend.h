/* plot_legend.h - what stands below the panels of a picture: entries and a
 * caption; and below text: letters. Private to plot*.c. */
#ifndef SINKLAB_PLOT_LEGEND_H
#define SINKLAB_PLOT_LEGEND_H

#include "report/plot_frame.h"

/* How entries are laid out: side by side, rows. */
struct legend {
    idx across, rows;
    idx columns, widest; /* of a label: at most, and how many there are */
};

struct legend plot_plan_legend(const struct drawing *d);

/* The caption's lines, each of at most so many columns. */
struct caption {
    idx n;
    char lines[PLOT_CAPTION_LINES][512];
};
void plot_break_caption(struct caption *c, const struct drawing *d);

/* plot_print_legend - a panel of its own, measured in pixels, so that it can
 * neither hide a curve nor run out of the picture. */
void plot_print_legend(const struct drawing *d, struct legend g,
                       const struct caption *c);

/* plot_print_letters - "a label  b label". */
void plot_print_letters(FILE *out, const struct drawing *d);

#endif
