/* optimizer.h - one kind of update, and the table of all of them.
 *
 * An optimizer is one file (optim_NAME.c) and one line in the table of
 * optimizer.c: an update of some numbers that are all treated alike. Walking
 * the parameter table, clipping, decay and threads are done in optim.c for all
 * of them; their slots are saved in resume.h5 by name.
 */
#ifndef SINKLAB_OPTIMIZER_H
#define SINKLAB_OPTIMIZER_H

#include "base/base.h"
#include "base/op_text.h"

enum { OPTIM_SLOTS_MAX = 2 };

struct optim_options;

/* What an update of one stretch of numbers needs to know. */
struct update {
    const struct optim_options *options;
    idx step;        /* 1 for the first update */
    double lr;       /* of this step */
    double decay;    /* weight decay of this tensor; 0 = none */
    real grad_scale; /* clipping, to be multiplied onto every gradient */
};

struct optimizer {
    struct op_text text;
    idx n_slots; /* numbers remembered for each parameter */
    const char *slot_names[OPTIM_SLOTS_MAX];
    /* w (n) in, out; g (n) in; slot[i] (n) in, out */
    void (*update)(real *restrict w, const real *restrict g, real *const *slot,
                   idx n, const struct update *u);
};

/* Row i is what the key [optim] name calls optimizer_name(i). */
extern const struct optimizer *const optimizers[]; /* ends with NULL */
const char *optimizer_name(int i);                 /* NULL past the end */

#endif
