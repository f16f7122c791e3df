/* sweep.h - what the files of `sinklab sweep` share. */
#ifndef SINKLAB_SWEEP_H
#define SINKLAB_SWEEP_H

#include "sweep/sweep_expand.h"
#include "sweep/sweep_folder.h"
#include "sweep/sweep_journal.h"

/* sweep_command - one run as a word list for exec, as `--list` prints it:
 * PROGRAM train CONFIG run.dir=DIR train.threads=N --resume.
 * program: what to start, "sinklab" or a path; borrowed. */
enum { SWEEP_COMMAND_WORDS = 7 };
struct sweep_command {
    char config[RUN_PATH_MAX], dir[RUN_PATH_MAX], threads[48];
    const char *words[SWEEP_COMMAND_WORDS]; /* ends with NULL */
};
void sweep_command(struct sweep_command *c, const struct sweep *s,
                   const struct sweep_run *r, const struct sweep_options *o,
                   const char *program);

/* sweep_index - train one run of the frozen list here and now, in turn with
 * any number of other processes. OK also where it is finished already, or no
 * longer asked for. ERR_USAGE: no such index; ERR_BUSY: another process has
 * it; ERR_DIVERGED: it did; else what `train` returns. */
int sweep_index(const struct sweep *s, const struct sweep_options *o, idx index,
                struct err *e);

/* sweep_print_list - the commands of all runs that are not finished. */
int sweep_print_list(const struct sweep *s, const struct sweep_options *o,
                     struct err *e);

/* sweep_dry_run - print the runs, their number and parameters, expected time
 * and disk, from a short timing of the first; writes nothing. */
int sweep_dry_run(const struct sweep_file *f, const struct sweep_points *p,
                  struct err *e);

/* sweep_status - print how far every run of the sweep is. */
int sweep_status(const struct sweep *s, struct err *e);

/* Is nothing left to do for such a run? */
bool sweep_is_finished(enum sweep_state state);

#endif
