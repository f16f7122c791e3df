/* runs.h - the parts of `sinklab runs`: list runs, archive and remove them.
 *
 * Only the runs*.c files and their test include this. A listing owns its runs;
 * zeroed, it may be released. Reading needs no lock; archive and removal hold
 * the lock of every run they touch.
 */
#ifndef SINKLAB_RUNS_H
#define SINKLAB_RUNS_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "report/filter.h"
#include "run/run_list.h"

struct runs_options {
    const char *dir; /* what is searched */
    bool has_dir;    /* it was given */
    struct filter where;
    const char *sort;    /* a field, - before it: the largest first; or NULL */
    const char *csv;     /* a file, "-": out; NULL: none */
    const char *archive; /* a file; NULL: none */
    bool has_remove, is_yes;
    bool unicode;        /* the terminal shows it */
    FILE *in;            /* where questions are answered */
    bool is_interactive; /* by a person */
};

struct listed {
    const char *path;
    const char *name;     /* the path, seen from the folder searched */
    const char *own_name; /* its last part */
    size_t parent_n;      /* bytes of path that name the folder it lies in */
    const char *status;   /* as run_standing has it */
    double step;          /* updates done, as far as its files say; NAN */
    bool has_config;
    struct config config;
    struct table metrics;
    struct err unread; /* what cannot be read of it, or is damaged */
};

struct listing {
    idx n;
    struct listed *runs;    /* (n) folder by folder; those that are wanted */
    idx n_all;              /* before the filter */
    struct run_list list;   /* owns the paths */
    char base[RUN_DIR_MAX]; /* the folder that names are seen from */
};

/* listing_read - fill a zeroed listing with the runs below o->dir that o->where
 * accepts, sorted within each folder. OK; ERR_IO: no such folder; ERR_USAGE: no
 * field to sort by; ERR_MEMORY. It may be released in any case. */
int listing_read(struct listing *l, const struct runs_options *o,
                 struct err *e);
void listing_release(struct listing *l);

/* Of the column of metrics.csv, the last number, be it nan; false (NAN) where
 * there is none. */
bool listed_measured(double *value, const struct listed *r, const char *column);

/* runs_print - a table for each folder that holds runs. OK or ERR_MEMORY. */
int runs_print(FILE *out, const struct listing *l, const struct runs_options *o,
               struct err *e);

/* runs_write_csv - one table of all, with every key in which they differ. */
int runs_write_csv(FILE *out, const struct listing *l, struct err *e);

/* runs_act - archive and remove what is listed, as the options say, each after
 * a question. Runs in use, those that hold other runs, and those of which a
 * condition cannot be judged for damage, are left alone and named. OK (also if
 * the answer is no); ERR_USAGE: nobody can answer; ERR_BUSY: all are in use;
 * ERR_IO, ERR_TOOL. Every run is whole or gone, or its remains
 * are named .removed-* and the next `--remove` clears them. */
int runs_act(FILE *out, const struct listing *l, const struct runs_options *o,
             struct err *e);

/* runs_run - the command without its command line. */
int runs_run(FILE *out, const struct runs_options *o, struct err *e);

#endif
