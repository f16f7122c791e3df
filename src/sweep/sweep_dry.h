/* sweep_dry.h - what a sweep would cost: `sinklab sweep --dry-run`. */
#ifndef SINKLAB_SWEEP_DRY_H
#define SINKLAB_SWEEP_DRY_H

#include "sweep/sweep_file.h"

/* sweep_dry_run - print the runs, their number and parameters, expected time
 * and disk, from a short timing of the first; is_json: for programs, an object
 * on a line. Writes nothing. As sweep_expand, sweep_open, session_open. */
int sweep_dry_run(const struct sweep_file *f, bool is_json, struct err *e);

#endif
