/* optimizer.h - one kind of update, and the table of all of them.
 *
 * An optimizer is one file (optim_NAME.c) and one line in the table of
 * optimizer.c. It is of one of two kinds:
 *
 * - elementwise: `update` treats some numbers, all alike, and is called for
 *   stretches of a tensor, whose places it need not know;
 * - whole: `update_tensor` has a tensor and its shape: a matrix that was fused
 *   with others (queries', keys' and values') by itself.
 *
 * Each declares what it remembers (slot_names, more_states); that is zero at
 * first and is saved in resume.h5 by name. Walking the parameter table, groups,
 * freezing, clipping, scratch and threads are optim.c's. No update may look at
 * anything but what it is given, so results have the same bits for any number
 * of threads.
 */
#ifndef SINKLAB_OPTIMIZER_H
#define SINKLAB_OPTIMIZER_H

#include <math.h>

#include "base/base.h"
#include "base/op_text.h"
#include "kern/gemm.h"
#include "nn/param.h"

enum {
    OPTIM_SLOTS_MAX = 2,     /* as large as the weights */
    OPTIM_STATES_MAX = 8,    /* of one tensor, these included */
    OPTIM_ROTATIONS_MAX = 2, /* of one tensor */
};

struct optim_options;

/* What is treated as one: a tensor, or a matrix that is a part of it. */
struct tensor {
    const struct param *param;
    const char *part; /* name of the part; NULL: it is all of param */
    idx offset, n;    /* in the flat buffers */
    idx rows, cols;   /* row-major; a vector is one row */
};

/* What an update needs to know. */
struct update {
    const struct optim_options *options;
    idx step;        /* 1 for the first update */
    double lr;       /* of this step and this group of tensors */
    double decay;    /* weight decay of this tensor; 0 = none */
    double shrink;   /* decoupled decay: the weights' share that goes */
    real grad_scale; /* clipping, to be multiplied onto every gradient */
    real *trained;   /* where `look` puts it; of the same numbers as w */
    /* of update_tensor alone: */
    const struct gemm *gemm; /* who multiplies */
    const struct tensor *tensor;
    real *scratch;                              /* as much as was asked for */
    const real *rotations[OPTIM_ROTATIONS_MAX]; /* (n,n), NULL: n = 0 */
};

/* A state of any shape. */
struct state_shape {
    const char *name;
    int ndim;
    idx shape[PARAM_NDIM_MAX];
};

struct optimizer {
    struct op_text text;
    /* It is for matrices within blocks; all others are [optim] rest's. */
    bool is_for_matrices;
    bool is_rest;  /* may be [optim] rest, which must be elementwise */
    bool has_eval; /* see look */
    idx n_slots;   /* numbers remembered for each parameter */
    const char *slot_names[OPTIM_SLOTS_MAX];
    /* states behind these; returns how many, or NULL: none */
    idx (*more_states)(struct state_shape *list, const struct tensor *t,
                       const struct optim_options *o);

    /* Elementwise. w (n) in, out; g (n) in; state[i] (n) in, out; those of
     * more_states are whole, and only read here. */
    void (*update)(real *restrict w, const real *restrict g, real *const *state,
                   idx n, const struct update *u);
    /* Before that, once a tensor: write those of more_states; or NULL. */
    void (*begin)(real *const *state, const struct update *u);

    /* Whole; then update is NULL. w, g, state as above, of the whole tensor. */
    void (*update_tensor)(real *restrict w, const real *restrict g,
                          real *const *state, const struct update *u);
    /* Reals of scratch it wants; NULL: none. */
    idx (*scratch)(const struct tensor *t, const struct optim_options *o);
    /* Sizes of fixed random orthogonal matrices it wants, one for all tensors
     * that want one of its size; 0: none. NULL: none at all. */
    void (*rotations)(idx sizes[OPTIM_ROTATIONS_MAX], const struct tensor *t);

    /* Where has_eval, gradients are not taken at the weights, which are what
     * is measured and kept, but at what this makes of them: trained (n) out.
     * update ends with the same. */
    void (*look)(real *restrict trained, const real *restrict w,
                 real *const *state, idx n, const struct optim_options *o);
};

static inline real real_sqrt(real x)
{
#ifdef SINKLAB_DOUBLE
    return sqrt(x);
#else
    return sqrtf(x);
#endif
}

/* Row i is what the key [optim] name calls optimizer_name(i). */
extern const struct optimizer *const optimizers[]; /* ends with NULL */
const char *optimizer_name(int i);                 /* NULL past the end */

/* The same of [optim] rest: those that is_rest, in the table's order. */
const struct optimizer *optimizer_rest(int i);
const char *optimizer_rest_name(int i);

#endif
