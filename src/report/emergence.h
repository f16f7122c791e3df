/* emergence.h - when a sink has emerged: one threshold a metric, and why. */
#ifndef SINKLAB_EMERGENCE_H
#define SINKLAB_EMERGENCE_H

#include <stdio.h>

#include "base/err.h"
#include "report/compare_options.h"
#include "report/series.h"

struct emergence {
    bool is_asked;    /* false: there is no threshold to ask for */
    bool is_below;    /* it has emerged when the column is below it */
    bool is_usual;    /* not the user's own */
    double threshold; /* in the file's unit */
    const char *why;  /* of a usual one */
};

enum { TOKENS_USUAL = 64 }; /* of sink.tokens, where no run says it */

/* emergence_of - what counts as emerged: --threshold, or the usual one of the
 * metric, which for shares of attention is twice what uniform attention over
 * so many tokens gives. */
struct emergence emergence_of(const struct compare_options *o, idx tokens);

/* emergence_of_column - the usual one of this column. */
struct emergence emergence_of_column(const char *column, idx tokens);

/* emergence_check - can the metric be on either side of --threshold? OK or
 * ERR_USAGE: it is a share, and the threshold not in 0..1. */
int emergence_check(const struct compare_options *o, struct err *e);

/* Is this value beyond the threshold? */
bool emergence_holds(const struct emergence *m, double value);

/* emergence_find - first step with a value beyond the threshold; false if
 * there is none. */
bool emergence_find(double *step, const struct series *s,
                    const struct emergence *m);

/* emergence_is_gone - is the last value, if there is one, not beyond it? */
bool emergence_is_gone(const struct series *s, const struct emergence *m);

/* emergence_print - the line that says what "emerged" means, without its
 * end. */
void emergence_print(FILE *out, const struct compare_options *o,
                     const struct emergence *m);

#endif
