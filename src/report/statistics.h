/* statistics.h - is a difference more than what seeds make?
 *
 * A difference of means over runs is judged by an exact permutation test: the
 * share of all ways to deal the same numbers out, with the sides of each pair
 * or the members of both groups exchanged, that give a difference at least as
 * large. It assumes no distribution, which so few seeds could not show, but
 * that without a difference the numbers could be exchanged: it asks whether
 * both sides have one distribution (of pairs, whether differences are as often
 * of either sign). Where two groups have equal means and unlike spreads it
 * finds them apart more often than the level says. Few seeds can be dealt out
 * in few ways, so there is a least p that they can give whatever comes out;
 * where it is above JUDGED_AT, they are too few to tell.
 * Beside it stands the interval of Student's t (pairs), or Welch's (two groups,
 * whose variances may differ), which assumes normal numbers.
 *
 * How many of n came out one way is judged by the sign test, and has the
 * interval of Clopper and Pearson. Trends: trend.h.
 *
 * Sources: Fisher, The Design of Experiments, 1935, section 21; Welch,
 * Biometrika 34, 1947, 28-35; Clopper and Pearson, Biometrika 26, 1934,
 * 404-413. Pure functions; nothing allocates, nothing fails.
 */
#ifndef SINKLAB_STATISTICS_H
#define SINKLAB_STATISTICS_H

#include "base/base.h"

/* The level of tests, and what intervals leave out. */
#define JUDGED_AT 0.05

/* More ways than this are not gone through: then p is the t test's. So many
 * have 17 pairs, or 10 runs against 10. */
enum { PERMUTATIONS_MAX = 200000 };

/* student_two_sided - probability that |T| >= |t|, T of Student's distribution
 * with df > 0 degrees of freedom (need not be whole). NAN of NAN. */
double student_two_sided(double t, double df);

/* student_quantile - the t > 0 that |T| exceeds with probability p, 0 < p < 1:
 * of an interval at 95 % the one of p = 0.05. */
double student_quantile(double p, double df);

enum verdict {
    VERDICT_NONE,    /* nothing to judge: no numbers, or one is NAN */
    VERDICT_TOO_FEW, /* p cannot be as small as JUDGED_AT */
    VERDICT_ALIKE,   /* it could, and is not */
    VERDICT_HIGHER,  /* p <= JUDGED_AT */
    VERDICT_LOWER,
};

/* verdict_words - "too few seeds to tell", "not told apart", "higher", "lower";
 * "-" of none. */
const char *verdict_words(enum verdict v);

struct judgement {
    bool is_paired;
    idx n, n_base;     /* pairs, twice; or runs on either side */
    idx n_runs;        /* pairs of runs, where a seed's mean of them is one */
    double difference; /* of the means, from the base; NAN where n = 0 */
    double error;      /* its standard error; NAN: too few for one */
    double df;         /* of the t distribution; NAN as error */
    double low, high;  /* its interval at 1 - JUDGED_AT; NAN as error */
    double p_t;        /* two-sided, of the t that the interval is of: up to
                          JUDGED_AT where it does not hold 0; NAN as error */
    double p;          /* two-sided, of the test; NAN: no numbers */
    double p_least;    /* that so many seeds can give; 0: not exact */
    bool is_exact;     /* p is of all permutations; else of t */
    enum verdict verdict;
};

/* judge_pairs - differences d (n) between two runs with the same seeds each. */
struct judgement judge_pairs(const double *d, idx n);

/* judge_groups - numbers a (n) less those of the base (n_base); no run of the
 * one belongs to one of the other. */
struct judgement judge_groups(const double *a, idx n, const double *base,
                              idx n_base);

/* judgement_bound_shares - shares lie between 0 and 1: their differences
 * between -1 and 1, and so does the interval, as far as there is one. */
void judgement_bound_shares(struct judgement *j);

/* share_interval - of the share behind k of n, 0 <= k <= n > 0, at
 * 1 - JUDGED_AT: Clopper's and Pearson's, which covers it at least so often. */
void share_interval(double *low, double *high, idx k, idx n);

/* sign_test - two-sided p of k of n, were one side as likely as the other; 1
 * of none. */
double sign_test(idx k, idx n);

/* ranks_of - of v (n), from 1 on: what is equal shares the mean of its ranks.
 * Infinities are as good as any number. */
void ranks_of(double *rank, const double *v, idx n);

/* pairs_least, groups_least - the least p that n pairs, or n runs on one side
 * and n_base on the other, can give by permutation. */
double pairs_least(idx n);
double groups_least(idx n, idx n_base);

/* p_text - p with two digits, and as many more as tell it from the level.
 * Returns text. */
enum { P_TEXT_MAX = 32 };
const char *p_text(char text[P_TEXT_MAX], double p);

/* judgement_seeds - what it is over: "6 pairs", "9 pairs of 3 seeds", "3 and 5
 * runs". Returns text.
 * judgement_test - how, in words: "exact permutation test over 6 pairs, p =
 * 0.031"; where no outcome could be below JUDGED_AT, "; so few can give none
 * below 0.062" behind it. */
enum { JUDGEMENT_TEXT_MAX = 160 };
const char *judgement_seeds(char text[JUDGEMENT_TEXT_MAX],
                            const struct judgement *j);
const char *judgement_test(char text[JUDGEMENT_TEXT_MAX],
                           const struct judgement *j);

#endif
