/* run_timing.h - how long a run will take, from a few of its steps. Nothing is
 * saved; how long that takes is not counted. */
#ifndef SINKLAB_RUN_TIMING_H
#define SINKLAB_RUN_TIMING_H

#include "train/plan.h"

/* Seconds of its parts. */
struct run_timing {
    double step_s;         /* an update */
    double probe_s, val_s; /* a sink probe, a validation */
    double flops;          /* of an update */
};

/* run_timing_measure - steps of the config for about a second, one at least
 * beside one to warm up; a probe and a validation, if there are any. OK or the
 * codes of session_open. */
int run_timing_measure(struct run_timing *t, const struct config *c,
                       struct err *e);

/* run_timing_total - seconds of a run of c that goes on from a step, which p
 * describes, if what it does takes as long as what was timed, floating-point
 * operation by floating-point operation. */
double run_timing_total(const struct run_timing *t, const struct plan *p,
                        const struct config *c, idx from);

/* run_timing_at - the same if training takes `rate` tokens a second, and what
 * is only measured, validations and probes, a third of the time a token; p is
 * of plan_run. */
double run_timing_at(double rate, const struct plan *p, const struct config *c,
                     idx from);

#endif
