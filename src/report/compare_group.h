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

#include "config/config_differ.h"
#include "report/compare.h"

enum { GROUP_LABEL_MAX = 256, GROUP_STATUS_MAX = 256 };

struct group {
    const struct compared *const *runs; /* (n_runs) those that count first */
    idx n_runs, n_counted;
    bool is_done;                  /* those that count are done */
    bool is_analysed;              /* as all runs that count, in all groups */
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
    idx n_waiting;             /* runs that have not begun; for a note */
    idx n_counted, n_analysed; /* runs in all that count; with an analysis */
    struct emergence emergence;
};

/* groups_make - fill zeroed groups. OK; ERR_USAGE: an unknown key in --by;
 * ERR_MEMORY. They may be released in any case. */
int groups_make(struct groups *s, const struct compare_options *o,
                const struct compared *runs, idx n, struct err *e);
void groups_release(struct groups *s);

/* ---- statistics: compare_band.c ---- */

/* A number over runs. One that is NAN makes all of it NAN. */
struct summary {
    idx n;               /* runs; 0: none */
    double mean, spread; /* NAN where there is none */
    double min, max;
};

/* summarise - of values (n). */
struct summary summarise(const double *values, idx n);

/* A column over steps, of the runs of a group that count and have it. All from
 * analysis.csv, if all runs that count (of all groups) have one, and those of
 * this group the column; else all from metrics.csv. */
struct band {
    idx n;                 /* steps that all of them measured */
    idx n_any;             /* steps that any of them measured */
    idx n_runs;            /* that the numbers are over */
    bool is_logged;        /* from metrics.csv */
    double *step;          /* (n) */
    double *mean, *spread; /* (n) */
    double *low, *high;    /* (n) mean - spread, mean + spread */
    struct summary last;   /* at the last step */
};

/* band_make - fill a zeroed band. OK or ERR_MEMORY. */
int band_make(struct band *b, const struct group *g, const char *column,
              struct err *e);
void band_release(struct band *b);

/* band_final - at the last step. */
struct summary band_final(const struct band *b);

/* group_series - of run i of the group, from the file that band_make takes. */
struct series group_series(const struct group *g, idx i, const char *column);

/* group_emergence - first steps with `column` beyond the threshold, over those
 * runs that count and have such a step. *n_measured: runs that count and have
 * the column; *n_gone: runs that are not beyond it at their end. */
struct summary group_emergence(idx *n_measured, idx *n_gone,
                               const struct group *g, const char *column,
                               const struct emergence *m);

/* ---- with and without: compare_pair.c ---- */

/* Differences of a column between runs of two groups with the same seeds. */
struct pair {
    idx n;                      /* pairs; 0: none */
    idx n_up;                   /* with a difference above 0 */
    idx n_down;                 /* below 0 */
    double mean, spread, error; /* spread / sqrt(n); NAN where there is none */
};

/* group_pair - `column` of g less that of the base, at the last step that both
 * runs of a pair measured. Runs are paired by run.seed, init_seed and
 * data_seed; one whose seeds are not alone in its group has no partner. Both
 * are taken from the same kind of file; numbers that were measured on
 * different held-out sequences are no pair. OK or ERR_MEMORY. */
int group_pair(struct pair *p, const struct group *g, const struct group *base,
               const char *column, struct err *e);

/* groups_baseline - the group that --baseline names, or the first. OK;
 * ERR_USAGE: there is no such group. */
int groups_baseline(idx *i, const struct groups *s,
                    const struct compare_options *o, struct err *e);

/* ---- what may be averaged: compare_alike.c ---- */

/* groups_check - were the loss and the metric of the runs of each group
 * measured alike? OK; ERR_DATA names two runs that were not. */
int groups_check(const struct groups *s, const struct compare_options *o,
                 struct err *e);

/* ---- what is shown: compare_group_grid.c, compare_group_show.c ---- */

/* groups_grid - a row per group; for files and for people as compare_grid.
 * OK or ERR_MEMORY. */
int groups_grid(struct grid *grid, const struct compare_options *o,
                const struct groups *s, bool is_file, struct err *e);

/* groups_pairs_grid - a row per group beside the base (whose number comes out,
 * with the most pairs that a group makes with it), for people: paired
 * differences of loss and metric, where two pairs or more are; else it stays
 * empty. OK, ERR_MEMORY, or ERR_USAGE of groups_baseline. */
int groups_pairs_grid(struct grid *grid, idx *base, idx *n_pairs,
                      const struct compare_options *o, const struct groups *s,
                      struct err *e);

/* groups_runs_grid - a row per run, for files: where its group's means come
 * from. OK or ERR_MEMORY. */
int groups_runs_grid(struct grid *grid, const struct compare_options *o,
                     const struct groups *s, struct err *e);

/* groups_show - table, notes, --csv and plot. The codes of what it calls. */
int groups_show(FILE *out, const struct compare_options *o,
                const struct groups *s, struct err *e);

#endif
