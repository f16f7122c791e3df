/* formation.h - when a sink formed, and in which layer and head: from curves of
 * the weight on the first token. Pure functions.
 *
 * The run's sink_1 has emerged at the first step at which it is above
 * SINK_EMERGED, as `compare` has it. A head has formed a strong sink at the
 * first step at which it gives the first token half of its weight, there and at
 * the next one (transition.h); it was born in the first layer in which a head
 * has more than 0.3 then, in the head of it that has most.
 */
#ifndef SINKLAB_FORMATION_H
#define SINKLAB_FORMATION_H

#include "base/base.h"
#include "base/text.h"

/* Shares of sinks: the study's default model ends at 18 % (arXiv 2410.10781),
 * and passes 10 % on the way; of an untrained one uniform attention gives
 * none. */
#define SINK_EMERGED 0.1

/* emerged_print - of shares (n), sink_1 at steps (n), n > 0: when they emerged,
 * and the last one; a sentence without its end. Returns whether they did. */
bool emerged_print(struct text *t, const double *share, const int64_t *steps,
                   idx n);

struct formation {
    bool is_formed;
    bool is_gone;    /* formed, and at the last step it is no more so */
    idx n;           /* steps looked at; of fewer than two it cannot be told */
    idx at;          /* number of the step; of is_formed, as all below */
    idx layer, head; /* from 0 */
    double mass;     /* of that head at that step */
};

/* formation_find - mass (n,L,H): shares of the weight on the first token. NaN
 * is no sink. */
struct formation formation_find(const double *mass, idx n, idx L, idx H);

/* formation_print - a sentence without its end; steps (n): of the mass. */
void formation_print(struct text *t, const struct formation *f,
                     const char *column, const int64_t *steps);

#endif
