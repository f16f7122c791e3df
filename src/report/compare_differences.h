/* compare_differences.h - how groups differ from one of them, for people: a
 * table with a line for each measure and group, and the words below it. */
#ifndef SINKLAB_COMPARE_DIFFERENCES_H
#define SINKLAB_COMPARE_DIFFERENCES_H

#include "report/compare_sheet.h"

/* differences_grid - fill a zeroed grid with the differences from the base,
 * where any is over more than one seed; else the grid stays empty. *n_lines:
 * how many there are, of which the grid gets the first `most`. OK or
 * ERR_MEMORY. */
int differences_grid(struct grid *g, const struct compare_rows *t, idx most,
                     idx *n_lines, struct err *e);

/* Lines: differences_title above the table; differences_words below it: what
 * its columns mean. differences_notes: what is not in it, and why. */
void differences_title(FILE *out, const struct compare_rows *t);
void differences_words(FILE *out, const struct compare_rows *t);
void differences_notes(FILE *out, const struct compare_rows *t);

#endif
