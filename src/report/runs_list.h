/* runs_list.h - which runs there are, how far they came, in what order.
 *
 * A listing owns its runs; zeroed, it may be released. Reading needs no lock.
 */
#ifndef SINKLAB_RUNS_LIST_H
#define SINKLAB_RUNS_LIST_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "report/filter.h"
#include "report/run_data.h"
#include "run/run_list.h"

struct runs_options {
    const char *dir; /* what is searched */
    bool has_dir;    /* it was given */
    struct filter where;
    const char *sort; /* a field, - before it: the largest first; or NULL */
    const char *csv;  /* a file, "-": out; NULL: none */
    bool has_paths;   /* only the paths, a line each */
    bool is_json;     /* only the table of the CSV, as JSON */
    bool has_remove, is_yes;
    bool unicode;        /* the terminal shows it */
    FILE *in;            /* where questions are answered */
    bool is_interactive; /* by a person */
};

struct listed {
    struct run_data data; /* without analysis */
    const char *name;     /* the path, seen from the folder searched */
    size_t parent_n;      /* bytes of path that name the folder it lies in */
};

struct listing {
    idx n;
    struct listed *runs;    /* (n) those that are wanted, folder by folder, or
                               as o->sort has them */
    idx n_all;              /* before the filter */
    struct run_list list;   /* owns the paths */
    char base[RUN_DIR_MAX]; /* the folder that names are seen from */
};

/* listing_read - fill a zeroed listing with the runs below o->dir that o->where
 * accepts, sorted by o->sort whatever folder they lie in. OK; ERR_IO: no such
 * folder; ERR_USAGE: no field to sort by; ERR_MEMORY. It may be released in any
 * case. */
int listing_read(struct listing *l, const struct runs_options *o,
                 struct err *e);
void listing_release(struct listing *l);

#endif
