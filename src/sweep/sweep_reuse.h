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

/* sweep_reuse - for each run that has no folder yet, look at the finished runs
 * below `from` ("" for nowhere) for one that training it here would give again:
 * all keys the same but where it lies and how many threads it had; trained at
 * one go by this program file, with this C library, BLAS, its kernels and what
 * multiplies with weights. The journal says what came from where; `out` gets a
 * line of it. The sweep's lock is held.
 * OK; ERR_CONFIG: `from` is no folder; ERR_IO, ERR_DATA (the journal),
 * ERR_MEMORY. A run elsewhere that cannot be read is passed over. */
int sweep_reuse(const struct sweep *s, const char *from, FILE *out,
                struct err *e);

#endif
