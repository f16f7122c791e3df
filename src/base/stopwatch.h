/* stopwatch.h - a clock, and where the time of something that is done again and
 * again goes, as the first thread sees it.
 *
 * The thread's time line is cut wherever stopwatch_mark is called, and each
 * piece is booked on one part; so the parts sum to the wall time between
 * stopwatch_start and the last mark. What parts there are says who times. Costs
 * a clock reading a mark; a NULL stopwatch costs a comparison.
 */
#ifndef SINKLAB_STOPWATCH_H
#define SINKLAB_STOPWATCH_H

#include "base/base.h"

enum { STOPWATCH_PARTS_MAX = 16 };

struct stopwatch {
    double last_s;
    double part_s[STOPWATCH_PARTS_MAX];
};

/* Seconds on a clock that only goes forward. */
double clock_s(void);

void stopwatch_start(struct stopwatch *w);

/* Book the time since the last mark on a part, 0 .. STOPWATCH_PARTS_MAX-1. Only
 * the first thread of a team books; the others return at once. w may be NULL.
 */
void stopwatch_mark(struct stopwatch *w, int part);

#endif
