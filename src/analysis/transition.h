/* transition.h - what turns in a model while it trains, and when it has turned:
 * one definition for each. Pure functions.
 *
 * A transition has formed at the first step at which its column is at its
 * threshold or beyond, there and at the next one that was measured: one step
 * may be chance.
 */
#ifndef SINKLAB_TRANSITION_H
#define SINKLAB_TRANSITION_H

#include "base/base.h"

enum transition_kind {
    TRANSITION_PREVIOUS,
    TRANSITION_INDUCTION,
    TRANSITION_SINK,
    TRANSITION_MASSIVE,
    TRANSITION_DRAIN,
    TRANSITIONS
};

struct transition {
    const char *name;
    const char *column; /* that it is seen in, always: of the head or depth that
                           shows it most */
    double threshold;
    bool is_below;   /* formed at the threshold or below it */
    const char *why; /* this threshold */
};

extern const struct transition transitions[TRANSITIONS];

/* The one that is seen in this column, or NULL. */
const struct transition *transition_of(const char *column);

/* Is this value at the threshold or beyond? NaN is not. */
bool transition_holds(const struct transition *t, double value);

/* transition_find - number of the step at which it formed, of n in order that
 * were measured; -1: it did not. value: that of step i. */
idx transition_find(const struct transition *t,
                    double (*value)(const void *of, idx i), const void *of,
                    idx n);

#endif
