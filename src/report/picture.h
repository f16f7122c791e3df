/* picture.h - a picture file drawn by gnuplot: its kind, its size, its bytes.
 * What is on it its caller says (plot.c, attention_plot.c). */
#ifndef SINKLAB_PICTURE_H
#define SINKLAB_PICTURE_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"

enum picture_kind {
    PICTURE_TEXT, /* letters: no file's name asks for it */
    PICTURE_SVG,
    PICTURE_PNG,
    PICTURE_PDF,
};

/* picture_kind_of - what a file's name ends in; PICTURE_TEXT: in nothing of
 * these. */
enum picture_kind picture_kind_of(const char *path);

/* picture_font - so many pixels in the unit in which gnuplot wants a font of
 * such a picture. */
double picture_font(enum picture_kind kind, double pixels);

/* picture_terminal - the script's first lines: a white picture of width x
 * height pixels (of letters: columns x lines), with letters of so many pixels.
 * 120 pixels of a PDF are an inch. */
void picture_terminal(FILE *script, enum picture_kind kind, idx width,
                      idx height, double font);

/* picture_box - what comes next is shown there, in pixels of a picture of
 * width x height. */
struct picture_box {
    idx left, right, top, bottom;
};
void picture_box(FILE *script, idx width, idx height, struct picture_box b);

/* picture_draw - run gnuplot over what print writes, which begins with
 * picture_terminal. The same script gives the same bytes with the same gnuplot:
 * no date is left in them. The caller frees *bytes (n bytes, then a NUL).
 * OK; ERR_TOOL, ERR_IO, ERR_MEMORY (report/gnuplot.h). */
int picture_draw(char **bytes, size_t *n, enum picture_kind kind,
                 void (*print)(FILE *script, void *context), void *context,
                 struct err *e);

#endif
