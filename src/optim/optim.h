/* optim.h - optimizers, gradient norm and learning-rate schedules.
 *
 * An optimizer is one file (optim_NAME.c) and one line in the table: an update
 * of some numbers that are all treated alike. Walking the parameter table,
 * clipping, decay and threads are done here for all of them; their slots are
 * saved in resume.h5 by name.
 */
#ifndef SINKLAB_OPTIM_H
#define SINKLAB_OPTIM_H

#include "base/arena.h"
#include "nn/param.h"
#include "optim/options.h"

enum { OPTIM_SLOTS_MAX = 2 };

/* What an update of one stretch of numbers needs to know. */
struct update {
    const struct optim_options *options;
    idx step;        /* 1 for the first update */
    double lr;       /* of this step */
    double decay;    /* weight decay of this tensor; 0 = none */
    real grad_scale; /* clipping, to be multiplied onto every gradient */
};

struct optimizer {
    const char *name, *formula, *source;
    idx n_slots; /* numbers remembered for each parameter */
    const char *slot_names[OPTIM_SLOTS_MAX];
    /* w (n) in, out; g (n) in; slot[i] (n) in, out */
    void (*update)(real *restrict w, const real *restrict g, real *const *slot,
                   idx n, const struct update *u);
};

extern const struct optimizer *const optimizers[]; /* ends with NULL */
const char *optimizer_name(int i);                 /* NULL past the end */

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

/* schedule_lr - learning rate of update `step` (from 1) of `steps`: linear
 * warm-up from 0, then constant, cosine or linear down to min_lr * lr. */
double schedule_lr(const struct optim_options *o, idx step, idx steps);
const char *schedule_name(int i); /* NULL past the end */

#endif
