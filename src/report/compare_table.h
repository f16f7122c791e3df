/* compare_table.h - the tables of `compare`: a line a group, or a run where
 * each is its own group, and which columns it has. */
#ifndef SINKLAB_COMPARE_TABLE_H
#define SINKLAB_COMPARE_TABLE_H

#include "report/compare_sheet.h"

/* Differing keys that get a column on a screen. Of runs, which have names, few
 * do where there are more: the first of sections. */
enum { KEYS_OF_RUNS = 5, KEYS_OF_UNLIKE_RUNS = 3, KEYS_OF_GROUPS = 8 };

/* rows_grid - fill a zeroed grid. Its columns have ranks (grid_rank). OK or
 * ERR_MEMORY. */
int rows_grid(struct grid *g, const struct compare_rows *t,
              enum sheet_form form, struct err *e);

/* rows_runs_grid - for files: a line a run, where its group's means come from;
 * the same as rows_grid where each run is its own group. */
int rows_runs_grid(struct grid *g, const struct compare_rows *t, struct err *e);

#endif
