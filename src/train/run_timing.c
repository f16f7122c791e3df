#include "train/run_timing.h"

#include <stdlib.h>

#include "base/stopwatch.h"
#include "train/session.h"

static const double TIMING_S = 1; /* of steps: the mean is good to a few % */

/* A token of training costs a forward pass and, twice that, a backward one;
 * model_flops_per_token counts so, too. */
static const double PASSES = 3;

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
    struct session *s = malloc(sizeof *s);
    *t = (struct run_timing){ 0 };
    if (!s)
        return err_memory(e, NULL);
    if (session_open(s, c, true, e) == OK) {
        t->step_s = time_step(s);
        double start = clock_s();
        if (c->sink.probe_every)
            meter_run(&s->meter);
        t->probe_s = clock_s() - start;
        start = clock_s();
        if (c->train.val_every)
            session_validate(s);
        t->val_s = clock_s() - start;
        t->flops = model_flops_per_token(&s->model, c->model.context) *
                   session_tokens(c, 1);
    }
    session_release(s);
    free(s);
    return e->code;
}

double run_timing_total(const struct run_timing *t, const struct plan *p,
                        const struct config *c, idx from)
{
    idx steps = idx_max(0, c->train.steps - from);
    double scale = p->flops_per_token * session_tokens(c, 1) / t->flops;
    return scale * ((double)steps * t->step_s +
                    plan_times(c, c->sink.probe_every, from) * t->probe_s +
                    plan_times(c, c->train.val_every, from) * t->val_s);
}

double run_timing_at(double rate, const struct plan *p, const struct config *c,
                     idx from)
{
    idx steps = idx_max(0, c->train.steps - from);
    double watched =
        plan_times(c, c->sink.probe_every, from) * p->probe_tokens +
        plan_times(c, c->train.val_every, from) * p->val_tokens;
    return (session_tokens(c, steps) + watched / PASSES) / rate;
}
