/* claim_runs.h - the runs of a sweep that its claims are judged by.
 *
 * From run folders, or from the tables that are left of them (run_tables.h).
 * Runs that are not done do not count, and are told.
 */
#ifndef SINKLAB_CLAIM_RUNS_H
#define SINKLAB_CLAIM_RUNS_H

#include "report/compare_gather.h"
#include "report/run_tables.h"
#include "report/series.h"

enum { CLAIM_LEFT_MAX = 256 };

struct claim_run {
    const char *name;
    const struct config *config;
    const struct measured *on; /* of its analysis, or its probe */
    const struct run_data *data;
    idx text; /* the first run that is known to have its text; or itself */
};

struct claim_runs {
    idx n, n_unended;
    struct claim_run *at;      /* (n) those that count; behind them n_unended
                                  that the sweep asks for and are not done */
    idx n_left;                /* those that do not */
    char left[CLAIM_LEFT_MAX]; /* "1 diverged, 2 waiting"; or "" */
    bool is_logged;            /* of metrics.csv, as not all have an analysis */

    struct compare_set set;   /* of folders, or */
    struct run_tables tables; /* of tables: what `data` point into */
};

/* claim_runs_of_folder - of the sweep in dir, without those that it no longer
 * asks for. OK; ERR_DATA: none has begun, or none is done; others as
 * compare_gather and sweep_open. */
int claim_runs_of_folder(struct claim_runs *s, const char *dir, struct err *e);

/* claim_runs_add_layers - a column that claims are of, if it is of a layer
 * (run_layers.h), for those runs of folders that count. The same. */
int claim_runs_add_layers(struct claim_runs *s, const char *column,
                          struct err *e);

/* claim_runs_of_tables - those of `tables` whose names begin with the sweep's
 * ("lr" of runs/lr) and a slash. OK, ERR_IO, ERR_DATA "file:line: ...",
 * ERR_MEMORY. */
int claim_runs_of_tables(struct claim_runs *s, const char *tables,
                         const char *sweep, struct err *e);

/* They may be released in any case; zeroed, too. */
void claim_runs_release(struct claim_runs *s);

/* claim_runs_config - what run i is to be held against others by in this key:
 * for where its text lies the configuration of the first that has it. */
const struct config *claim_runs_config(const struct claim_runs *s, idx i,
                                       struct config_key k);

/* claim_run_series - a column of a run over its steps; n = 0: it has none. */
struct series claim_run_series(const struct claim_runs *s, idx run,
                               const char *column);

#endif
