/* compare_rows.h - what the tables of `compare` are made of: a row a group, or
 * a run where each is its own group. */
#ifndef SINKLAB_COMPARE_ROWS_H
#define SINKLAB_COMPARE_ROWS_H

#include "report/judged.h"

/* Where a measure is shown: files have all. */
enum shown { SHOWN_IN_FILES, SHOWN_OF_RUNS, SHOWN };

/* A column of a run's files. */
struct measure {
    const char *name;
    bool is_judged;   /* differences of it are */
    enum shown shown; /* to people, where a run has it */
};

enum {
    MEASURES_MAX = 64,
    MEASURE_LOSS = 0,
    EACH_MAX = 96,
};

struct compare_row {
    const struct group *group;
    const struct run_data *run; /* the first; of a table of runs, this one */
    const char *label, *status;
    const char *base; /* label of the row that it is held against */
    idx n_runs;
    struct summary steps, finals[MEASURES_MAX];
    struct emerged emerged;
    struct judged judged[MEASURES_MAX]; /* zeroed: it is the base, or not
                                           judged */
    char each[EACH_MAX];                /* "98 0 100": the metric, run by run */
    /* of a table of runs */
    const char *name, *counts;
    char on[MEASURED_TEXT_MAX];
};

struct compare_rows {
    const struct groups *groups;
    const struct compare_options *o;
    struct measure measures[MEASURES_MAX];
    idx n_measures;
    char columns[KEY_TEXT_MAX]; /* --columns, cut into names */
    idx layers[MEASURES_MAX];   /* (n_layers) of --layers: each one's measure */
    idx n_layers;
    idx metric; /* number of its measure: MEASURE_LOSS if it is the loss */
    idx base;   /* row that others are held against */
    idx n;
    struct compare_row *rows; /* (n) row i is of group i */
};

/* rows_make - fill zeroed rows, in the order of --sort, which the groups are
 * put in, too; borrows groups and options, and must stay where they are. OK;
 * ERR_USAGE: --columns or --sort name what there is not, or no group is called
 * as --baseline says; ERR_DATA: --layers of runs without; ERR_MEMORY. They may
 * be released in any case. */
int rows_make(struct compare_rows *t, const struct compare_options *o,
              struct groups *s, struct err *e);
void rows_release(struct compare_rows *t);

/* rows_run - run k of group i as a row of its own, for files. */
void rows_run(struct compare_row *r, const struct compare_rows *t, idx i,
              idx k);

/* rows_have - has any of them a value of this measure? */
bool rows_have(const struct compare_rows *t, idx measure);

/* Is it val_excess, val_loss less a constant, beside that? */
bool rows_repeats(const struct compare_rows *t, idx measure);

/* Is there a difference over more than one seed, of this measure? */
bool rows_are_judged(const struct compare_rows *t, idx measure);

#endif
