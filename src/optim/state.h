/* state.h - a tensor of what an optimizer remembers from step to step. */
#ifndef SINKLAB_OPTIM_STATE_H
#define SINKLAB_OPTIM_STATE_H

#include "nn/param.h"

enum { OPTIM_STATE_NAME_MAX = PARAM_NAME_MAX + 16 };

struct optim_state {
    const char *slot;                /* what it is: "moment1" */
    char name[OPTIM_STATE_NAME_MAX]; /* of what: a tensor, "tensor.part" */
    int ndim;
    idx shape[PARAM_NDIM_MAX]; /* row-major */
    idx n;                     /* product of shape */
    int owner;                 /* the process that has it, where they share */
    real *values;              /* (n); NULL: another process has it */
};

#endif
