/* verify.h - `sinklab verify`: what a folder holds, one thing against the
 * other.
 *
 * verify_is_sound is for everyone, the rest for the verify*.c files. Nothing is
 * changed, and no lock is
 * taken: a run that is in use is looked at as its files stand, and what may be
 * half done then is no finding.
 */
#ifndef SINKLAB_VERIFY_H
#define SINKLAB_VERIFY_H

#include <stdio.h>

#include "config/config.h"
#include "io/json.h"
#include "run/metrics.h"
#include "run/run.h"

/* What was found in all folders together. */
struct verify {
    FILE *out;
    struct json *json; /* within an array that findings go to, as objects;
                          NULL: they are lines of out */
    idx n_findings;
    int code;                     /* of the gravest; OK: none */
    idx n_runs, n_sweeps, n_used; /* n_used: runs that a process is at */
    struct folder_id *seen;       /* (n_seen) of the runs and sweeps */
    idx n_seen;
};

/* verify_release - frees what was seen; the counts stay. */
void verify_release(struct verify *v);

/* verify_say - a finding: "path: what; remedy". */
void verify_say(struct verify *v, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* verify_err - say what a reader said, if it did; true: it did. */
bool verify_err(struct verify *v, const struct err *e);

/* verify_folder - what the folder is decides what is checked: a run, a sweep or
 * all that lie below. What was checked before, under whatever name, is not
 * checked again. OK whatever is found; ERR_USAGE: there is none; ERR_IO,
 * ERR_MEMORY. */
int verify_folder(struct verify *v, const char *dir, struct err *e);

/* verify_run - the run in dir. OK whatever is found; ERR_MEMORY. */
int verify_run(struct verify *v, const char *dir, struct err *e);

/* verify_is_sound - *is_sound: nothing is found in the run in dir, and nobody
 * is at it. OK; ERR_IO, ERR_MEMORY: it cannot be said. */
int verify_is_sound(bool *is_sound, const char *dir, struct err *e);

/* verify_sweep - the sweep in dir with its runs. As verify_run. */
int verify_sweep(struct verify *v, const char *dir, struct err *e);

/* What several checks need. */

/* verify_is_new - is this folder one that was not checked yet? From now on it
 * was. ERR_MEMORY, and false. */
bool verify_is_new(struct verify *v, const char *dir, struct err *e);

/* verify_seal - say it if a sealed text (io/sealed_text.h) is missing, or has
 * no seal or a broken one; `lost` is what to do where it is missing. false: it
 * is missing or not as it was written, so nothing in it can be believed. */
bool verify_seal(struct verify *v, const char *dir, const char *name, int code,
                 const char *remedy, const char *lost);

/* verify_lock - say what is wrong with the file `lock`; is a process at it? */
bool verify_lock(struct verify *v, const char *dir);

/* verify_temporaries - say which files of killed writers lie in dir/name. */
void verify_temporaries(struct verify *v, const char *dir, const char *name);

/* A log of chained rows. */
struct verified_log {
    idx n;
    struct metrics_row *rows; /* (n) owned */
    struct row_chain header;
    bool is_damaged, is_torn;
};

/* verify_log - read dir/name and say what is wrong with its rows. false: there
 * is no such file, or it cannot be read (which is said). */
bool verify_log(struct verify *v, struct verified_log *log, const char *dir,
                const char *name);
void verified_log_release(struct verified_log *log);

#endif
