/* means.h - numbers over the runs of a group that count.
 *
 * Means are over runs, at the steps that all of them measured: nothing is
 * interpolated. The spread is the sample standard deviation (divisor n - 1);
 * one run has none. One value that is NAN makes all of it NAN.
 */
#ifndef SINKLAB_MEANS_H
#define SINKLAB_MEANS_H

#include "report/groups.h"

struct summary {
    idx n;               /* values; 0: none */
    double mean, spread; /* NAN where there is none */
    double error;        /* of the mean: spread / sqrt(n) */
    double min, max;
};

/* summarise - of values (n). */
struct summary summarise(const double *values, idx n);

/* A column over steps, of the runs that have it. */
struct band {
    idx n;               /* steps that all of them measured */
    idx n_any;           /* steps that any of them measured */
    idx n_runs;          /* that the numbers are over */
    bool is_logged;      /* from metrics.csv */
    double *step, *mean; /* (n) */
    double *low, *high;  /* (n) mean - spread, mean + spread */
    struct summary last; /* at the last step; n = 0 without one */
};

/* band_make - fill a zeroed band. OK or ERR_MEMORY. */
int band_make(struct band *b, const struct group *g, const char *column,
              struct err *e);
void band_release(struct band *b);

/* group_final - `last` of the column's band, for who needs no more of it. OK or
 * ERR_MEMORY. */
int group_final(struct summary *s, const struct group *g, const char *column,
                struct err *e);

/* group_finals - the numbers that group_final summarises, one of each of the *n
 * runs that have the column: values (g->n_counted) out. OK or ERR_MEMORY. */
int group_finals(double *values, idx *n, const struct group *g,
                 const char *column, struct err *e);

/* First steps with a column beyond a threshold. */
struct emerged {
    struct summary steps; /* over the runs that have one */
    idx n_measured;       /* runs that have the column */
    idx n_gone;           /* that emerged, and are not beyond it at their end */
};

/* Are all that emerged gone again at the end? */
bool emerged_is_gone(const struct emerged *x);

/* group_emerged - OK or ERR_MEMORY. */
int group_emerged(struct emerged *x, const struct group *g, const char *column,
                  const struct emergence *m, struct err *e);

#endif
