/* sweep_launch.h - the local launcher: the runs of a sweep as processes of this
 * machine, several at a time.
 *
 * A run is started by `sinklab train`, as a user would, in its own folder, with
 * its output in log.txt there. Its state is what that folder says, so nothing
 * is lost with the launcher: the next one goes on where the runs are.
 */
#ifndef SINKLAB_SWEEP_LAUNCH_H
#define SINKLAB_SWEEP_LAUNCH_H

#include "sweep/sweep_options.h"
#include "sweep/sweep_folder.h"

/* sweep_launch - run all that is not finished; s's lock must be held. A run
 * that fails is tried again (o->retries) and never stops the others.
 * OK: all runs are done, stopped by a rule of their own, or diverged.
 * ERR_RUNS: some failed. ERR_INTERRUPTED: by a signal; runs under way have
 * saved their state. ERR_IO: the journal or a process could not be had; runs
 * under way were stopped likewise. ERR_MEMORY. */
int sweep_launch(const struct sweep *s, const struct sweep_options *o,
                 struct err *e);

#endif
