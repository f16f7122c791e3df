/* slurm.h - the commands of the batch system Slurm, as far as sweeps need them.
 *
 * Jobs are array jobs; a task is one of them. A missing or failing command is
 * ERR_TOOL, with what it said.
 */
#ifndef SINKLAB_SLURM_H
#define SINKLAB_SLURM_H

#include "base/base.h"
#include "base/err.h"

enum { SLURM_WORD_MAX = 64 };

struct slurm_task {
    idx index;                   /* in its array */
    char job[SLURM_WORD_MAX];    /* "123_4" */
    char name[SLURM_WORD_MAX];   /* of the job */
    char state[SLURM_WORD_MAX];  /* "PENDING", "NODE_FAIL", ... */
    char reason[SLURM_WORD_MAX]; /* why it waits; may be empty */
};

struct slurm_queue {
    idx n;
    struct slurm_task *tasks; /* (n) oldest job first */
};

/* slurm_queue_read - this user's array tasks whose job's name begins with
 * `name`: those that wait or run (squeue). A zeroed queue may be released.
 * OK, ERR_TOOL, ERR_MEMORY, ERR_IO. */
int slurm_queue_read(struct slurm_queue *q, const char *name, struct err *e);

/* slurm_past_read - the same of tasks that ended, as long as Slurm remembers:
 * a few minutes (squeue), or from its data base where there is one (sacct). */
int slurm_past_read(struct slurm_queue *q, const char *name, struct err *e);
void slurm_queue_release(struct slurm_queue *q);

/* slurm_submit - the script at path; job becomes the array's id. */
int slurm_submit(char job[SLURM_WORD_MAX], const char *path, struct err *e);

/* slurm_array_size - array indices are below this. OK or ERR_TOOL. */
int slurm_array_size(idx *size, struct err *e);

#endif
