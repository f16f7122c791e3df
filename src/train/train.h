/* train.h - a config or a run folder becomes a trained run: the training loop,
 * what it writes down on the way, and how it goes on where it stopped.
 */
#ifndef SINKLAB_TRAIN_H
#define SINKLAB_TRAIN_H

#include "base/base.h"
#include "base/err.h"
#include "io/ranks.h"
#include "train/dry_run.h"

/* What was asked for; everything is borrowed. */
struct train_request {
    const char *path;             /* config file or run folder */
    const char *const *overrides; /* (n_overrides) section.key=value */
    idx n_overrides;
    bool wants_resume, wants_restart, is_dry;
    struct dry_run_options dry; /* if is_dry */
    int argc;                   /* the whole command line, for the manifest */
    char **argv;
};

/* train_run - OK: the run is done, stopped by a rule of its config, or (is_dry)
 * described. ERR_INTERRUPTED: by a signal, all saved. ERR_DIVERGED; ERR_USAGE,
 * ERR_CONFIG, ERR_DATA, ERR_CHECKPOINT, ERR_BUSY: nothing was trained; ERR_IO,
 * ERR_MEMORY: the last saved state stays. */
int train_run(const struct train_request *r, struct err *e);

/* train_watch_job - before ranks_open, which may take a while: where a launcher
 * started several, a signal is told where they meet next. */
void train_watch_job(void);

/* train_run_shared - the same by all these processes, which train_run would
 * have found, each with the same request. */
int train_run_shared(const struct train_request *r, struct ranks *ranks,
                     struct err *e);

#endif
