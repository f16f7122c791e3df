/* claim_judging.h - one claim while it is judged: its runs, seed by seed.
 *
 * What claim_sides.h, claim_values.h and claim_judge.h hand on to each other.
 * What cannot be judged says so in r->why, and the steps behind are left out.
 */
#ifndef SINKLAB_CLAIM_JUDGING_H
#define SINKLAB_CLAIM_JUDGING_H

#include "config/config_differ.h"
#include "report/claim_result.h"
#include "report/claim_runs.h"
#include "report/emergence.h"

enum { SIDE_A, SIDE_B, SIDES };

/* A run on a side. */
struct member {
    idx run; /* of claim_runs */
    idx seed;
    idx level; /* of a trend */
    bool is_used;
    double value;
};

struct seed {
    idx run;              /* one that has it */
    bool is_there[SIDES]; /* with runs that are used */
    bool is_whole[SIDES]; /* with all that its side is averaged over */
    bool is_pair;         /* runs of both sides match */
    double value[SIDES];  /* means over what is used; NAN */
    double paired[SIDES]; /* over what matches within the seed */
};

/* Keys in which the runs differ, that not all sides name. */
struct rest {
    struct config_key keys[DIFFERING_MAX];
    bool is_matched[DIFFERING_MAX]; /* both sides share values of it */
    bool is_named[DIFFERING_MAX];   /* by one of two sides */
    bool is_tied[DIFFERING_MAX];    /* each seed has one value of it, and the
                                       sides have these alike */
    idx n;
};

struct judging {
    struct claim_result *r;
    const struct claim *claim;
    const struct claim_runs *runs;
    double level;
    struct emergence emergence[SIDES];
    struct member *at[SIDES]; /* (n) */
    idx n[SIDES];
    idx n_seeds;
    struct seed *seeds;
    double first;   /* step at which any of the runs was measured */
    bool are_pairs; /* each seed of the smaller side has its pair */
    bool is_paired; /* and they are enough: the test is of pairs */
    struct rest rest;
    double *scratch; /* (runs,levels) or more */
};

static inline const struct claim_side *claim_side_of(const struct judging *g,
                                                     int side)
{
    return side == SIDE_A ? &g->claim->a : &g->claim->b;
}

static inline const struct config *claim_config_of(const struct judging *g,
                                                   const struct member *m)
{
    return g->runs->at[m->run].config;
}

/* claim_why_not - why it cannot be judged; the first reason stays. */
void claim_why_not(struct claim_result *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
