/* progress.h - how far a run is, for people: one line rewritten in place on a
 * terminal, plain lines now and then elsewhere. Never part of results. */
#ifndef SINKLAB_PROGRESS_H
#define SINKLAB_PROGRESS_H

#include "base/base.h"
#include "base/stopwatch.h"

struct progress {
    idx first, last; /* steps: where this process began, where it ends */
    double tokens_per_step;
    double start_s, shown_s; /* clock */
    double first_s;          /* end of the first step, which is longer */
    bool is_terminal;
    double loss, sink; /* latest; NAN if not known */
};

void progress_start(struct progress *p, idx first, idx last,
                    double tokens_per_step);
/* After each step; prints if it is time to. On a terminal the line is left
 * without an end: terminal_end_line before anything else is said. */
void progress_step(struct progress *p, idx step);

#endif
