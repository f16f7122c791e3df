/* sweep_freeze.h - bringing a sweep's folder up to its file.
 *
 * New points get the next indices, missing ones are marked dropped. Frozen
 * configurations are written before the list that names them, so a failure or a
 * kill leaves the former list valid.
 */
#ifndef SINKLAB_SWEEP_FREEZE_H
#define SINKLAB_SWEEP_FREEZE_H

#include "sweep/sweep_expand.h"
#include "sweep/sweep_folder.h"

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

/* sweep_freeze - with the lock held; leaves the list read.
 * OK, ERR_IO, ERR_DATA, ERR_CONFIG, ERR_MEMORY. */
int sweep_freeze(struct sweep *s, struct sweep_file *f,
                 const struct sweep_points *p, struct sweep_news *news,
                 struct err *e);

/* sweep_update - expand f, lock its folder into s, freeze, and tell on `out`
 * what is new. As sweep_expand, sweep_lock, sweep_freeze; close s in any case.
 */
int sweep_update(struct sweep *s, struct sweep_file *f, FILE *out,
                 struct err *e);

/* sweep_open_or_make - for any number of processes that need the list but not
 * the lock: the first one makes it, the others wait until it is there. */
int sweep_open_or_make(struct sweep *s, struct sweep_file *f, struct err *e);

#endif
