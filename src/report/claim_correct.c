#include "report/claim_correct.h"

#include <math.h>

enum { SEEDS_MAX = 1000 /* more is no advice */ };

/* ---- how many seeds would decide ----------------------------------------- */

static double enough(idx n)
{
    return n > SEEDS_MAX ? INFINITY : (double)n;
}

static double normal_below(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

/* Is the chance even that a difference whose mean is as observed, with this
 * standard error, decides the claim? Within a margin both intervals' ends must
 * lie, so the difference may be too far off on either side. */
static bool is_even(const struct claim_outlook *o, double error, double df,
                    double level)
{
    if (isnan(o->margin))
        return student_two_sided(o->distance / error, df) <= level;
    if (o->distance > o->margin)
        return student_two_sided((o->distance - o->margin) / error, df) <=
               level;
    double room = o->margin - student_quantile(level, df) * error;
    return room > 0 && normal_below((room - o->distance) / error) -
                               normal_below((-room - o->distance) / error) >=
                           0.5;
}

/* Of two sides, as pairs where there are some and so many can decide it, or
 * groups. */
static double seeds_of_sides(const struct claim_outlook *o, double level)
{
    idx n = 2;
    if (o->distance == (isnan(o->margin) ? 0 : o->margin))
        return INFINITY;
    for (; n <= SEEDS_MAX; n++) {
        bool is_paired = !isnan(o->pair_spread) && pairs_least(n) <= level;
        double error = is_paired ? o->pair_spread / sqrt((double)n)
                                 : sqrt(o->squares / (double)n);
        double df = (double)(is_paired ? n - 1 : 2 * n - 2);
        double least = is_paired ? pairs_least(n) : groups_least(n, n);
        if (least <= level && is_even(o, error, df, level))
            break;
    }
    return enough(n);
}

static double seeds_of_signs(idx k, idx n_now, double level)
{
    double share = n_now > 0 ? (double)k / (double)n_now : 0.5;
    idx n = 1;
    for (; n <= SEEDS_MAX; n++)
        if (sign_test((idx)lround(share * (double)n), n) <= level)
            break;
    return share == 0.5 ? INFINITY : enough(n);
}

static double seeds_of_trend(const struct trend *t, idx n_levels, double level)
{
    double z = student_quantile(level, 1e6);
    double n = t->n_seeds > 0 && t->z != 0
                   ? ceil((double)t->n_seeds * (z / t->z) * (z / t->z))
                   : INFINITY;
    for (n = fmax(n, 1); n <= SEEDS_MAX; n++)
        if (trend_least((idx)n, n_levels) <= level)
            break;
    return n > SEEDS_MAX ? INFINITY : n;
}

static double seeds_wanted(const struct claim_result *r, double level)
{
    const struct claim_outlook *o = &r->outlook;
    if (o->is != OUTLOOK_SEEDS)
        return o->is == OUTLOOK_NEVER ? INFINITY : NAN;
    if (r->test == CLAIM_TEST_SIGN)
        return seeds_of_signs(r->n_holding, r->n_judged, level);
    if (r->test == CLAIM_TEST_TREND)
        return seeds_of_trend(&r->trend, r->n_levels, level);
    return seeds_of_sides(o, level);
}

/* The least p that n seeds a side can give. */
static double least_of(const struct claim_result *r, idx n)
{
    if (r->test == CLAIM_TEST_SIGN)
        return pairs_least(n);
    if (r->test == CLAIM_TEST_TREND)
        return trend_least(n, r->n_levels);
    return isnan(r->outlook.squares) ? pairs_least(n) : groups_least(n, n);
}

static double seeds_least(const struct claim_result *r, double level)
{
    idx n = 1;
    while (n <= SEEDS_MAX && least_of(r, n) > level)
        n++;
    return r->test == CLAIM_TEST_NONE ? NAN : enough(n);
}

/* ---- several claims ------------------------------------------------------ */

double claims_level(idx n, enum claim_correction how)
{
    return JUDGED_AT / (double)(how == CORRECTION_HOLM ? idx_max(n, 1) : 1);
}

/* What its p is multiplied by: how many claims have no smaller one. */
static double holm_factor(const struct claim_result *r, idx n, double p)
{
    idx n_below = 0;
    for (idx i = 0; i < n; i++)
        n_below += r[i].p < p;
    return (double)(n - n_below);
}

/* The p that would decide claim `own` beside the others' as they are, of which
 * as many are decided first as can be. */
static double own_level(const struct claim_result *r, idx n, idx own)
{
    for (idx n_decided = 0;; n_decided++) {
        double level = JUDGED_AT / (double)(n - n_decided);
        idx n_below = 0;
        for (idx i = 0; i < n; i++)
            n_below += i != own && r[i].p <= level;
        if (n_below <= n_decided)
            return level;
    }
}

void claims_correct(struct claim_result *r, idx n, enum claim_correction how)
{
    bool is_holm = how == CORRECTION_HOLM;
    for (idx i = 0; i < n; i++) {
        r[i].p_corrected = r[i].p;
        for (idx k = 0; k < n && is_holm; k++)
            if (r[k].p <= r[i].p) /* neither is NAN */
                r[i].p_corrected =
                    fmax(r[i].p_corrected,
                         fmin(1, holm_factor(r, n, r[k].p) * r[k].p));
        double level = is_holm ? own_level(r, n, i) : JUDGED_AT;
        bool is_open = claim_verdict(&r[i]) == CLAIM_UNDECIDED;
        r[i].seeds = is_open ? seeds_wanted(&r[i], level) : NAN;
        r[i].seeds_least = is_open ? seeds_least(&r[i], level) : NAN;
    }
}

enum claim_verdict claim_verdict(const struct claim_result *r)
{
    if (isnan(r->p_corrected) || r->p_corrected > JUDGED_AT ||
        r->direction == 0)
        return CLAIM_UNDECIDED;
    if (r->direction < 0)
        return CLAIM_CONTRADICTED;
    return r->but[0] ? CLAIM_UNDECIDED : CLAIM_SUPPORTED;
}
