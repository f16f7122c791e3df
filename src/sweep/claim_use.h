/* claim_use.h - which runs a sweep has to answer a claim, found while its
 * points are listed: one that no run can answer is told before any is trained.
 */
#ifndef SINKLAB_CLAIM_USE_H
#define SINKLAB_CLAIM_USE_H

#include "config/draft.h"
#include "sweep/claim.h"

/* The seeds that a claim of the file will have; more than CLAIM_SEEDS_MAX are
 * as good as so many. */
enum { CLAIM_SEEDS_MAX = 64 };
struct claim_seeds {
    idx n_a, n_b, n_both; /* of a side; of both, as pairs need */
    idx n_levels;         /* of a trend: values of the key */
};

struct claim_use {
    const char *twice;      /* a run on both sides, by the caller; NULL: none */
    const char *unmeasured; /* what a run does not measure; NULL: nothing */
    const char *no_layer;   /* a column of a layer that a run has not; NULL:
                               none */
    idx layers;             /* that this run has */
    double step;            /* that a run does not come to; 0: none */
    idx ends;               /* where that run ends */
    idx n_seeds;
    idx seeds[CLAIM_SEEDS_MAX][3];       /* (n_seeds) a run's three */
    bool is_seed_of[CLAIM_SEEDS_MAX][2]; /* sides */
    idx n_levels;                        /* values of the key that rises */
    double levels[CLAIM_LEVELS_MAX];     /* (n_levels) */
    bool has_more;                       /* levels than these */
};

/* claim_use_run - a run with this configuration is there. true: it is on both
 * sides of a claim that holds one against the other. */
bool claim_use_run(struct claim_use *use, const struct claim *claim,
                   const struct config *c);

/* claim_use_seeds - of all runs that were there. */
struct claim_seeds claim_use_seeds(const struct claim_use *use);

/* claim_use_check - a problem of the draft, if they cannot answer it. */
void claim_use_check(struct draft *d, const struct claim *claim,
                     const struct claim_use *use);

#endif
