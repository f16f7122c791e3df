/* trend.h - does a number rise with a setting, within each seed?
 *
 * Page's test: the values of a seed get ranks (the mean of their ranks where
 * they are equal), each is multiplied with the number of its level, and the
 * sum over all seeds is held against those of all ways to deal each seed's
 * values out to its levels. So what a seed does to all of them falls out, and
 * of the values only the order counts: infinities are as good as any. A seed
 * that lacks a level is dealt out among those it has.
 * p is two-sided and exact up to TREND_LEVELS_MAX levels and TREND_SEEDS_MAX
 * seeds; beyond, of the normal distribution with the same mean and variance.
 *
 * Source: Page, J. Am. Stat. Assoc. 58, 1963, 216-230.
 * Pure functions; nothing allocates, nothing fails.
 */
#ifndef SINKLAB_TREND_H
#define SINKLAB_TREND_H

#include "base/base.h"

enum { TREND_LEVELS_MAX = 8, TREND_SEEDS_MAX = 40, TREND_RANKED_MAX = 64 };

struct trend {
    idx n_seeds;    /* with two levels or more */
    double z;       /* distance from what chance gives, in its standard
                       deviations; > 0: it rises; NAN: nothing to judge */
    double p;       /* two-sided; NAN: nothing to judge */
    double p_least; /* that so many can give; 0: not exact */
    bool is_exact;
    idx n_rising, n_falling; /* seeds that never fall (rise) from level to
                                level, and do rise (fall) */
};

/* trend_judge - v (n_seeds,n_levels), NAN where there is none; levels in the
 * order in which the setting rises, at most TREND_RANKED_MAX. */
struct trend trend_judge(const double *v, idx n_seeds, idx n_levels);

/* trend_least - the least p of n seeds with all of so many levels. */
double trend_least(idx n_seeds, idx n_levels);

#endif
