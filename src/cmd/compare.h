/* compare.h - the parts of `sinklab compare`: read runs, tabulate, draw.
 *
 * Only the compare_*.c files and their test include this. A struct compared
 * owns what it read and borrows its path; zeroed, it may be released.
 */
#ifndef SINKLAB_COMPARE_H
#define SINKLAB_COMPARE_H

#include <stdio.h>

#include "base/base.h"
#include "base/err.h"
#include "io/config.h"
#include "io/grid.h"
#include "io/run.h"
#include "io/table.h"

struct compare_options {
    const char *const *runs; /* (n_runs) folders, as given */
    idx n_runs;
    const char *metric, *loss; /* names of columns */
    double threshold;          /* in the file's unit: 0..1 for fractions */
    const char *figure;        /* .svg or .png; NULL: a plot in text */
    const char *csv;           /* NULL: none */
    bool log_x;
    idx width;    /* columns of the terminal */
    bool unicode; /* the terminal shows it */
};

/* A column over steps; empty (n = 0) where no file of the run has it. */
struct series {
    const double *step, *value; /* (n) */
    idx n;
    bool is_sparse; /* NAN means not measured at that step */
};

enum { COMPARED_NAME_MAX = 256 };

struct compared {
    const char *path;
    char name[COMPARED_NAME_MAX]; /* last part of path; "" where it says none */
    const char *label;            /* how tables and legends call the run */
    const char *status;           /* of run_state_name; "-" where unknown */
    bool has_config;
    struct config config;
    struct table analysis, metrics; /* 0 columns where there is no file */
    char note[ERR_TEXT_MAX];        /* one line to tell the reader; or "" */
};

/* compared_load - read one run folder.
 * OK; ERR_USAGE (the path is too long); ERR_DATA: no such folder, or neither
 * analysis.csv nor a metrics.csv with a value of `metric`, or one of them is
 * damaged; ERR_IO, ERR_MEMORY. A config.ini that cannot be read becomes a
 * note. */
int compared_load(struct compared *r, const char *path, const char *metric,
                  struct err *e);
void compared_release(struct compared *r);

/* compared_label - name each run by its folder; by its whole path where two
 * different folders share a name. */
void compared_label(struct compared *runs, idx n);

/* compared_series - from analysis.csv, else from metrics.csv. */
struct series compared_series(const struct compared *r, const char *name);

/* series_final - the last value (of a sparse series the last measured one);
 * false where there is none. The value may be NAN: so ended the run. */
bool series_final(double *value, const struct series *s);

/* series_emergence - first step with a value above the threshold; false if
 * there is none. */
bool series_emergence(double *step, const struct series *s, double threshold);

/* Were both measured with the same sink.eps and sink.tokens, as far as their
 * files say? */
bool compared_measured_alike(const struct compared *a,
                             const struct compared *b);

/* Is the column a share, 0..1 in files and percent in tables? */
bool metric_is_share(const char *name);

/* compare_grid - fill a zeroed grid with a row per run. For people: percent,
 * rounded, "-" for what is missing, only the first of many differing keys,
 * `status` only if not all are done. For files: everything, fractions, all
 * digits, empty cells. OK or ERR_MEMORY. */
int compare_grid(struct grid *g, const struct compare_options *o,
                 const struct compared *runs, bool is_file, struct err *e);

/* compare_differing - one line with the full names of the keys in which the
 * runs differ; nothing if they do not. */
void compare_differing(FILE *out, const struct compared *runs, idx n);

/* compare_run - the command without its command line: everything it prints
 * goes to out. OK or the codes of what it calls. */
int compare_run(FILE *out, const struct compare_options *o, struct err *e);

#endif
