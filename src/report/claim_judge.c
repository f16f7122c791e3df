#include "report/claim_judge.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "metric/columns.h"
#include "metric/quantile.h"
#include "report/claim_judging.h"
#include "report/claim_sides.h"
#include "report/claim_values.h"
#include "report/means.h"

_Static_assert((int)CLAIM_LEVELS_MAX <= (int)TREND_RANKED_MAX,
               "a trend ranks all levels of a claim");

/* ---- ranks of formations ------------------------------------------------- */

/* In place of steps, of which never is larger than any. */
static void rank(double *v, idx n, double *scratch)
{
    memcpy(scratch, v, (size_t)n * sizeof *v);
    ranks_of(v, scratch, n);
}

/* ---- tests --------------------------------------------------------------- */

/* The numbers that two sides are judged by. */
struct sides {
    double *a, *b, *d; /* of seeds; differences within them */
    idx n, n_base, n_pairs;
};

static struct sides sides_of(struct judging *g)
{
    struct sides x = { .a = g->scratch,
                       .b = g->scratch + g->n_seeds,
                       .d = g->scratch + 2 * g->n_seeds };
    double *pair = g->scratch + 3 * g->n_seeds,
           *room = g->scratch + 5 * g->n_seeds;
    for (idx i = 0; i < g->n_seeds; i++) {
        const struct seed *s = &g->seeds[i];
        if (!isnan(s->value[SIDE_A]))
            x.a[x.n++] = s->value[SIDE_A];
        if (!isnan(s->value[SIDE_B]))
            x.b[x.n_base++] = s->value[SIDE_B];
        if (!s->is_pair)
            continue;
        pair[2 * x.n_pairs] = s->paired[SIDE_A];
        pair[2 * x.n_pairs + 1] = s->paired[SIDE_B];
        x.n_pairs++;
    }
    if (g->claim->a.is_formation) {
        memmove(x.a + x.n, x.b, (size_t)x.n_base * sizeof *x.b);
        rank(x.a, x.n + x.n_base, room);
        memmove(x.b, x.a + x.n, (size_t)x.n_base * sizeof *x.b);
        rank(pair, 2 * x.n_pairs, room);
    }
    for (idx i = 0; i < x.n_pairs; i++) {
        double a = pair[2 * i], b = pair[2 * i + 1];
        /* means of equal numbers, in whatever order */
        bool is_rounding = fabs(a - b) <= 4 * DBL_EPSILON * (fabs(a) + fabs(b));
        x.d[i] = is_rounding ? 0 : a - b;
    }
    return x;
}

/* What more seeds would come to; of one seed's spread nothing is known, and
 * numbers of the same runs are pairs always. */
static struct claim_outlook outlook_of(const struct judging *g,
                                       const struct sides *x, double margin)
{
    struct claim_outlook o = { .distance = fabs(g->r->j.difference),
                               .margin = margin,
                               .pair_spread = NAN,
                               .squares = NAN };
    bool is_within = claim_is_within(g->claim);
    double a = summarise(x->a, x->n).spread,
           b = summarise(x->b, x->n_base).spread;
    if (is_within ? x->n_pairs < 2 : idx_min(x->n, x->n_base) < 2)
        return o;
    o.is = OUTLOOK_SEEDS;
    if (g->are_pairs)
        o.pair_spread = summarise(x->d, x->n_pairs).spread;
    if (!is_within)
        o.squares = a * a + b * b;
    return o;
}

static int sign_of(double x)
{
    return (x > 0) - (x < 0);
}

/* Permutations ask for one distribution, and find unlike spreads apart, too;
 * the interval is of the means. A claim is of means, so it takes both, and the
 * larger p is what is corrected. Ranks have no interval; nor has one seed. */
static double p_of_both(const struct claim_result *r)
{
    if (r->claim->a.is_formation)
        return r->j.p;
    return isnan(r->j.p_t) ? 1 : fmax(r->j.p, r->j.p_t);
}

static void judge_sides(struct judging *g)
{
    struct claim_result *r = g->r;
    struct sides x = sides_of(g);
    r->j = g->is_paired ? judge_pairs(x.d, x.n_pairs)
                        : judge_groups(x.a, x.n, x.b, x.n_base);
    r->test = g->is_paired ? CLAIM_TEST_PAIRS : CLAIM_TEST_GROUPS;
    r->p = p_of_both(r);
    r->p_least = r->j.p_least;
    r->direction = sign_of(r->j.difference);
    if (g->claim->kind == CLAIM_LESS)
        r->direction = -r->direction;
    r->outlook = outlook_of(g, &x, NAN);
}

/* p of one side: that t is so large by chance. */
static double one_sided(double t, double df)
{
    double p = student_two_sided(t, df) / 2;
    return t > 0 ? p : 1 - p;
}

/* Within the margin if the interval lies inside of it. Where nothing spreads no
 * t says how sure that is, and so few seeds do. */
static void judge_margin(struct judging *g)
{
    struct claim_result *r = g->r;
    struct sides x = sides_of(g);
    double margin = g->claim->number;
    r->j = g->is_paired ? judge_pairs(x.d, x.n_pairs)
                        : judge_groups(x.a, x.n, x.b, x.n_base);
    r->test = g->is_paired ? CLAIM_TEST_MARGIN_PAIRS : CLAIM_TEST_MARGIN_GROUPS;
    double far = fabs(r->j.difference), error = r->j.error;
    r->direction = sign_of(margin - far);
    r->p_least =
        g->is_paired ? pairs_least(x.n_pairs) : groups_least(x.n, x.n_base);
    if (isnan(error)) {
        claim_why_not(r, "one seed has no spread to judge by");
        return;
    }
    double p = 0;
    if (error > 0 && r->direction > 0)
        p = fmax(one_sided((margin - far) / error, r->j.df),
                 one_sided((margin + far) / error, r->j.df));
    else if (error > 0)
        p = one_sided((far - margin) / error, r->j.df);
    r->p = fmin(1, fmax(2 * p, r->p_least));
    r->outlook = outlook_of(g, &x, margin);
}

/* Of a run that was watched up to some step and had not formed, nobody knows
 * whether it does before a later one. */
static bool is_censored(const struct judging *g)
{
    const struct claim_result *r = g->r;
    bool is_any = false;
    for (idx i = 0; i < g->n[SIDE_A]; i++)
        is_any = is_any ||
                 (g->at[SIDE_A][i].is_used && isinf(g->at[SIDE_A][i].value));
    if (!g->claim->a.is_formation || !is_any || g->claim->number <= r->step)
        return false;
    claim_why_not(
        g->r,
        "runs that had not formed were watched up to step %.0f: name one "
        "up to there",
        r->step);
    return true;
}

/* Each seed's number against the one of the claim. */
static void judge_number(struct judging *g)
{
    struct claim_result *r = g->r;
    bool is_less =
        g->claim->kind == CLAIM_LESS || g->claim->kind == CLAIM_UNDER;
    idx n_beyond = 0;
    for (idx i = 0; i < g->n_seeds; i++) {
        double v = g->seeds[i].value[SIDE_A];
        if (claim_is_stay(g->claim)) { /* of all its runs the worst */
            v = NAN;
            for (idx k = 0; k < g->n[SIDE_A]; k++) {
                const struct member *m = &g->at[SIDE_A][k];
                if (m->seed == i && m->is_used)
                    v = isnan(v)  ? m->value
                        : is_less ? fmax(v, m->value)
                                  : fmin(v, m->value);
            }
        }
        if (isnan(v) || (v == g->claim->number && !claim_is_stay(g->claim)))
            continue;
        bool holds = is_less ? v < g->claim->number : v > g->claim->number;
        r->n_holding += holds;
        n_beyond += !holds;
        r->n_judged++;
    }
    if (is_censored(g))
        return;
    r->test = CLAIM_TEST_SIGN;
    r->p = sign_test(r->n_holding, r->n_judged);
    r->p_least = pairs_least(r->n_judged);
    r->direction = sign_of((double)(r->n_holding - n_beyond));
    r->outlook.is = OUTLOOK_SEEDS;
    if (claim_is_stay(g->claim) && n_beyond > 0 && r->direction > 0) {
        snprintf(r->but, sizeof r->but, "it does not in %td of %td", n_beyond,
                 r->n_judged);
        r->outlook.is = OUTLOOK_NEVER;
    }
}

/* ---- trends -------------------------------------------------------------- */

/* (n_seeds,n_levels) of means. */
static void average_levels(double *v, const struct judging *g)
{
    idx n_levels = g->r->n_levels;
    for (idx at = 0; at < g->n_seeds * n_levels; at++) {
        double sum = 0;
        idx n = 0;
        for (idx k = 0; k < g->n[SIDE_A]; k++) {
            const struct member *m = &g->at[SIDE_A][k];
            if (!m->is_used || m->seed != at / n_levels ||
                m->level != at % n_levels)
                continue;
            sum += m->value;
            n++;
        }
        v[at] = n > 0 ? sum / (double)n : NAN;
    }
}

/* Has a seed all levels, without which it says nothing of a trend? */
static bool is_whole(const double *v, idx n_levels)
{
    for (idx i = 0; i < n_levels; i++)
        if (isnan(v[i]))
            return false;
    return true;
}

/* Medians of levels, over the seeds that are judged, and where these go the
 * other way. */
static void find_medians(struct judging *g, const double *v, double *room,
                         bool rises)
{
    struct claim_result *r = g->r;
    for (idx level = 0; level < r->n_levels; level++) {
        idx n = 0;
        for (idx i = 0; i < g->n_seeds; i++)
            if (is_whole(v + i * r->n_levels, r->n_levels))
                room[n++] = v[i * r->n_levels + level];
        r->median[level] = n > 0 ? median_of(room, n) : NAN;
    }
    for (idx i = 1; i < r->n_levels && !r->but[0]; i++)
        if (rises ? r->median[i] < r->median[i - 1]
                  : r->median[i] > r->median[i - 1])
            snprintf(r->but, sizeof r->but,
                     "from %g to %g the median goes the other way",
                     r->level[i - 1], r->level[i]);
}

static void judge_trend(struct judging *g)
{
    struct claim_result *r = g->r;
    double *v = g->scratch, *d = v + g->n_seeds * r->n_levels;
    idx last = r->n_levels - 1, n = 0;
    bool rises = g->claim->kind == CLAIM_RISES;
    average_levels(v, g);
    r->trend = trend_judge(v, g->n_seeds, r->n_levels);
    find_medians(g, v, d, rises);
    for (idx i = 0; i < g->n_seeds; i++) {
        const double *of = v + i * r->n_levels;
        if (isfinite(of[0]) && isfinite(of[last]))
            d[n++] = of[last] - of[0];
    }
    r->j = judge_pairs(d, g->claim->a.is_formation ? 0 : n);
    r->test = CLAIM_TEST_TREND;
    r->p = r->trend.p;
    r->p_least = r->trend.p_least;
    r->direction = sign_of(rises ? r->trend.z : -r->trend.z);
    if (isnan(r->trend.p))
        claim_why_not(
            r,
            "no seed has runs at two values of %s.%s: give all of them "
            "the same run.seed",
            g->claim->key.section->name, g->claim->key.key->name);
    if (r->direction < 0)
        r->but[0] = '\0';
    r->outlook.is = r->but[0] ? OUTLOOK_NEVER : OUTLOOK_SEEDS;
}

/* ---- the whole ----------------------------------------------------------- */

/* Numbers that are all but equal have an interval of rounding errors, which
 * says nothing; differences of shares lie within 1. */
static void tidy_interval(struct judging *g)
{
    struct judgement *j = &g->r->j;
    const struct claim *c = g->claim;
    double scale = fabs(g->r->a.low) + fabs(g->r->a.high);
    if (!(j->high - j->low > 1e-12 * scale)) {
        j->low = j->high = NAN;
        return;
    }
    if (!metric_is_bounded(c->a.column) ||
        (c->has_b && !metric_is_bounded(c->b.column)))
        return;
    judgement_bound_shares(j);
}

static void find_thresholds(struct judging *g)
{
    idx tokens = g->runs->at[g->at[SIDE_A][0].run].on->tokens;
    for (int s = 0; s < SIDES; s++) {
        const struct claim_side *side = claim_side_of(g, s);
        g->emergence[s] = emergence_of_column(
            side->column, tokens > 0 ? tokens : TOKENS_USUAL);
        if (side->is_formation && !g->emergence[s].is_asked)
            claim_why_not(g->r,
                          "there is no usual threshold of %s, beyond which it "
                          "would have formed",
                          side->column);
    }
}

static void judge(struct judging *g)
{
    const struct claim *c = g->claim;
    claim_sides_find(g);
    if (g->r->why[0])
        return;
    find_thresholds(g);
    if (g->r->why[0])
        return;
    claim_sides_match(g);
    if (g->r->why[0])
        return;
    claim_values_take(g);
    if (g->r->why[0])
        return;
    claim_values_describe(g);
    if (claim_is_trend(c))
        judge_trend(g);
    else if (!c->has_b)
        judge_number(g);
    else if (c->kind == CLAIM_SAME)
        judge_margin(g);
    else
        judge_sides(g);
    if (c->has_b || claim_is_trend(c))
        tidy_interval(g);
}

int claim_judge(struct claim_result *r, const struct claim *claim,
                const struct claim_runs *runs, double level, struct err *e)
{
    struct judging g = { .r = r, .claim = claim, .runs = runs, .level = level };
    size_t n = (size_t)runs->n;
    *r = (struct claim_result){ .claim = claim,
                                .step = NAN,
                                .threshold = NAN,
                                .p = NAN,
                                .p_least = NAN,
                                .p_corrected = NAN,
                                .seeds = NAN };
    for (int s = 0; s < SIDES; s++)
        g.at[s] = calloc(n, sizeof *g.at[s]);
    g.seeds = calloc(n, sizeof *g.seeds);
    g.scratch = calloc(n * (CLAIM_LEVELS_MAX + 8), sizeof *g.scratch);
    int rc = g.at[SIDE_A] && g.at[SIDE_B] && g.seeds && g.scratch
                 ? OK
                 : err_memory(e, NULL);
    if (rc == OK)
        judge(&g);
    if (r->why[0])
        r->p = NAN;
    for (int s = 0; s < SIDES; s++)
        free(g.at[s]);
    free(g.seeds);
    free(g.scratch);
    return rc;
}
