/* attention_show.h - `sinklab attention`: the attention of a sequence as a
 * table, and as a file of numbers or a picture. */
#ifndef SINKLAB_ATTENTION_SHOW_H
#define SINKLAB_ATTENTION_SHOW_H

#include <stdio.h>

#include "report/attention_map.h"

struct attention_show {
    struct attention_query query;
    const char *output; /* .h5, .svg, .png or .pdf; NULL: none */
    bool is_json;       /* the table is */
};

/* attention_show - OK; ERR_USAGE: no text, or an output of another ending;
 * ERR_BUSY: something else is there; ERR_DIVERGED: weights that are no numbers
 * (nothing is written); and as attention_map.h says. */
int attention_show(FILE *out, const struct attention_show *s, struct err *e);

#endif
