/* sweep_list.h - the file runs.list of a sweep's folder.
 *
 * Private to sweep_folder.c and sweep_freeze.c.
 */
#ifndef SINKLAB_SWEEP_LIST_H
#define SINKLAB_SWEEP_LIST_H

#include "sweep/sweep_folder.h"

/* sweep_list_read - fill runs of a sweep whose dir is set.
 * OK, ERR_IO, ERR_DATA, ERR_MEMORY. */
int sweep_list_read(struct sweep *s, struct err *e);

/* sweep_list_write - replace the file whole. OK, ERR_IO, ERR_MEMORY. */
int sweep_list_write(const struct sweep *s, struct err *e);

/* Put s->by_id in order, anew. OK or ERR_MEMORY. */
int sweep_list_index(struct sweep *s, struct err *e);

#endif
