/* sweep_expand.h - from a sweep file to the list of its runs.
 *
 * Axes vary as the digits of a number: the last line of [axes] fastest, then,
 * for each point of that grid, draw after draw of [random]. An axis whose
 * condition does not hold at a point is not there. A condition sees the base
 * configuration and the axes above it.
 * A draw is a function of ([random] seed, key, number): neither draws nor
 * other axes change it. Computed values have six significant digits, so that
 * every machine finds the same.
 */
#ifndef SINKLAB_SWEEP_EXPAND_H
#define SINKLAB_SWEEP_EXPAND_H

#include <stdio.h>

#include "base/pool.h"
#include "sweep/claim_use.h"
#include "sweep/sweep_file.h"

enum { SWEEP_RUNS_MAX = 100000 };

struct sweep_point {
    char id[CONFIG_ID_MAX];
    idx n_changes;
    const char **changes; /* (n_changes) "optim.lr=0.002", in axis order */
    const char *label;    /* "relu-lr0.002-seed3": the axes with a choice */
    const char *hash;     /* of the text it reads, or "" */
};

struct sweep_points {
    idx n; /* with distinct identities */
    struct sweep_point *points;
    idx n_excluded;    /* combinations that [exclude] took out */
    idx n_later;       /* and those that sweep.seeds leaves for later */
    idx n_duplicates;  /* combinations with the identity of one before */
    const char *twins; /* "A is B", the first of them, or NULL */
    const char *idle;  /* an exclusion that took nothing out, or NULL */
    const char *notes; /* lines on settings that not all runs read, or NULL */
    struct claim_seeds *claims; /* (n_claims) of the file; NULL: it has none */
    struct pool memory;
};

/* sweep_expand - all runs of f, each one checked as a run would check it: the
 * configuration, its data (opened; their hash becomes part of the identity),
 * the model. A value that an axis gives must be read by every run that has it,
 * a setting that all share by one of them; where it is not, it has its default.
 * OK; ERR_CONFIG, ERR_DATA, ...: which run cannot be built and why,
 * a condition that never holds, or a claim that no run can answer; ERR_MEMORY.
 * The caller releases p in any case. */
int sweep_expand(struct sweep_points *p, const struct sweep_file *f,
                 struct err *e);
void sweep_points_release(struct sweep_points *p);

/* sweep_point_config - the configuration of a run: base with its changes, the
 * hash of its text filled in. OK or ERR_CONFIG, ERR_MEMORY. */
int sweep_point_config(struct config *c, const struct sweep_file *f,
                       const struct sweep_point *point, struct err *e);

/* sweep_points_tell - what a user should know of them, a line each: those left
 * for later, equal ones, settings that not all read, exclusions that exclude
 * nothing. */
void sweep_points_tell(FILE *out, const char *prefix,
                       const struct sweep_points *p);

#endif
