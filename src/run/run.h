/* run.h - the folder that holds one run: who may write, and how far it is.
 *
 *   config.ini manifest.ini status metrics.csv timing.csv lock
 *   checkpoints/step-00000512.h5 ... resume.h5      (docs/FORMATS.md)
 *
 * A run folder is complete in itself and may be moved while no process writes.
 * A writer holds its lock from run_create or run_open to run_close; readers
 * (analysis, comparison) need none: all files but the two logs are replaced
 * whole. Not for concurrent use of one struct.
 */
#ifndef SINKLAB_RUN_H
#define SINKLAB_RUN_H

#include "base/base.h"
#include "base/err.h"
#include "io/fsys.h"
#include "io/lock.h"
#include "io/table.h"
#include "run/checkpoint.h"
#include "run/run_files.h"
#include "run/run_state.h"

/* What to do about a damaged status or config.ini, and a lost one. */
#define RUN_STATUS_REMEDY                                                      \
    "`sinklab train RUN` finds out anew how far the run is"
#define RUN_CONFIG_REMEDY                                                      \
    "undo the change, or `sinklab train CONFIG.ini --resume run.dir=RUN` "     \
    "writes it anew"
#define RUN_CONFIG_LOST                                                        \
    "put a copy back, or `sinklab train CONFIG.ini --resume run.dir=RUN` "     \
    "writes it anew"

enum { RUN_REASON_MAX = 512 };

struct run_status {
    enum run_state state;
    idx step;                    /* optimizer updates done at that moment */
    char reason[RUN_REASON_MAX]; /* one line; may be empty */
};

struct run_folder {
    char dir[RUN_DIR_MAX];   /* no slash at its end, unless it is "/" */
    char id[RUN_ID_MAX];     /* drawn once, kept in manifest.ini */
    struct run_status found; /* what run_open found; pending if made new */
    struct lock lock;
};

/* run_create - make the folder and its parents, lock it, status pending.
 * A folder where a run has computed nothing (it was never started, or failed
 * or was killed while it was) is taken over.
 * OK; ERR_BUSY: it holds a run already, or files under our names that are no
 * run, or another process uses it; ERR_CONFIG: the path is empty or too long;
 * ERR_DATA: manifest.ini is damaged; ERR_IO, ERR_MEMORY. On error nothing that
 * was there has changed; *r is zeroed. */
int run_create(struct run_folder *r, const char *dir, struct err *e);

/* run_open - lock a folder that holds a run and remove the temporary files of
 * dead processes. The id is that of manifest.ini; where that file is missing,
 * of the newest state, or of the first weights that can be read. OK, ERR_BUSY,
 * ERR_CONFIG, ERR_DATA, ERR_IO, ERR_MEMORY (as above); ERR_USAGE: there is no
 * run. On error *r is zeroed. */
int run_open(struct run_folder *r, const char *dir, struct err *e);

/* run_close - release the lock. A zeroed struct may be closed. */
void run_close(struct run_folder *r);

/* run_holds_run - *holds: is there a run in dir? Tells `train FOLDER` from
 * `train FILE`; needs no lock. OK; ERR_IO: it cannot be looked at. */
int run_holds_run(bool *holds, const char *dir, struct err *e);

/* run_none - what every command says of a path that should hold a run and does
 * not; want: what to give instead, RUN_WANTED mostly. Returns ERR_USAGE. */
#define RUN_WANTED "the folder that `sinklab train` or `sinklab sweep` wrote"
int run_none(const char *dir, const char *want, struct err *e);

/* run_holds_remains - *holds: does the folder hold any file or folder of a run,
 * or nothing at all? For what a removal that was cut short has left. OK,
 * ERR_IO. */
int run_holds_remains(bool *holds, const char *dir, struct err *e);

/* run_status_write - replace the file `status`; reason may be NULL.
 * OK, ERR_IO. */
int run_status_write(const struct run_folder *r, enum run_state state, idx step,
                     const char *reason, struct err *e);

/* run_status_read - OK; ERR_IO: no such file; ERR_DATA: changed since it was
 * written, or no state we know. */
int run_status_read(struct run_status *s, const char *dir, struct err *e);

/* run_look - how a run stands, from its `status` and its lock: what is not done
 * runs while a process holds the lock, and what says running without one was
 * interrupted. RUN_UNKNOWN where there is no `status`, or it cannot be read;
 * found->reason says why. found and e may be NULL; e gets what the system
 * refused (ERR_IO, ERR_MEMORY), not what is damaged. */
enum run_state run_look(struct run_status *found, const char *dir,
                        struct err *e);

/* run_metrics_read - metrics.csv into a zeroed table. OK, also where there is
 * no such file (the table stays empty); ERR_DATA: damaged, or its last row is
 * cut off though the run has ended in order; ERR_IO, ERR_MEMORY. */
int run_metrics_read(struct table *t, const char *dir, struct err *e);

/* run_config_write - replace config.ini by this text and its seal
 * (io/sealed_text.h). OK, ERR_IO. */
int run_config_write(const struct run_folder *r, const char *text,
                     struct err *e);

/* run_config_load - read config.ini. OK; ERR_CONFIG: changed since it was
 * written, or as config_load; ERR_IO, ERR_MEMORY. */
struct config;
int run_config_load(struct config *c, const char *dir, struct err *e);

/* The steps that have a weights file, ascending. A zeroed list may be
 * released. */
struct step_list {
    idx n;
    idx *steps; /* (n) owned */
};

/* run_list_checkpoints - fill a zeroed list. Only names exactly as
 * run_step_path makes them count. OK (n = 0 where there is no folder), ERR_IO,
 * ERR_MEMORY. */
int run_list_checkpoints(struct step_list *list, const char *dir,
                         struct err *e);
void step_list_release(struct step_list *list);

#endif
