/* sweep_index.h - one run of a sweep: as a command to print, or trained. */
#ifndef SINKLAB_SWEEP_INDEX_H
#define SINKLAB_SWEEP_INDEX_H

#include "sweep/sweep_options.h"
#include "sweep/sweep_folder.h"

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

#endif
