/* sample.h - one sample as a run reads it, to be shown: for people, or as a
 * line of JSON. */
#ifndef SINKLAB_SAMPLE_H
#define SINKLAB_SAMPLE_H

#include <stdio.h>

#include "data/source.h"
#include "data/token_text.h"

struct sample {
    const struct source *source;
    enum split split;
    idx index;
    idx update; /* the update that reads it, from 1; 0: none does */
    const struct batch *batch; /* this sequence alone, as the model gets it */
    const struct row *row;     /* where it came from */
    const int32_t *unedited;   /* (row->n) its tokens, had no edit been */
};

/* Names of the splits, in their order. */
extern const char *const split_names[SPLITS];

/* sample_print_json - one object on one line; docs/DATA.md, "head", has its
 * members. OK or ERR_MEMORY. */
int sample_print_json(FILE *out, const struct sample *s, struct err *e);

/* sample_print_text - its tokens in lines of at most 80 columns, marked below
 * where something is to be known of them. */
void sample_print_text(FILE *out, const struct sample *s,
                       const struct token_text *text);

/* What the marks mean, a line. */
void sample_print_legend(FILE *out);

#endif
