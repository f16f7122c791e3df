/* sweep_slurm.h - the runs of a sweep as array jobs of the batch system Slurm.
 *
 * A task trains one run of the frozen list (`sweep FOLDER --index I`). Warned
 * of its time limit, or preempted, it saves its state and is queued again; lost
 * with its node, Slurm queues it again. The scripts are in FOLDER/slurm, the
 * output of task I of job N in FOLDER/slurm/N_I.out. A job's name begins with
 * the sweep's and a hash of its folder, by which the queue is asked.
 */
#ifndef SINKLAB_SWEEP_SLURM_H
#define SINKLAB_SWEEP_SLURM_H

#include "sweep/sweep_options.h"
#include "sweep/sweep_folder.h"

/* sweep_submit - hand over all runs that are neither finished nor in the queue
 * already; s's lock must be held. OK, ERR_TOOL (no Slurm here, or it refuses),
 * ERR_CONFIG (a path it cannot take), ERR_IO, ERR_DATA, ERR_MEMORY. */
int sweep_submit(const struct sweep *s, const struct sweep_options *o,
                 struct err *e);

/* sweep_queue_notes - what Slurm last said of each run, "12_3 pending:
 * Resources"; empty where it knows nothing. is_all: of ended tasks, too.
 * *n: how many it knows. OK; ERR_TOOL: no Slurm here; ERR_IO, ERR_MEMORY. */
enum { QUEUE_NOTE_MAX = 160 };
int sweep_queue_notes(char (*notes)[QUEUE_NOTE_MAX], idx *n,
                      const struct sweep *s, bool is_all, struct err *e);

#endif
