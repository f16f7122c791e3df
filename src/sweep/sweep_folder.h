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
#include "run/run_place.h"

enum {
    SWEEP_NAME_MAX = 112, /* bytes of a run's name, NUL included */
    SWEEP_DIR_MAX = RUN_DIR_MAX - SWEEP_NAME_MAX - 16,
};

/* What lies in a sweep folder beside its runs and SWEEP_LIST
 * (docs/FORMATS.md). */
#define SWEEP_JOURNAL "journal"
#define SWEEP_CONFIGS "configs" /* a folder: the config of each run */
#define SWEEP_COPY "sweep.ini"  /* the sweep file with all that it includes */
#define SWEEP_PART ".taken"     /* a run under way into it (sweep_reuse.h) */

/* What to use where a file of the sweep cannot be read. */
#define SWEEP_ELSEWHERE "another run.dir"

struct sweep_run {
    idx index;               /* 0.. in the frozen list */
    char id[CONFIG_ID_MAX];  /* its identity when it was frozen, for good */
    char now[CONFIG_ID_MAX]; /* as this program computes it: sweep_identify */
    bool is_dropped;         /* the sweep file no longer asks for it */
    const char *name;        /* "0007-relu-lr0.002-seed3" */
    const char *changes; /* "optim.lr=0.002", what the axes set, tabs between;
                            NULL: nothing */
};

struct sweep {
    char dir[SWEEP_DIR_MAX]; /* no slash at its end, unless it is "/" */
    idx n;
    struct sweep_run *runs; /* (n) runs[i].index == i */
    idx *by_id;             /* (n) indices, in the order of `now` */
    struct lock lock;       /* held by who may change the list, start runs */
    struct pool memory;
};

/* sweep_file_is_one - is this the name of a file that a sweep cannot do
 * without? */
bool sweep_file_is_one(const char *name);

/* sweep_holds_sweep - *holds: is there a frozen list in dir? OK, ERR_IO. */
int sweep_holds_sweep(bool *holds, const char *dir, struct err *e);

/* sweep_open - read the list. OK; ERR_IO: no sweep there, unreadable;
 * ERR_DATA: damaged, cut off, or of a newer version (file and line are named);
 * ERR_CONFIG: path too long; ERR_MEMORY.
 * On error *s is zeroed. A zeroed one may be closed. */
int sweep_open(struct sweep *s, const char *dir, struct err *e);
void sweep_close(struct sweep *s); /* releases the lock, too */

/* sweep_place_check - may a sweep be there, new or going on? OK; ERR_BUSY: not
 * where a run or a corpus is, within a run, or at the root; ERR_DATA: it has
 * lost its list; ERR_CONFIG: path too long; ERR_IO. */
int sweep_place_check(const char *dir, struct err *e);

/* sweep_lock - become the one who may launch. OK; ERR_BUSY with the holder;
 * ERR_IO. The list must be read (sweep_read) after this. */
int sweep_lock(struct sweep *s, const char *dir, struct err *e);

/* sweep_read, sweep_write - runs.list alone, of a sweep whose dir is set, which
 * writing replaces whole. OK, ERR_IO, ERR_DATA, ERR_MEMORY. */
int sweep_read(struct sweep *s, struct err *e);
int sweep_write(const struct sweep *s, struct err *e);

/* sweep_order - put by_id in order, anew: after runs were added. OK or
 * ERR_MEMORY. */
int sweep_order(struct sweep *s, struct err *e);

/* sweep_identity - config_id, but a text known by its hash may lie anywhere. */
void sweep_identity(char id[CONFIG_ID_MAX], const struct config *c);

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

/* sweep_run_logged - step and loss (NULL: not asked for) of the last whole row
 * of metrics.csv; unchanged where there is none. OK, ERR_IO. */
int sweep_run_logged(idx *step, double *loss, const struct sweep *s,
                     const struct sweep_run *r, struct err *e);

/* sweep_run_state - how far a run is, from its own folder: run_look, but
 * RUN_PENDING where there is none yet. */
enum run_state sweep_run_state(const struct sweep *s, const struct sweep_run *r,
                               struct run_status *found, struct err *e);

#endif
