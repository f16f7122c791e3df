/* html_data.h - what `compare --report` shows, as lines of JSON. */
#ifndef SINKLAB_HTML_DATA_H
#define SINKLAB_HTML_DATA_H

#include <stdio.h>

#include "report/compare_rows.h"

/* All curves of a page hold about so many numbers at most, each curve as many
 * as POINTS says; so 36 runs with 60 checkpoints stay below 2 MB. */
enum { CURVE_NUMBERS = 120000, POINTS_LEAST = 24, POINTS_MOST = 400 };

/* What the page holds of what others print, in lines. */
struct page_texts {
    const char *notes;  /* below compare's table */
    const char *claims; /* of claims_add */
};

/* html_data_write - OK, ERR_IO, ERR_MEMORY. */
int html_data_write(FILE *out, const struct compare_rows *t,
                    const struct page_texts *texts, struct err *e);

#endif
