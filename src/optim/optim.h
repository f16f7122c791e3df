/* optim.h - an update of all weights: gradient norm, clipping, decay, groups,
 * and whichever optimizer (optimizer.h) it is.
 *
 * What does not learn - its name is frozen, or its group's learning rate is 0 -
 * keeps its bits, has no part in the gradient norm, and its state stays.
 */
#ifndef SINKLAB_OPTIM_H
#define SINKLAB_OPTIM_H

#include "base/arena.h"
#include "base/err.h"
#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/state.h"
#include "optim/update_sums.h"

/* A tensor and who updates it. */
struct optim_unit {
    struct tensor tensor;
    const struct optimizer *kind;
    double lr_factor, decay;
    bool is_fixed; /* it does not learn */
    int owner;     /* the process that updates it, where they share */
    bool is_state; /* PARAM_STATE: follows, is not trained */
    idx n_states;
    struct optim_state *states; /* (n_states) */
    real *values[OPTIM_STATES_MAX];
    const real *rotations[OPTIM_ROTATIONS_MAX];
    idx first, n_stretches; /* its stretches, of all */
};

/* Random orthogonal matrices, one a size. */
enum { OPTIM_SIZES_MAX = 64 };
struct optim_rotation {
    idx n;
    real *q; /* (n,n) */
};

/* A stretch of one tensor: the unit of work of a thread, of fixed size. */
struct stretch {
    const struct optim_unit *unit;
    idx from, n; /* within the tensor */
};

/* What it takes to see how large an update was. */
struct optim_watch {
    double *change, *weights; /* (n_stretches) sums of squares */
    real *before;             /* (threads, before_n) weights before it */
    idx before_n;
};

struct optim {
    const struct optim_options *options; /* borrowed, as the table is */
    const struct optimizer *kind;
    const struct gemm *gemm;    /* who multiplies: OpenBLAS, if none else is
                                   put here behind optim_plan */
    struct optim_unit *units;   /* in the order of the table */
    struct optim_state *states; /* unit by unit */
    struct stretch *stretches;  /* of all units, in their order */
    struct optim_unit **wholes; /* those with update_tensor, large ones first */
    double *partial;            /* (n_stretches) sums of squares */
    struct optim_watch watch;   /* after optim_plan_watch */
    real *scratch;              /* (threads, scratch_n) */
    real *trained;              /* (table total); NULL: the weights are */
    struct optim_rotation rotations[OPTIM_SIZES_MAX];
    idx n_units, n_states, n_stretches, n_wholes, n_rotations, scratch_n;
    idx whole_n; /* numbers of the largest of wholes */
    idx total;   /* the table's */
    int threads;
    int part, n_parts; /* processes share the units; 0, 1: one has them all */
};

/* optim_check - do the patterns of options->freeze each name a tensor, and is
 * there what a schedule needs? OK, ERR_CONFIG. */
int optim_check(const struct optim_options *o, const struct param_table *t,
                struct err *e);

/* optim_check_factors - has each factor on a group of tensors one to move? OK,
 * ERR_CONFIG. */
int optim_check_factors(const struct optim_options *o,
                        const struct param_table *t, struct err *e);

/* optim_plan - place states and work lists in the arena (measure first). */
void optim_plan(struct optim *s, struct arena *arena,
                const struct optim_options *o, const struct param_table *t,
                int threads);

/* optim_plan_part - the same of one of n_parts processes, each of which updates
 * some units that follow each other and has their states alone. optim_cut -
 * where in the flat buffers the part of process i begins; of n_parts: the
 * total. optim_cut_stretches - the same among the stretches. */
void optim_plan_part(struct optim *s, struct arena *arena,
                     const struct optim_options *o, const struct param_table *t,
                     int threads, int part, int n_parts);
idx optim_cut(const struct optim *s, int i);
idx optim_cut_stretches(const struct optim *s, int i);

/* Numbers that all states have together. */
idx optim_state_numbers(const struct optim_options *o,
                        const struct param_table *t);

/* optim_look - states or weights w (table total) were written from outside. */
void optim_look(const struct optim *s, const real *w);

/* Where gradients are to be taken, given the weights: they themselves, unless
 * the optimizer looks elsewhere (schedule-free). */
const real *optim_trained(const struct optim *s, const real *w);

/* Global l2 norm of the gradients dw (table.total), in double, the same for any
 * threads. */
double optim_grad_norm(const struct optim *s, const real *dw);

/* The same in two halves: sums of squares of each stretch that is updated here
 * (s->partial), and the norm from those of all. */
void optim_norm_parts(const struct optim *s, const real *dw);
double optim_norm_of_parts(const struct optim *s);

/* optim_step - update number `step` (from 1) of all weights at learning rate
 * lr; gradients are clipped to options->clip given their norm, and set to zero
 * afterwards, ready for the next accumulation. */
void optim_step(const struct optim *s, real *w, real *dw, idx step, double lr,
                double grad_norm);

/* optim_plan_watch - behind optim_plan: place what optim_step_watched needs. */
void optim_plan_watch(struct optim *s, struct arena *arena);

/* optim_step_watched - the same step, to the bit. sums (table count) out: how
 * large the update of each tensor was, given that the gradients are those that
 * optim_grad_norm saw last; the same for any threads. */
void optim_step_watched(const struct optim *s, struct update_sums *sums,
                        const struct param_table *t, real *w, real *dw,
                        idx step, double lr, double grad_norm);

/* optim_sums - sums (table count) out: from what was seen of all stretches,
 * s->watch and s->partial. */
void optim_sums(const struct optim *s, struct update_sums *sums,
                const struct param_table *t);

#endif
