/* laps.h - where the time of a step goes, as the first thread sees it.
 *
 * The thread's time line is cut wherever laps_mark is called, and each piece is
 * booked on one part; so the parts sum to the wall time between laps_start and
 * the last mark. Costs a clock reading a mark; NULL laps cost a comparison.
 */
#ifndef SINKLAB_LAPS_H
#define SINKLAB_LAPS_H

#include "base/base.h"

enum part {
    PART_DATA,   /* making batches */
    PART_EMBED,  /* embedding, forward and backward */
    PART_NORM,   /* norms and residual copies */
    PART_QKV,    /* linear layers of attention, positions */
    PART_SCORES, /* attention products */
    PART_ROWS,   /* row maps and what stands around them */
    PART_FFN,    /* feed-forward, its activation included */
    PART_GRADS,  /* weight gradients of the blocks */
    PART_HEAD,   /* final norm, head, loss, gradient of the head */
    PART_OPTIM,  /* gradient norm, optimizer */
    PART_PROBE,  /* measuring sinks and validation loss */
    PART_CHECKPOINT,
    PART_WAIT, /* for the other threads */
    PARTS
};

struct laps {
    double last_s;
    double part_s[PARTS];
};

const char *part_name(enum part p);

/* Seconds on a clock that only goes forward. */
double clock_s(void);

void laps_start(struct laps *l);

/* Book the time since the last mark on part p. Only the first thread of a team
 * books; the others return at once. l may be NULL. */
void laps_mark(struct laps *l, enum part p);

#endif
