#include "train/run_timing.h"

#include "base/stopwatch.h"
#include "train/session.h"

static const double TIMING_S = 1; /* of steps: the mean is good to a few % */

/* Steps that diverge take as long as others. */
static double time_step(struct session *s)
{
    struct update_result u;
    struct err diverged = { 0 };
    session_update(s, 0, &u, &diverged); /* warm */
    double start = clock_s(), now = start;
    idx n = 0;
    while (n == 0 || (now - start < TIMING_S && !diverged.code)) {
        session_update(s, ++n, &u, &diverged);
        now = clock_s();
    }
    return (now - start) / (double)n;
}

int run_timing_measure(struct run_timing *t, const struct config *c,
                       struct err *e)
{
    struct session s = { 0 };
    *t = (struct run_timing){ 0 };
    if (session_open(&s, c, true, e) == OK) {
        t->step_s = time_step(&s);
        double start = clock_s();
        if (c->sink.probe_every)
            meter_run(&s.meter);
        t->probe_s = clock_s() - start;
        start = clock_s();
        if (c->train.val_every)
            session_validate(&s);
        t->val_s = clock_s() - start;
        t->flops = model_flops_per_token(&s.model, c->model.context) *
                   session_tokens(c, 1);
    }
    session_release(&s);
    return e->code;
}

static double times(idx steps, idx every)
{
    return every ? (double)(steps / every + 1) : 0;
}

double run_timing_total(const struct run_timing *t, const struct plan *p,
                        const struct config *c)
{
    idx steps = c->train.steps;
    double scale = p->flops_per_token * session_tokens(c, 1) / t->flops;
    return scale * ((double)steps * t->step_s +
                    times(steps, c->sink.probe_every) * t->probe_s +
                    times(steps, c->train.val_every) * t->val_s);
}
