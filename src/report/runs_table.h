/* runs_table.h - a listing as tables, one for each folder that holds runs, or
 * one of all. */
#ifndef SINKLAB_RUNS_TABLE_H
#define SINKLAB_RUNS_TABLE_H

#include "io/grid.h"
#include "report/runs_list.h"

/* runs_print - a table for each folder that holds runs, and notes. OK or
 * ERR_MEMORY. */
int runs_print(FILE *out, const struct listing *l, const struct runs_options *o,
               struct err *e);

/* runs_grid - fill a zeroed grid for files: all runs, with every key in which
 * they differ. OK or ERR_MEMORY. */
int runs_grid(struct grid *g, const struct listing *l, struct err *e);

#endif
