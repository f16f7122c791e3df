/* plot_types.h - what a plot is made of; plot.h says what becomes of it. */
#ifndef SINKLAB_PLOT_TYPES_H
#define SINKLAB_PLOT_TYPES_H

#include "base/base.h"

/* So many curves can be told apart: by colour with every kind of colour vision,
 * without colours by dashes and marks. */
enum { PLOT_STYLES = 7 };

struct plot_style {
    enum plot_ink {
        PLOT_STYLE, /* `number` of PLOT_STYLES; in text a letter */
        PLOT_SCALE, /* coloured by its place `at` in an order, 0 to 1, from
                       dark to light; solid, without marks */
        PLOT_FAINT, /* what others are seen against */
    } ink;
    idx number;
    double at;
};

struct plot_curve {
    struct plot_style style;
    enum plot_form {
        PLOT_LINE,  /* line, marks, band */
        PLOT_THIN,  /* a thin line alone: one of several behind a mean */
        PLOT_MARKS, /* marks, with bars from low to high */
        PLOT_BOTH,  /* line, marks and bars */
        PLOT_DOTS,  /* small hollow marks */
    } form;
    const double *x, *y; /* (n) */
    idx n;
    const double *low, *high;     /* (n) of y; NULL: none */
    const double *x_low, *x_high; /* (n) of x, for bars; NULL: none */
};

/* Numbers as colours; NAN shows the ground. */
struct plot_map {
    idx rows, columns;
    const double *v; /* (rows,columns); row 0 at the top */
};

struct plot_panel {
    const char *title; /* above it; NULL: none */
    const struct plot_curve *curves;
    idx n_curves;
    struct plot_map map; /* rows > 0: there is one, and no curves */
};

struct plot_axis {
    const char *label;
    const char *brief; /* instead, where there is no room for it; NULL: none */
    double lo, hi;     /* as drawn (scaled); lo >= hi: found from the data */
    bool is_log;
    bool is_counted; /* whole numbers, with k and M for large ones */
    bool is_share;   /* never below 0: bands and bars are cut there, */
    bool is_bounded; /* and at 1 (before it is scaled) */
    double scale;    /* numbers are multiplied by it; 0 means 1 */
    /* Of y: a first fifth of the x axis may run out of the picture, where the
     * rest would be a flat strip. */
    bool may_cut;
    /* Numbers (n_places), rising, as drawn, that ticks stand at if there is
     * room; none: round ones. */
    const double *places;
    idx n_places;
    const char *const *place_words; /* (n_places) instead of the number; NULL:
                                       none, as one that is NULL */
    /* What stands at 0, 1, ..: choices instead of numbers. NULL: numbers. */
    const char *const *words; /* (n_words) */
    idx n_words;
};

struct plot_block {
    const char *title; /* above its panels; NULL: none */
    struct plot_axis y;
    const struct plot_panel *panels; /* (n_panels), at least 1 */
    idx n_panels;
};

struct plot_entry {
    struct plot_style style;
    const char *label;
};

struct plot {
    struct plot_axis x;
    const struct plot_block *blocks; /* (n_blocks), at least 1 */
    idx n_blocks;
    idx across;                      /* panels side by side, at least 1 */
    const struct plot_entry *legend; /* (n_entries) */
    idx n_entries;
    bool has_no_lines;        /* of the legend: there are marks alone */
    struct plot_axis colours; /* of maps */
    const char *caption;      /* lines are broken where they are too long;
                                 NULL: none */
};

#endif
