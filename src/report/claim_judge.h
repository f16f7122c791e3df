/* claim_judge.h - what the runs of a sweep say of one of its claims.
 *
 * A claim is judged over seeds: what a side does not name, and both sides have,
 * is averaged over within each seed, so a seed counts once however many runs it
 * has. Means that are held against each other are over the same: runs without
 * their like are left out, and told. Two sides are pairs of equal seeds where
 * there are enough of them to reach the level at all; else all seeds of both
 * are dealt out, as if nothing were shared, which takes for granted that runs
 * of one seed are no more unlike than runs of two. How many there are decides
 * which, never what came out.
 *
 *   a < b                    permutation test of pairs, or of groups, and the t
 *                            test that the interval is of: the larger p
 *   a < number               sign test
 *   a stays under number     sign test of each run's largest value; and no run
 *                            may be beyond it
 *   a falls as key rises     Page's test within seeds (trend.h); and no median
 *                            may rise
 *   a = b within margin      two one-sided t tests
 *   formation                the same, of ranks; never is the last
 *
 * docs/EXPERIMENTS.md says all of this to users.
 */
#ifndef SINKLAB_CLAIM_JUDGE_H
#define SINKLAB_CLAIM_JUDGE_H

#include "report/claim_runs.h"
#include "report/statistics.h"
#include "report/trend.h"
#include "sweep/claim.h"

enum claim_test {
    CLAIM_TEST_NONE, /* nothing to judge: `why` says it */
    CLAIM_TEST_PAIRS,
    CLAIM_TEST_GROUPS,
    CLAIM_TEST_SIGN,
    CLAIM_TEST_TREND,
    CLAIM_TEST_MARGIN_PAIRS,
    CLAIM_TEST_MARGIN_GROUPS,
};

/* The runs of a side; its numbers are over runs. */
struct claim_group {
    idx n_runs, n_seeds;
    double median, low, high; /* formations: INFINITY where it never formed */
    idx n_beyond; /* sinks: beyond the usual threshold; formations: formed */
};

enum { CLAIM_WORDS_MAX = 400 };

/* What the number of seeds that would decide a claim is reckoned from. */
struct claim_outlook {
    enum { OUTLOOK_UNKNOWN, OUTLOOK_NEVER, OUTLOOK_SEEDS } is;
    double distance; /* of two sides: the difference, or what a margin leaves */
    double pair_spread; /* of differences of pairs; NAN: there are none */
    double squares;     /* of each side's spread, in sum */
};

struct claim_result {
    const struct claim *claim;
    enum claim_test test;
    char why[CLAIM_WORDS_MAX];    /* nothing is judged; or "" */
    char beside[CLAIM_WORDS_MAX]; /* what else differs, or is averaged over */
    double step;      /* that values are of; NAN: formations, what stays */
    double threshold; /* of n_beyond; NAN: none is counted */
    struct claim_group a, b; /* b: of two sides */
    struct judgement j; /* of two sides; of a trend: from the least value of the
                           key to the largest, over seeds. Its interval is cut
                           to what shares can differ by, NAN without spread */
    struct trend trend;
    idx n_levels;                    /* of a trend */
    double median[CLAIM_LEVELS_MAX]; /* (n_levels) over seeds */
    double level[CLAIM_LEVELS_MAX];  /* (n_levels) value of the key */
    idx n_holding, n_judged;         /* of the sign test */
    double p, p_least;               /* NAN: nothing was judged; p of two sides:
                                        the larger of j.p and j.p_t */
    int direction; /* of what was found: > 0 as claimed, < 0 against it */
    char but[CLAIM_WORDS_MAX]; /* why a small p does not support it; or "" */
    struct claim_outlook outlook;

    /* claims_correct */
    double p_corrected;
    double seeds; /* a side, of which every second lot would decide it were all
                     else as it is, the other claims' p included; NAN: unknown;
                     INFINITY: no number of them */
};

enum claim_verdict { CLAIM_UNDECIDED, CLAIM_SUPPORTED, CLAIM_CONTRADICTED };

/* claims_level - what p must come to: JUDGED_AT, or the part of it that the
 * strictest of n claims is left. */
double claims_level(idx n, enum claim_correction how);

/* claim_takes_pairs - are so many seeds of two sides, n_both of them of both,
 * judged as pairs? Where each of the smaller side has its pair, and they can
 * come to the level. */
bool claim_takes_pairs(idx n_a, idx n_b, idx n_both, double level);

/* claim_judge - level: claims_level. OK or ERR_MEMORY; what cannot be
 * judged is no error. */
int claim_judge(struct claim_result *r, const struct claim *claim,
                const struct claim_runs *runs, double level, struct err *e);

/* claims_correct - p_corrected and seeds of all n claims of a file, by Holm's
 * method:
 * none of them is supported or contradicted by chance in more than one file of
 * 20. Source: Holm, Scand. J. Stat. 6, 1979, 65-70. CORRECTION_NONE: p as it
 * is. What has no p counts as one that could have. */
void claims_correct(struct claim_result *r, idx n, enum claim_correction how);

enum claim_verdict claim_verdict(const struct claim_result *r);

#endif
