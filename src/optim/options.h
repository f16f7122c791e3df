/* options.h - the [optim] keys: optimizer, schedule, clipping, decay, groups.
 */
#ifndef SINKLAB_OPTIM_OPTIONS_H
#define SINKLAB_OPTIM_OPTIONS_H

#include "base/base.h"
#include "base/err.h"
#include "base/key.h"
#include "nn/param.h"

enum decay_kind { DECAY_ALL, DECAY_MATRICES };

struct optim_options {
    int name;  /* row of the table in optim/optimizer.c */
    int rest;  /* optimizer_rest() of what name does not treat */
    double lr; /* peak learning rate */
    /* Which optimizer reads what: optim_keys. */
    double beta1, beta2; /* decays of the first and second moment */
    double eps;          /* added to the root of the second moment */
    double momentum;     /* share of the step before that is kept */
    bool nesterov;       /* the step goes where momentum will lead */
    double muon_momentum;
    bool muon_nesterov;
    idx muon_steps;         /* of Newton-Schulz */
    int matrix_scale;       /* enum matrix_scale_kind */
    idx precondition_every; /* steps */
    idx precondition_max;   /* the longest side that is preconditioned */
    double weight_decay;    /* weights shrink by lr times it a step; or L2 */
    int decay;              /* enum decay_kind: which tensors decay */
    bool decay_scheduled;   /* lr above is the schedule's, else the peak */
    double lr_group[PARAM_GROUPS];    /* factors on lr; 0: does not learn */
    double decay_group[PARAM_GROUPS]; /* factors on weight_decay */
    char freeze[KEY_TEXT_MAX];        /* patterns of names of tensors */
    double clip;                      /* global gradient norm; 0 = off */
    int schedule;                     /* row of the schedule table */
    idx warmup_steps;                 /* linear from 0 */
    double min_lr;                    /* where schedules end, share of lr */
    double cooldown;                  /* wsd: share of the run */
    double drop;                      /* step: factor at each of */
    struct key_list drop_at;          /* these */
};

extern const struct key optim_keys[];
extern const idx n_optim_keys;

#endif
