/* plot_frame.h - a plot that is being drawn: sizes, and where what stands.
 * Private to plot*.c. */
#ifndef SINKLAB_PLOT_FRAME_H
#define SINKLAB_PLOT_FRAME_H

#include <stdio.h>

#include "report/picture.h"
#include "report/plot_span.h"

/* Sizes in pixels, or in columns and lines of text; gnuplot is given fractions
 * of the whole. */
struct look {
    bool is_text, unicode;
    idx width;
    idx left, right; /* y tick numbers and label; half of the last x number */
    idx gap;         /* between panels side by side */
    idx top;         /* above a block, */
    idx block_title; /* its title, */
    idx title;       /* the title of each panel, */
    idx bottom;    /* x tick numbers, below each row of panels that has some */
    idx x_label;   /* below the last block */
    idx height[5]; /* of a panel, as many side by side; 0: of one alone */
    idx bar;       /* colour scale of maps, with its numbers and label */
    idx legend_row, legend_line; /* the stroke (or letter) beside a label */
    idx caption_row;
    idx character; /* widest usual one */
    idx small;     /* the same of titles */
    double caption_character;
    idx mark_spacing; /* of marks on a curve of many points, */
    idx mark_phase;   /* so that curves that coincide show both */
    idx marked_max;   /* points of a curve that all get a mark */
    double room;      /* beyond the curves, so that none runs on the frame */
};

extern const struct look plot_picture, plot_letters_look;

enum {
    PLOT_TEXT_WIDTH_MAX = 400,
    PLOT_LABEL_BYTES = 8 * PLOT_TEXT_WIDTH_MAX,
    PLOT_CAPTION_LINES = 12,
};

/* Beyond the first and the last point of the x axis, of its length. */
#define PLOT_X_ROOM 0.02

/* What is being drawn. */
struct drawing {
    FILE *s; /* gnuplot's script */
    const struct plot *p;
    struct look look;
    enum picture_kind kind;
    struct span x, colours;
    bool has_maps;
    double font;    /* of the terminal, in its unit */
    idx height;     /* of the whole */
    idx legend_at;  /* top of the legend, */
    idx caption_at; /* of the caption */
};

/* A panel's place. */
struct place {
    idx left, right, top, bottom; /* of what it shows */
    bool has_x, has_y;            /* tick numbers, labels */
};

/* plot_frame - sizes of the drawing, which knows p and look. */
void plot_frame(struct drawing *d, idx legend_rows, idx caption_rows);

/* plot_place_of - panel k of block b. *title_at: where the block's title has
 * its middle. */
struct place plot_place_of(const struct drawing *d, idx b, idx k,
                           idx *title_at);

/* plot_set_margins - where what comes next is shown. */
void plot_set_margins(const struct drawing *d, struct place at);

/* plot_font - how large letters are, by the usual ones: "font ',9.6'". */
enum { PLOT_FONT_MAX = 32 };
const char *plot_font(char text[PLOT_FONT_MAX], const struct drawing *d,
                      double share);

/* plot_set_text - `set WHAT "text" WHERE`, on at most so many columns. */
void plot_set_text(const struct drawing *d, const char *what, const char *text,
                   idx columns, const char *where);

#endif
