/* options.h - the [optim] keys: optimizer, schedule, clipping, decay. */
#ifndef SINKLAB_OPTIM_OPTIONS_H
#define SINKLAB_OPTIM_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"

enum decay_kind { DECAY_ALL, DECAY_MATRICES };

struct optim_options {
    int name;            /* row of the table in optim/optimizer.c */
    double lr;           /* peak learning rate */
    double beta1, beta2; /* AdamW */
    double eps;          /* AdamW */
    double momentum;     /* SGD */
    double weight_decay; /* decoupled: theta *= 1 - lr * weight_decay */
    int decay;           /* enum decay_kind: which tensors decay */
    double clip;         /* global gradient norm; 0 = off */
    int schedule;        /* row of the schedule table */
    idx warmup_steps;    /* linear from 0 */
    double min_lr;       /* where cosine and linear end, share of lr */
};

extern const struct key optim_keys[];
extern const idx n_optim_keys;

#endif
