/* plan.h - which steps keep a checkpoint, and what a run will cost. */
#ifndef SINKLAB_PLAN_H
#define SINKLAB_PLAN_H

#include <stdio.h>

#include "io/config.h"

/* Does the schedule keep a weights file of this step? Always 0 and the last. */
bool plan_keeps(const struct config *c, idx step);

/* Is a full state saved after this step? */
bool plan_saves_state(const struct config *c, idx step);

/* plan_print - `train --dry-run`: parameters, tokens, memory, checkpoints and
 * their size, floating-point operations. OK, or why the run cannot be built. */
int plan_print(FILE *out, const struct config *c, const char *dir,
               struct err *e);

#endif
