/* sweep_tasks.h - the runs of a sweep as a launcher sees them: what each one
 * costs, how far it is, and what may still be started. */
#ifndef SINKLAB_SWEEP_TASKS_H
#define SINKLAB_SWEEP_TASKS_H

#include <sys/types.h>

#include "sweep/sweep_options.h"
#include "sweep/sweep_folder.h"

enum { TASK_NOTE_MAX = 256 };

struct sweep_task {
    const struct sweep_run *run;
    enum run_state state; /* RUN_PENDING: to be started; RUN_RUNNING: as a job
                             of ours; RUN_FAILED: given up; else its end */
    idx steps;            /* planned */
    double flops;         /* of all its steps */
    size_t bytes;         /* of memory, the process included */

    idx step;    /* newest that is known */
    double loss; /* nats, of that step; NAN: not known */

    idx failures;        /* since the launcher began */
    idx refusals;        /* in a row: it was in use */
    bool is_awaited;     /* people were told that it is in use */
    double not_before_s; /* clock; when it may be started */
    double started_s;    /* clock */
    idx start_step;      /* where this launcher's first start found it */
    pid_t process;
    char note[TASK_NOTE_MAX]; /* why it failed */
};

struct sweep_tasks {
    const struct sweep *sweep; /* borrowed */
    idx n;
    struct sweep_task *tasks; /* (n) dropped runs are left out */
    idx count[RUN_STATES];    /* tasks in each state */
};

/* sweep_tasks_init - read every run's configuration and state. Those that
 * ended are finished; all others wait, failed ones, too: their cause may be
 * gone. OK, ERR_CONFIG, ERR_DATA, ERR_IO, ERR_MEMORY; release in any case. */
int sweep_tasks_init(struct sweep_tasks *t, const struct sweep *s,
                     const struct sweep_options *o, struct err *e);
void sweep_tasks_release(struct sweep_tasks *t);

/* Change the state of a task that is not finished. */
void sweep_task_set(struct sweep_tasks *t, struct sweep_task *task,
                    enum run_state state);

/* sweep_at_once - how many of n runs that wait are under way at once: o->jobs,
 * or as many as there are cores for, and memory (available_bytes; 0: nobody
 * looks) for the largest. */
idx sweep_at_once(const struct sweep_options *o, idx n, double largest_bytes,
                  double available_bytes);

/* How many are finished, whatever their end. */
idx sweep_tasks_finished(const struct sweep_tasks *t);

/* sweep_task_next - a waiting task that may be started now, or NULL; then
 * *wake_s is the clock at which one may (INFINITY: none waits). */
struct sweep_task *sweep_task_next(struct sweep_tasks *t, double now_s,
                                   double *wake_s);

/* sweep_task_look - read step and loss from the end of its metrics.csv. */
void sweep_task_look(const struct sweep_tasks *t, struct sweep_task *task);

/* Share of all work that is done, 0..1; *ours: by this launcher. */
double sweep_tasks_share(const struct sweep_tasks *t, double *ours);

#endif
