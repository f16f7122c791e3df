/* manifest.h - manifest.ini: what made a run's numbers, start by start.
 *
 * [run] id and creation; then a [start N] for every time a process began or
 * went on: program, compiler, flags, BLAS, processor, host, threads, command,
 * whether it kept the schedule, begin and end. A start without `ended` was
 * killed. The file is replaced whole each time; for that the run folder's lock
 * must be held.
 */
#ifndef SINKLAB_MANIFEST_H
#define SINKLAB_MANIFEST_H

#include "base/base.h"
#include "base/err.h"
#include "base/pool.h"
#include "run/run_files.h"

/* What to do about a damaged manifest.ini, and about a lost one. */
#define RUN_MANIFEST_REMEDY                                                    \
    "put a copy back, or move it away (the checkpoints hold the run's id, "    \
    "too; only the record of its starts begins anew)"
#define RUN_MANIFEST_LOST                                                      \
    "put a copy back, or `sinklab train RUN` begins the record of its "        \
    "starts anew"

/* What this module cannot find out by itself. Strings are one line; the first
 * five are session_products's. */
struct manifest_start {
    const char *blas;           /* "OpenBLAS 0.3.21 ..." */
    const char *blas_core;      /* processor its kernels are for */
    const char *blas_threading; /* "serial", ... */
    const char *products;       /* what multiplies with weights: "OpenBLAS" */
    const char *precision;      /* and what it rounds to: "float32" */
    idx threads;                /* of ours, in each of */
    idx processes;              /* that were started together */
    idx from_step;              /* 0, or where a resumed run goes on */
    bool changes_schedule; /* has the run rows or checkpoints by another? */
    int argc;
    char *const *argv; /* the command line */
};

/* manifest_check_room - may another start be added? A manifest has at most 16
 * MiB. OK, ERR_IO; ERR_DATA: no. */
int manifest_check_room(const char *dir, struct err *e);

/* manifest_find - *is_there: does the run in dir have one? OK, ERR_IO. */
int manifest_find(bool *is_there, const char *dir, struct err *e);

/* manifest_add_start - append a [start N] to that of the run in dir, with as
 * much of the command as there is room for; the first writes the head, too.
 * OK, ERR_IO, ERR_DATA, ERR_MEMORY. */
int manifest_add_start(const char *dir, const char *id,
                       const struct manifest_start *s, struct err *e);

/* manifest_add_end - to the latest start: time, state and step of its end.
 * OK, ERR_IO, ERR_DATA, ERR_MEMORY. */
int manifest_add_end(const char *dir, const char *id, const char *state,
                     idx step, struct err *e);

/* What decides a run's last bits. */
enum manifest_maker {
    MAKER_PRODUCTS,
    MAKER_PRECISION,
    MAKER_BLAS_CORE,
    MAKER_BLAS,
    MAKER_REAL,
    MAKER_COMMIT,
    MAKER_FLAGS,
    MAKER_COMPILER,
    MAKER_LIBC,
    MAKER_PROGRAM, /* its file's hash, which says the most and tells nobody
                      anything */
    MANIFEST_MAKERS,
};

/* A process that trained. Strings are "" where the file does not say. */
struct manifest_process {
    struct manifest_process *before; /* the one in front of it */
    const char *command;
    idx from_step, to_step;
    bool changes_schedule; /* an older version did not say: or may have */
    bool has_ended;        /* else it was killed, and to_step is 0 */
    const char *makers[MANIFEST_MAKERS];
};

struct manifest {
    char id[RUN_ID_MAX];
    idx n;                           /* starts */
    struct manifest_process *latest; /* NULL: none */
    struct pool memory;
};

/* manifest_read - what the manifest of the run in dir says, whole, into a
 * zeroed struct, which is to be released in any case.
 * OK; ERR_DATA: changed since it was written, a line that is none of an INI
 * file (file:line), or no id; ERR_IO, ERR_MEMORY. */
int manifest_read(struct manifest *m, const char *dir, struct err *e);
void manifest_release(struct manifest *m);

/* manifest_is_import - did `sinklab import` make the run? No training computes
 * its checkpoints. */
bool manifest_is_import(const struct manifest *m);

/* manifest_import_step - the last step of what `sinklab import` made the run
 * of: up to there it has the checkpoints that were given, whatever its settings
 * say. -1: it is no such run, or the import was killed. */
idx manifest_import_step(const struct manifest *m);

/* manifest_changes - what decides a run's last bits and differs between the
 * latest two starts, as "blas_core was Zen and is Haswell; commit was ...";
 * empty if nothing does. */
enum { MANIFEST_CHANGES_MAX = 1024 };
void manifest_changes(char changes[MANIFEST_CHANGES_MAX],
                      const struct manifest *m);

/* manifest_would_make - would a start as *s, by this program, have the bits of
 * this run? Only if one start trained all of it, and each maker is known and
 * the same. */
bool manifest_would_make(const struct manifest *m,
                         const struct manifest_start *s);

#endif
