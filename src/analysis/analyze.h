/* analyze.h - the parts of `sinklab analyze`: one run in this process, or many,
 * each in a process of its own. Only the analyze*.c files include this. */
#ifndef SINKLAB_ANALYZE_H
#define SINKLAB_ANALYZE_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "config/config.h"
#include "run/run.h"

struct analyze_options {
    const char *const *folders; /* (n_folders) as given */
    idx n_folders;
    const char *const *overrides; /* (n_overrides) "sink.eps=0.2" */
    idx n_overrides;
    const char *name; /* of the analysis; "": the usual one */
    idx last;         /* so many of the newest checkpoints alone; 0: all */
    bool is_again;    /* also what is up to date */
    bool is_json;     /* an object on a line, when all is done */
    idx jobs;         /* runs at once; 0: as many as there are cores and
                         memory for */
    FILE *apart;      /* where what is told of all runs goes; then a run that
                         was named itself is analyzed in a process of its own,
                         too, and only if it is not up to date. NULL: no */
};

/* analyze_config - what an analysis of the run in dir is made from: the
 * settings of its config.ini with these overrides, and its checkpoints, the
 * newest `last` of them (0: all; a zeroed list, to be released in any case).
 * OK; ERR_USAGE: no run; ERR_DATA: no checkpoints; ERR_CONFIG, ERR_IO,
 * ERR_MEMORY. */
int analyze_config(struct config *c, struct step_list *steps, const char *dir,
                   const char *const *overrides, idx n, idx last,
                   struct err *e);

/* analyze_run - measure every checkpoint of one run, tell each, write its two
 * files; is_again: also what an earlier analysis has (kept.h). Of the options
 * it reads name, overrides, last, is_again and is_json. Processes that mpirun
 * or srun started do it together, and write the bits that one process would
 * (docs/SCALING.md).
 * OK; ERR_CHECKPOINT: some cannot be read, which were named; the others are in
 * the files, unless there are none; ERR_INTERRUPTED: a signal came, and what
 * was measured by then is in the files, unless those that were there hold more;
 * or the codes of what it calls. */
int analyze_run(const char *dir, const struct analyze_options *o,
                struct err *e);

/* analyze_folders - one run that was named itself is analyzed here, whether or
 * not it is up to date; of anything else all finished runs that are not, each
 * in a process of its own. Several processes of a job: one run alone.
 * OK; ERR_RUNS: some could not be analyzed, which were named; the others are;
 * ERR_INTERRUPTED: a signal came, the runs analyzed by then stay so;
 * ERR_USAGE: a folder holds no run; the codes of analyze_run. */
int analyze_folders(const struct analyze_options *o, struct err *e);

#endif
