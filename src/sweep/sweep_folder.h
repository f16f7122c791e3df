/* sweep_folder.h - the folder of a sweep: which runs there are, frozen.
 *
 *   sweep.ini runs.list journal lock configs/NAME.ini NAME/ (docs/FORMATS.md)
 *
 * runs.list is what the sweep consists of. It only grows, and is replaced
 * whole; a run's index, name and configuration never change. How far a run is
 * stands in its own folder (status, lock); the journal is history.
 * Changing the list and starting runs needs the lock (sweep_lock); reading,
 * and `--index`, does not. Not for concurrent use of one struct.
 */
#ifndef SINKLAB_SWEEP_FOLDER_H
#define SINKLAB_SWEEP_FOLDER_H

#include "base/base.h"
#include "base/err.h"
#include "base/pool.h"
#include "config/config.h"
#include "io/lock.h"
#include "run/run.h"

struct sweep_file;
struct sweep_points;

enum {
    SWEEP_NAME_MAX = 112, /* bytes of a run's name, NUL included */
    SWEEP_DIR_MAX = RUN_DIR_MAX - SWEEP_NAME_MAX - 16,
};

struct sweep_run {
    idx index;               /* 0.. in the frozen list */
    char id[CONFIG_ID_MAX];  /* its identity when it was frozen, for good */
    char now[CONFIG_ID_MAX]; /* as this program computes it: sweep_identify */
    bool is_dropped;         /* the sweep file no longer asks for it */
    const char *name;        /* "0007-relu-lr0.002-seed3" */
    idx n_changes;
    const char **changes; /* (n_changes) "optim.lr=0.002", in axis order */
};

struct sweep {
    char dir[SWEEP_DIR_MAX]; /* no slash at its end, unless it is "/" */
    idx n;
    struct sweep_run *runs; /* (n) runs[i].index == i */
    idx *by_id;             /* (n) indices, in the order of `now` */
    struct lock lock;       /* held by who may change the list, start runs */
    struct pool memory;
};

/* What sweep_freeze found and did. */
struct sweep_news {
    bool is_new;  /* there was no list before */
    idx added;    /* runs that are new in the list, at its end */
    idx dropped;  /* runs that the file asked for before and no longer does */
    idx revived;  /* dropped ones that it asks for again */
    idx updated;  /* not begun, with other cosmetic settings than before */
    idx kept;     /* begun, so they keep their former cosmetic settings */
    idx repaired; /* configurations that were damaged, and written anew */
};

/* sweep_holds_sweep - *holds: is there a frozen list in dir? OK, ERR_IO. */
int sweep_holds_sweep(bool *holds, const char *dir, struct err *e);

/* sweep_open - read the list. OK; ERR_IO: no sweep there, unreadable;
 * ERR_DATA: damaged, or of a newer version (file and line are named; a torn
 * last line is dropped); ERR_CONFIG: path too long; ERR_MEMORY.
 * On error *s is zeroed. A zeroed one may be closed. */
int sweep_open(struct sweep *s, const char *dir, struct err *e);
void sweep_close(struct sweep *s); /* releases the lock, too */

/* sweep_lock - become the one who may launch. OK; ERR_BUSY with the holder;
 * ERR_IO. The list must be read (sweep_open, sweep_freeze) after this. */
int sweep_lock(struct sweep *s, const char *dir, struct err *e);

/* sweep_freeze - with the lock held: make the folder or bring its list up to
 * the file: new points get the next indices, missing ones are marked dropped.
 * Configurations are written before the list that names them, so a failure or
 * a kill leaves the former list valid. Leaves the list read.
 * OK, ERR_IO, ERR_DATA, ERR_CONFIG, ERR_MEMORY. */
int sweep_freeze(struct sweep *s, struct sweep_file *f,
                 const struct sweep_points *p, struct sweep_news *news,
                 struct err *e);

/* sweep_identify - compute every run's identity anew from its frozen
 * configuration: a program with more keys than the one that froze the sweep
 * finds other hashes of the same settings. Before sweep_find. A configuration
 * that cannot be read keeps the one of the list. OK or ERR_MEMORY. */
int sweep_identify(struct sweep *s, struct err *e);

/* sweep_find - the run with this `now`, or NULL. */
const struct sweep_run *sweep_find(const struct sweep *s, const char *id);

/* Paths in the folder. */
void sweep_path(char path[RUN_PATH_MAX], const char *dir, const char *name);
void sweep_config_path(char path[RUN_PATH_MAX], const struct sweep *s,
                       const struct sweep_run *r);
void sweep_run_dir(char path[RUN_DIR_MAX], const struct sweep *s,
                   const struct sweep_run *r);
void sweep_log_path(char path[RUN_PATH_MAX], const struct sweep *s,
                    const struct sweep_run *r); /* NAME/log.txt */

/* sweep_config_load - the frozen configuration of a run. OK; ERR_CONFIG:
 * changed since it was written, or as config_load; ERR_IO, ERR_MEMORY. */
int sweep_config_load(struct config *c, const struct sweep *s,
                      const struct sweep_run *r, struct err *e);

/* How far a run is, from its own folder. */
enum sweep_state {
    SWEEP_WAITING,     /* nothing computed yet */
    SWEEP_RUNNING,     /* a process holds its lock */
    SWEEP_INTERRUPTED, /* stopped or killed: goes on from its checkpoint */
    SWEEP_DONE,
    SWEEP_FAILED,   /* by an error; goes on once the cause is gone */
    SWEEP_DIVERGED, /* for good: it would do so again */
    SWEEP_STOPPED,  /* by a rule of its config; goes on if that changes */
    SWEEP_STATES,
};
const char *sweep_state_name(enum sweep_state state); /* "waiting", ... */

/* sweep_run_state - cannot fail: what cannot be read is SWEEP_FAILED with a
 * reason. found may be NULL. */
enum sweep_state sweep_run_state(const struct sweep *s,
                                 const struct sweep_run *r,
                                 struct run_status *found);

#endif
