/* window.h - the last values of a number that is measured each update, and how
 * far the next one lies from them. They are saved with a run's state, so that a
 * run that was interrupted goes on with the same numbers.
 */
#ifndef SINKLAB_WINDOW_H
#define SINKLAB_WINDOW_H

#include "base/base.h"
#include "metric/options.h"

/* As many as llm.c and OLMo look back on; OLMo judges from half of them on. */
enum { WINDOW_VALUES = 128, WINDOW_LEAST = WINDOW_VALUES / 2 };

struct window {
    char name[COLUMN_NAME_MAX];   /* what of */
    idx n;                        /* values so far, at most WINDOW_VALUES */
    double values[WINDOW_VALUES]; /* the oldest first */
};

/* window_add - x is the newest; the oldest goes if there is no room. */
void window_add(struct window *w, double x);

/* window_z - (x - mean) / standard deviation (divisor n - 1) of the values,
 * among which x is not. NAN: they are all alike, or one is not a number. */
double window_z(const struct window *w, double x);

#endif
