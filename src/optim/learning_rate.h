/* learning_rate.h - the learning rate of an update: the warm-up, and behind it
 * the schedule. */
#ifndef SINKLAB_LEARNING_RATE_H
#define SINKLAB_LEARNING_RATE_H

#include "optim/options.h"

/* schedule_lr - learning rate of update `step` (from 1) of `steps`: linear
 * warm-up from 0, then as the schedule says, down to min_lr * lr. */
double schedule_lr(const struct optim_options *o, idx step, idx steps);

/* schedule_jumps - would one of the first `step` updates have had another rate
 * in a run of `longer` steps than in one of `steps`? Then a run that has done
 * them and goes on for longer is not one that was planned so. */
bool schedule_jumps(const struct optim_options *o, idx step, idx steps,
                    idx longer);

#endif
