/* html_data.h - what `compare --report` shows, as lines of JSON. */
#ifndef SINKLAB_HTML_DATA_H
#define SINKLAB_HTML_DATA_H

#include <stdio.h>

#include "report/compare_rows.h"

/* All curves of a page hold about so many numbers at most, each curve as many
 * as POINTS says; so 36 runs with 60 checkpoints stay below 2 MB. */
enum { CURVE_NUMBERS = 120000, POINTS_LEAST = 24, POINTS_MOST = 400 };

/* html_data_write - notes: lines. OK, ERR_IO, ERR_MEMORY. */
int html_data_write(FILE *out, const struct compare_rows *t, const char *notes,
                    struct err *e);

#endif
