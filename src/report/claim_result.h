/* claim_result.h - what was found of one claim (claim_judge.h). */
#ifndef SINKLAB_CLAIM_RESULT_H
#define SINKLAB_CLAIM_RESULT_H

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
    double distance;    /* of two sides' means */
    double margin;      /* that it is claimed to be less than; NAN: none is */
    double pair_spread; /* of differences of pairs; NAN: there are none */
    double squares;     /* sum of both sides' squared spreads; NAN: no
                           groups */
};

struct claim_result {
    const struct claim *claim;
    enum claim_test test;
    char why[CLAIM_WORDS_MAX];    /* nothing is judged; or "" */
    char beside[CLAIM_WORDS_MAX]; /* what else differs, or is averaged over */
    double step;      /* that values are of, formations were watched up to,
                         what stays is from; NAN: each run's own end, no step */
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
    double seeds_least; /* a side, fewer of which could not decide it whatever
                           came out; else as seeds */
    double seeds; /* how many a side would decide it in every second case, if
                     all else stayed as it is, also the other claims' p; NAN:
                     unknown, or it is decided; INFINITY: no number of them */
};

#endif
