/* dry_run.h - `train --dry-run`: what a run takes, and how long. */
#ifndef SINKLAB_DRY_RUN_H
#define SINKLAB_DRY_RUN_H

#include <stdio.h>

#include "config/config.h"

struct dry_run_options {
    double rate; /* tokens a second; 0: some steps are timed */
    bool is_json;
    bool is_begun; /* there is such a run */
    idx done;      /* steps that a run has behind it already */
};

/* dry_run_print - parameters, tokens, memory, checkpoints and their size,
 * floating-point operations, and the time that is left; of the run that
 * would go to dir. Nothing is written. A machine that cannot train it says
 * why there is no time. OK, or why the run cannot be built. */
int dry_run_print(FILE *out, const struct config *c, const char *dir,
                  const struct dry_run_options *o, struct err *e);

#endif
