#include "report/claim_correct.h"

#include <math.h>

enum { SEEDS_MAX = 1000 /* more is no advice */ };

/* ---- how many seeds would decide ----------------------------------------- */

static double enough(idx n)
{
    return n > SEEDS_MAX ? INFINITY : (double)n;
}

/* Of two sides, as pairs with this spread of differences (NAN: there are none)
 * or groups with these squared spreads in sum, for a distance as observed. */
static double seeds_of_sides(double distance, double pair_spread,
                             double squares, double level)
{
    idx n = 2;
    distance = fabs(distance);
    if (!(distance > 0))
        return INFINITY;
    for (; n <= SEEDS_MAX; n++) {
        bool is_paired = !isnan(pair_spread) && pairs_least(n) <= level;
        double error = is_paired ? pair_spread / sqrt((double)n)
                                 : sqrt(squares / (double)n);
        double df = (double)(is_paired ? n - 1 : 2 * n - 2);
        double least = is_paired ? pairs_least(n) : groups_least(n, n);
        if (least <= level && student_two_sided(distance / error, df) <= level)
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
    return seeds_of_sides(o->distance, o->pair_spread, o->squares, level);
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

void claims_correct(struct claim_result *r, idx n, enum claim_correction how)
{
    for (idx i = 0; i < n; i++) {
        double own = how == CORRECTION_HOLM && !isnan(r[i].p)
                         ? holm_factor(r, n, r[i].p)
                         : 1;
        r[i].seeds = seeds_wanted(&r[i], JUDGED_AT / own);
        r[i].p_corrected = r[i].p;
        for (idx k = 0; k < n && how == CORRECTION_HOLM; k++)
            if (r[k].p <= r[i].p) /* neither is NAN */
                r[i].p_corrected =
                    fmax(r[i].p_corrected,
                         fmin(1, holm_factor(r, n, r[k].p) * r[k].p));
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
