/* learning_rate.h - the learning rate of an update: the warm-up, and behind it
 * the schedule. */
#ifndef SINKLAB_LEARNING_RATE_H
#define SINKLAB_LEARNING_RATE_H

#include "optim/options.h"

/* schedule_lr - learning rate of update `step` (from 1) of `steps`: linear
 * warm-up from 0, then constant, cosine or linear down to min_lr * lr. */
double schedule_lr(const struct optim_options *o, idx step, idx steps);

#endif
