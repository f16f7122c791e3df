/* optim.h - an update of all weights: gradient norm, clipping, decay,
 * and whichever optimizer (optimizer.h) it is.
 */
#ifndef SINKLAB_OPTIM_H
#define SINKLAB_OPTIM_H

#include "base/arena.h"
#include "nn/param.h"
#include "optim/optimizer.h"
#include "optim/options.h"

/* A stretch of one tensor: the unit of work of a thread, of fixed size. */
struct stretch {
    idx offset, n;
    bool decays;
    bool is_state; /* PARAM_STATE: follows, is not trained */
};

struct optim {
    const struct optim_options *options; /* borrowed */
    const struct optimizer *kind;
    real *slots[OPTIM_SLOTS_MAX]; /* (table total), zero at first */
    struct stretch *stretches;
    double *partial; /* (n_stretches) sums of squares */
    idx n_stretches;
    int threads;
};

/* optim_plan - place slots and work lists in the arena (measure first). */
void optim_plan(struct optim *s, struct arena *arena,
                const struct optim_options *o, const struct param_table *t,
                int threads);

/* Global l2 norm of the gradients, in double, the same for any threads. */
double optim_grad_norm(const struct optim *s, const real *dw);

/* optim_step - update number `step` (from 1) of all weights at learning rate
 * lr; gradients are clipped to options->clip given their norm, and set to zero
 * afterwards, ready for the next accumulation. */
void optim_step(const struct optim *s, real *w, real *dw, idx step, double lr,
                double grad_norm);

#endif
