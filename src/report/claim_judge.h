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
 * Several claims of one file: claim_correct.h. docs/EXPERIMENTS.md says all of
 * this to users.
 */
#ifndef SINKLAB_CLAIM_JUDGE_H
#define SINKLAB_CLAIM_JUDGE_H

#include "report/claim_result.h"
#include "report/claim_runs.h"

/* claim_judge - level: claims_level (claim_correct.h). OK or ERR_MEMORY; what
 * cannot be judged is no error. */
int claim_judge(struct claim_result *r, const struct claim *claim,
                const struct claim_runs *runs, double level, struct err *e);

#endif
