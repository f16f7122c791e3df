/* manifest.h - manifest.ini: what made a run's numbers, start by start.
 *
 * [run] id and creation; then a [start N] for every time a process began or
 * went on: program, compiler, flags, BLAS, processor, host, threads, command,
 * begin and end. A start without `ended` was killed. The file is replaced whole
 * each time; the run folder's lock must be held.
 */
#ifndef SINKLAB_MANIFEST_H
#define SINKLAB_MANIFEST_H

#include "base/base.h"
#include "base/err.h"
#include "run/run.h"

/* What this module cannot find out by itself. Strings are one line. */
struct manifest_start {
    const char *blas;           /* "OpenBLAS 0.3.21 ..." */
    const char *blas_core;      /* processor its kernels are for */
    const char *blas_threading; /* "serial", ... */
    idx threads;                /* of ours */
    idx from_step;              /* 0, or where a resumed run goes on */
    int argc;
    char *const *argv; /* the command line */
};

/* manifest_add_start - append a [start N]; the first writes the head, too.
 * OK, ERR_IO, ERR_MEMORY. */
int manifest_add_start(const struct run_folder *r,
                       const struct manifest_start *s, struct err *e);

/* manifest_changes - what decides a run's last bits (program, compiler, flags,
 * BLAS and its core) and differs between the latest two starts, as
 * "blas_core was Zen and is Haswell; commit was ..."; empty if nothing does. */
enum { MANIFEST_CHANGES_MAX = 1024 };
void manifest_changes(char changes[MANIFEST_CHANGES_MAX],
                      const struct run_folder *r);

/* manifest_add_end - to the latest start: time, state and step of its end.
 * OK, ERR_IO, ERR_MEMORY. */
int manifest_add_end(const struct run_folder *r, enum run_state state, idx step,
                     struct err *e);

#endif
