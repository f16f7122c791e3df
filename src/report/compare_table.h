/* compare_table.h - the tables of `compare`: what a row is made of, and the
 * columns that show it.
 *
 * For people: percent, rounded, "-" for what is missing, only the first of many
 * differing keys, `status` only if not all are done. For files: everything,
 * fractions, all digits, empty cells.
 */
#ifndef SINKLAB_COMPARE_TABLE_H
#define SINKLAB_COMPARE_TABLE_H

#include "io/grid.h"
#include "report/means.h"

/* A column of a run's files that is shown. */
struct measure {
    const char *name;
    const char *heading; /* for people; "": "final" and the name; NULL: in
                       groups too much for a screen */
    bool is_paired;      /* differences of it are shown */
    bool is_always;      /* in a table of runs even where none has it */
};

enum {
    MEASURES_MAX = 10,
    MEASURE_LOSS = 0,
    EACH_MAX = 96,
    KEYS_OF_RUNS = 5, /* differing keys that get a column on a screen */
    KEYS_OF_GROUPS = 8,
};

struct row {
    const struct group *group;
    const struct run_data *run; /* the first; of a table of runs, this one */
    const char *label, *status;
    const char *base; /* label of the row that it is paired with */
    idx n_runs;
    struct summary steps, finals[MEASURES_MAX];
    struct emerged emerged;
    struct pair pairs[MEASURES_MAX];
    char each[EACH_MAX]; /* "98 0 100": the metric, run by run */
    /* of a table of runs */
    const char *name, *counts;
    char on[MEASURED_TEXT_MAX];
};

struct compare_rows {
    const struct groups *groups;
    const struct compare_options *o;
    struct measure measures[MEASURES_MAX];
    idx n_measures;
    idx metric; /* number of its measure: MEASURE_LOSS if it is the loss */
    idx base;   /* row that others are paired with */
    idx n;
    struct row *rows; /* (n) one a group */
};

/* rows_make - fill zeroed rows; borrows groups and options. OK; ERR_USAGE: no
 * group is called as --baseline says; ERR_MEMORY. They may be released in any
 * case. */
int rows_make(struct compare_rows *t, const struct compare_options *o,
              const struct groups *s, struct err *e);
void rows_release(struct compare_rows *t);

/* rows_grid - fill a zeroed grid: a line a group, or a run where each is its
 * own group. OK or ERR_MEMORY. */
int rows_grid(struct grid *g, const struct compare_rows *t, bool is_file,
              struct err *e);

/* rows_pairs_grid - for people: paired differences from the base, where there
 * are two pairs or more; else the grid stays empty. */
int rows_pairs_grid(struct grid *g, const struct compare_rows *t,
                    struct err *e);

/* Most pairs that a group makes with the base. */
idx rows_pairs_most(const struct compare_rows *t);

/* rows_runs_grid - for files: a line a run, where its group's means come from;
 * the same as rows_grid where each run is its own group. */
int rows_runs_grid(struct grid *g, const struct compare_rows *t, struct err *e);

#endif
