/* sweep_reuse.h - runs that are finished elsewhere, taken instead of trained.
 *
 * Runs of the same settings, by the same program on the same kernels, have the
 * same bits; so one that another sweep has done need not be done again. All
 * that training wrote is taken: files of weights are shared as hard links where
 * that can be done, for they are only ever replaced, the others are copied, and
 * all come into place by one rename.
 */
#ifndef SINKLAB_SWEEP_REUSE_H
#define SINKLAB_SWEEP_REUSE_H

#include <stdio.h>

#include "sweep/sweep_folder.h"

/* *is_sound: is all that a run holds as it was written, and does no process
 * work on it? OK, or the code of what kept it from being found out. */
typedef int sweep_is_sound(bool *is_sound, const char *dir, struct err *e);

/* sweep_reuse - for each run that has no folder yet, look at the finished runs
 * below `from` ("" for nowhere) for a sound one that training it here would
 * give again: all keys the same but where it and its texts lie and how many
 * threads it had; trained in one start by this program file, with this C
 * library, BLAS, its kernels and what multiplies with weights. The journal says
 * what came from where; `out` gets a line of it. The sweep's lock is held.
 * OK; ERR_INTERRUPTED: a signal came, what was taken stays; ERR_IO, ERR_DATA
 * (the journal), ERR_MEMORY. A run elsewhere that cannot be read is passed
 * over. */
int sweep_reuse(const struct sweep *s, const char *from,
                sweep_is_sound *is_sound, FILE *out, struct err *e);

/* sweep_reuse_check - OK; ERR_CONFIG: `from` is neither empty nor a folder;
 * ERR_IO. */
int sweep_reuse_check(const char *from, struct err *e);

#endif
