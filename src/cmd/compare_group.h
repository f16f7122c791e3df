/* compare_group.h - runs that differ in their seeds only, as one.
 *
 * Runs are grouped by all keys but seeds and cosmetic ones, or by the keys of
 * --by. Which runs of a group count: those that are done. Where none is done,
 * those under way (or stopped by a rule) count as far as all of them came. A
 * run that diverged or failed never counts, nor one whose status cannot be
 * read. A run whose settings cannot be read is a group of its own.
 *
 * Means are over runs, at the steps that all of them measured: nothing is
 * interpolated. The spread is the sample standard deviation (divisor n - 1);
 * one run has none. Groups own their memory and borrow the runs.
 */
#ifndef SINKLAB_COMPARE_GROUP_H
#define SINKLAB_COMPARE_GROUP_H

#include "cmd/compare.h"
#include "io/config_differ.h"

enum { GROUP_LABEL_MAX = 256, GROUP_STATUS_MAX = 256 };

struct group {
    const struct compared *const *runs; /* (n_runs) those that count first */
    idx n_runs, n_counted;
    bool is_done;                  /* those that count are done */
    char label[GROUP_LABEL_MAX];   /* "relu lr=0.002" */
    char status[GROUP_STATUS_MAX]; /* "2 done, 1 diverged" */
};

struct groups {
    idx n;
    struct group *g;              /* (n) in the order of their keys' values */
    const struct compared **runs; /* all, group by group */
    struct config_key keys[DIFFERING_MAX]; /* that tell groups apart */
    struct config_key over[DIFFERING_MAX]; /* that differ within groups */
    idx n_keys, n_over;
    idx n_waiting; /* runs that have not begun; for a note */
};

/* groups_make - fill zeroed groups. OK; ERR_USAGE: an unknown key in --by;
 * ERR_MEMORY. They may be released in any case. */
int groups_make(struct groups *s, const struct compare_options *o,
                const struct compared *runs, idx n, struct err *e);
void groups_release(struct groups *s);

/* ---- statistics: compare_band.c ---- */

/* A number over runs. */
struct summary {
    idx n;               /* runs; 0: none */
    double mean, spread; /* NAN where there is none */
};

/* summarise - of values (n). */
struct summary summarise(const double *values, idx n);

/* A column over steps, of the runs of a group that count and have it. All from
 * analysis.csv, if all have it there; else all from metrics.csv. */
struct band {
    idx n;                 /* steps that all of them measured */
    idx n_any;             /* steps that any of them measured */
    idx n_runs;            /* that the numbers are over */
    bool is_logged;        /* from metrics.csv */
    double *step;          /* (n) */
    double *mean, *spread; /* (n) */
    double *low, *high;    /* (n) mean - spread, mean + spread */
};

/* band_make - fill a zeroed band. OK or ERR_MEMORY. */
int band_make(struct band *b, const struct group *g, const char *column,
              struct err *e);
void band_release(struct band *b);

/* band_final - at the last step. */
struct summary band_final(const struct band *b);

/* group_emergence - first steps with `column` above the threshold, over those
 * runs that count and have such a step. *n_measured: runs that count and have
 * the column; *n_gone: runs that are not above it at their end. */
struct summary group_emergence(idx *n_measured, idx *n_gone,
                               const struct group *g, const char *column,
                               double threshold);

/* ---- what is shown: compare_group_grid.c, compare_group_show.c ---- */

/* groups_grid - a row per group; for files and for people as compare_grid.
 * OK or ERR_MEMORY. */
int groups_grid(struct grid *grid, const struct compare_options *o,
                const struct groups *s, bool is_file, struct err *e);

/* groups_show - table, notes, --csv and plot. The codes of what it calls. */
int groups_show(FILE *out, const struct compare_options *o,
                const struct groups *s, struct err *e);

#endif
