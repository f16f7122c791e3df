#include "report/claim_judge.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analysis/transition.h"
#include "base/text.h"
#include "config/config_differ.h"
#include "metric/columns.h"
#include "metric/quantile.h"
#include "report/emergence.h"
#include "report/means.h"

enum { SEEDS_MAX = 1000 /* more is no advice */ };

_Static_assert((int)CLAIM_LEVELS_MAX <= (int)TREND_RANKED_MAX,
               "a trend ranks all levels of a claim");

/* ---- the runs of a claim ----------------------------------------------- */

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
    bool are_pairs; /* each seed of the smaller side has its pair */
    bool is_paired; /* and they are enough: the test is of pairs */
    struct rest rest;
    double *scratch; /* (runs,levels) or more */
};

static const struct claim_side *side_of(const struct judging *g, int side)
{
    return side == SIDE_A ? &g->claim->a : &g->claim->b;
}

static const struct config *config_of(const struct judging *g,
                                      const struct member *m)
{
    return g->runs->at[m->run].config;
}

static void why_not(struct claim_result *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void why_not(struct claim_result *r, const char *format, ...)
{
    struct text t = { r->why, sizeof r->why, 0 };
    va_list args;
    if (r->why[0])
        return;
    va_start(args, format);
    text_addv(&t, format, args);
    va_end(args);
}

static idx find_seed(struct judging *g, idx run)
{
    idx i = 0;
    while (i < g->n_seeds &&
           !config_same_seeds(g->runs->at[g->seeds[i].run].config,
                              g->runs->at[run].config))
        i++;
    if (i == g->n_seeds)
        g->seeds[g->n_seeds++] = (struct seed){ .run = run };
    return i;
}

/* Who is on which side. */
static void find_members(struct judging *g)
{
    for (int s = 0; s < SIDES; s++) {
        const struct claim_side *side = side_of(g, s);
        if (s == SIDE_B && !g->claim->has_b)
            break;
        for (idx i = 0; i < g->runs->n; i++)
            if (claim_side_fits(side, g->runs->at[i].config))
                g->at[s][g->n[s]++] = (struct member){ .run = i,
                                                       .seed = find_seed(g, i),
                                                       .is_used = true };
        char keys[CLAIM_TEXT_MAX];
        if (g->n[s] == 0)
            why_not(g->r, "no run that counts has %s",
                    claim_side_keys(keys, side));
    }
}

/* ---- what else differs ------------------------------------------------- */

static const struct member *member_at(const struct judging *g, idx i)
{
    return i < g->n[SIDE_A] ? &g->at[SIDE_A][i]
                            : &g->at[SIDE_B][i - g->n[SIDE_A]];
}

static const struct config *config_of_member(const void *list, idx i)
{
    return config_of(list, member_at(list, i));
}

static bool has_key(const struct claim_side *s, struct config_key k)
{
    for (idx i = 0; i < s->n; i++)
        if (s->keys[i].key == k.key)
            return true;
    return false;
}

static bool is_equal(const struct judging *g, const struct member *a,
                     const struct member *b, struct config_key k)
{
    return config_value_order(config_of(g, a), config_of(g, b), k) == 0;
}

/* Has any run of one side the value of a run of the other? */
static bool is_shared(const struct judging *g, struct config_key k)
{
    for (idx i = 0; i < g->n[SIDE_A]; i++)
        for (idx j = 0; j < g->n[SIDE_B]; j++)
            if (is_equal(g, &g->at[SIDE_A][i], &g->at[SIDE_B][j], k))
                return true;
    return false;
}

/* Has some value of it runs at all values of the key that rises? */
static bool is_throughout(const struct judging *g, struct config_key k)
{
    const struct member *at = g->at[SIDE_A];
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        bool is_there = true;
        for (idx level = 0; level < g->r->n_levels && is_there; level++) {
            is_there = false;
            for (idx j = 0; j < g->n[SIDE_A] && !is_there; j++)
                is_there =
                    at[j].level == level && is_equal(g, &at[i], &at[j], k);
        }
        if (is_there)
            return true;
    }
    return false;
}

/* What one side names and the other leaves open is matched where it can be. */
static void find_rest(struct judging *g)
{
    const struct claim *c = g->claim;
    struct config_key found[DIFFERING_MAX];
    idx n = config_differing(found, config_of_member, g,
                             g->n[SIDE_A] + g->n[SIDE_B]);
    for (idx i = 0; i < n; i++) {
        struct config_key k = found[i];
        bool is_a = has_key(&c->a, k), is_b = c->has_b && has_key(&c->b, k);
        bool is_rising = claim_is_trend(c) && c->key.key == k.key;
        if (config_key_is_seed(k) || is_rising || (is_a && (is_b || !c->has_b)))
            continue;
        idx at = g->rest.n++;
        g->rest.keys[at] = k;
        g->rest.is_named[at] = is_a || is_b;
        g->rest.is_matched[at] = claim_is_trend(c) ? is_throughout(g, k)
                                 : c->has_b        ? is_shared(g, k)
                                                   : true;
    }
}

static bool do_match(const struct judging *g, const struct member *a,
                     const struct member *b)
{
    for (idx i = 0; i < g->rest.n; i++)
        if (g->rest.is_matched[i] && !is_equal(g, a, b, g->rest.keys[i]))
            return false;
    return true;
}

/* Has it a run to be held against; of the same seed? */
static bool has_partner(const struct judging *g, int side,
                        const struct member *m, bool is_of_seed)
{
    int other = side == SIDE_A ? SIDE_B : SIDE_A;
    for (idx i = 0; i < g->n[other]; i++)
        if ((!is_of_seed || g->at[other][i].seed == m->seed) &&
            do_match(g, m, &g->at[other][i]))
            return true;
    return false;
}

/* Has its seed such a run at each level that it has at all? */
static bool is_at_levels(const struct judging *g, const struct member *m)
{
    const struct member *at = g->at[SIDE_A];
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        bool is_there = at[i].seed != m->seed;
        for (idx k = 0; k < g->n[SIDE_A] && !is_there; k++)
            is_there = at[k].seed == m->seed && at[k].level == at[i].level &&
                       do_match(g, m, &at[k]);
        if (!is_there)
            return false;
    }
    return true;
}

static void leave_unmatched(struct judging *g)
{
    bool is_any = false, is_trend = claim_is_trend(g->claim);
    if (!g->claim->has_b && !is_trend)
        return;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++) {
            struct member *m = &g->at[s][i];
            m->is_used =
                is_trend ? is_at_levels(g, m) : has_partner(g, s, m, false);
            is_any = is_any || m->is_used;
        }
    if (!is_any && is_trend)
        why_not(g->r,
                "no seed has a run with the same other settings at all its "
                "values of %s.%s: name them in the claim",
                g->claim->key.section->name, g->claim->key.key->name);
    else if (!is_any)
        why_not(g->r, "no run of one side has the other settings of a run of "
                      "the other: name them in the claim");
}

/* ---- seeds that are averaged over the same ----------------------------- */

/* Runs of the side that are used and have the same value of it as m. */
static idx count_equal(const struct judging *g, int side,
                       const struct member *m, struct config_key k)
{
    idx n = 0;
    for (idx i = 0; i < g->n[side]; i++)
        n += g->at[side][i].is_used && is_equal(g, m, &g->at[side][i], k);
    return n;
}

static idx count_used(const struct judging *g, int side)
{
    idx n = 0;
    for (idx i = 0; i < g->n[side]; i++)
        n += g->at[side][i].is_used;
    return n;
}

/* What goes along with the seed is not averaged over within one. */
static bool is_tied(const struct judging *g, struct config_key k)
{
    idx n = g->n[SIDE_A] + g->n[SIDE_B];
    idx n_a = count_used(g, SIDE_A), n_b = count_used(g, SIDE_B);
    for (idx i = 0; i < n; i++) {
        const struct member *m = member_at(g, i);
        if (!m->is_used)
            continue;
        for (idx j = 0; j < i; j++) {
            const struct member *x = member_at(g, j);
            if (x->is_used && x->seed == m->seed && !is_equal(g, m, x, k))
                return false;
        }
        if (count_equal(g, SIDE_A, m, k) * n_b !=
            count_equal(g, SIDE_B, m, k) * n_a)
            return false;
    }
    return true;
}

/* Are these of one combination that a seed's mean is over? */
static bool are_alike(const struct judging *g, const struct member *a,
                      const struct member *b)
{
    const struct rest *r = &g->rest;
    for (idx i = 0; i < r->n; i++)
        if ((r->is_matched[i] || r->is_named[i]) && !r->is_tied[i] &&
            !is_equal(g, a, b, r->keys[i]))
            return false;
    return true;
}

/* Has the seed a run of each combination that its side is averaged over? */
static bool has_all(const struct judging *g, int side, idx seed)
{
    const struct member *at = g->at[side];
    for (idx i = 0; i < g->n[side]; i++) {
        bool is_there = !at[i].is_used;
        for (idx k = 0; k < g->n[side] && !is_there; k++)
            is_there = at[k].is_used && at[k].seed == seed &&
                       are_alike(g, &at[i], &at[k]);
        if (!is_there)
            return false;
    }
    return true;
}

static bool have_pairs(idx n_a, idx n_b, idx n_both)
{
    return n_both > 0 && n_both == idx_min(n_a, n_b);
}

bool claim_takes_pairs(idx n_a, idx n_b, idx n_both, double level)
{
    return have_pairs(n_a, n_b, n_both) && pairs_least(n_both) <= level;
}

/* How many seeds there are of what decides it: pairs, or groups. */
static void count_seeds(struct judging *g)
{
    idx n[SIDES] = { 0 }, n_pairs = 0;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++) {
            const struct member *m = &g->at[s][i];
            struct seed *seed = &g->seeds[m->seed];
            if (!m->is_used)
                continue;
            n[s] += !seed->is_there[s];
            seed->is_there[s] = true;
            if (s == SIDE_A && !seed->is_pair && has_partner(g, s, m, true)) {
                seed->is_pair = true;
                n_pairs++;
            }
        }
    g->are_pairs = have_pairs(n[SIDE_A], n[SIDE_B], n_pairs);
    g->is_paired = claim_takes_pairs(n[SIDE_A], n[SIDE_B], n_pairs, g->level);
}

/* Pairs are alike one by one. Of groups each seed's mean is to be over the
 * same: else what one seed lacks would look like a difference of sides. */
static void leave_unlike(struct judging *g)
{
    char keys[CLAIM_TEXT_MAX];
    if (!g->claim->has_b)
        return;
    count_seeds(g);
    for (idx i = 0; i < g->rest.n; i++)
        g->rest.is_tied[i] = is_tied(g, g->rest.keys[i]);
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n_seeds; i++)
            g->seeds[i].is_whole[s] = g->is_paired || has_all(g, s, i);
    for (int s = 0; s < SIDES; s++) {
        for (idx i = 0; i < g->n[s]; i++) {
            struct member *m = &g->at[s][i];
            m->is_used = m->is_used && g->seeds[m->seed].is_whole[s] &&
                         (!g->is_paired || has_partner(g, s, m, true));
        }
        if (count_used(g, s) == 0)
            why_not(g->r,
                    "no seed has runs of all settings that those with %s are "
                    "averaged over: name them in the claim",
                    side_of(g, s)->n ? claim_side_keys(keys, side_of(g, s))
                                     : "any");
    }
}

/* A run on both sides would be held against itself. */
static void find_twice(struct judging *g)
{
    if (!claim_needs_two(g->claim))
        return;
    for (idx i = 0; i < g->n[SIDE_A]; i++)
        for (idx k = 0; k < g->n[SIDE_B]; k++)
            if (g->at[SIDE_A][i].run == g->at[SIDE_B][k].run)
                why_not(g->r, "%s is on both sides: name what sets them apart",
                        g->runs->at[g->at[SIDE_A][i].run].name);
}

static void add_key(struct text *t, bool *is_begun, const char *before,
                    struct config_key k)
{
    text_add(t, "%s%s.%s", *is_begun ? ", " : before, k.section->name,
             k.key->name);
    *is_begun = true;
}

static bool is_confounded(const struct judging *g, idx key)
{
    return !g->rest.is_matched[key] && !g->rest.is_named[key];
}

/* Have runs of a side that are used several values of it? */
static bool is_varied(const struct judging *g, struct config_key k)
{
    for (int s = 0; s < SIDES; s++) {
        const struct member *first = NULL;
        for (idx i = 0; i < g->n[s]; i++) {
            const struct member *m = &g->at[s][i];
            if (!m->is_used)
                continue;
            first = first ? first : m;
            if (!is_equal(g, first, m, k))
                return true;
        }
    }
    return false;
}

/* Those that ended well say nothing of those that did not. */
static void tell_unended(const struct judging *g, struct text *t)
{
    idx n = 0;
    for (idx i = g->runs->n; i < g->runs->n + g->runs->n_unended; i++) {
        const struct config *c = g->runs->at[i].config;
        n += claim_side_fits(&g->claim->a, c) ||
             (g->claim->has_b && claim_side_fits(&g->claim->b, c));
    }
    if (n > 0)
        text_add(t, "; %td more such run%s not done", n,
                 n == 1 ? " is" : "s are");
}

/* Do seeds have more runs than others, so that means are of unlike ones? */
static void tell_unequal(const struct judging *g)
{
    idx least = g->runs->n, most = 0;
    struct text t = { g->r->beside, sizeof g->r->beside, strlen(g->r->beside) };
    for (int s = 0; s < SIDES; s++)
        for (idx seed = 0; seed < g->n_seeds; seed++) {
            idx n = 0;
            for (idx i = 0; i < g->n[s]; i++)
                n += g->at[s][i].is_used && g->at[s][i].seed == seed;
            least = n > 0 ? idx_min(n, least) : least;
            most = idx_max(n, most);
        }
    if (least < most && !claim_is_trend(g->claim))
        text_add(&t, "; means of a seed are over %td to %td runs", least, most);
}

static void tell_left(const struct judging *g, struct text *t)
{
    idx n = g->n[SIDE_A] + g->n[SIDE_B] - count_used(g, SIDE_A) -
            count_used(g, SIDE_B);
    if (n > 0)
        text_add(t, "; %td run%s left out, so that like is held against like",
                 n, n == 1 ? " is" : "s are");
}

static void tell_rest(struct judging *g)
{
    struct text t = { g->r->beside, sizeof g->r->beside, 0 };
    const char *also = claim_is_trend(g->claim) ? "; with it changes "
                                                : "; the sides differ also in ";
    bool is_begun = false;
    text_add(&t, "%s", "");
    for (idx i = 0; i < g->rest.n; i++)
        if (is_confounded(g, i))
            add_key(&t, &is_begun, also, g->rest.keys[i]);
    is_begun = false;
    for (idx i = 0; i < g->rest.n; i++)
        if (!is_confounded(g, i) && is_varied(g, g->rest.keys[i]))
            add_key(&t, &is_begun, "; averaged over ", g->rest.keys[i]);
    tell_unended(g, &t);
    tell_left(g, &t);
}

/* ---- values ------------------------------------------------------------ */

static const char *name_of(const struct judging *g, const struct member *m)
{
    return g->runs->at[m->run].name;
}

/* Was all measured alike, and is it there? */
static bool check_series(struct judging *g, int side, const struct member *m)
{
    char what[MEASURED_TEXT_MAX];
    const struct claim_run *x = &g->runs->at[g->at[SIDE_A][0].run],
                           *y = &g->runs->at[m->run];
    const char *column = side_of(g, side)->column;
    int parts = measured_parts(column);
    if (!(parts & MEASURED_SINKS)) /* losses of other sequences differ by these
                                      alone */
        parts |= MEASURED_DATA;
    struct series s = claim_run_series(g->runs, m->run, column);
    if (s.n == 0)
        why_not(g->r,
                "%s has no %s: `sinklab analyze` with metrics.names "
                "that hold %s measures it",
                name_of(g, m), column,
                column_is_of_layer(column) ? "its metric" : "it");
    else if (*measured_differing(what, x->on, y->on, parts))
        why_not(g->r, "%s and %s were measured differently: %s", x->name,
                y->name, what);
    return !g->r->why[0];
}

/* The last step at which all runs of both sides were measured; of formations
 * the last up to which all were watched. */
static bool find_common(struct judging *g, double *step)
{
    bool is_moved = true;
    *step = INFINITY;
    while (is_moved) {
        is_moved = false;
        for (int s = 0; s < SIDES; s++)
            for (idx i = 0; i < g->n[s]; i++) {
                const struct member *m = &g->at[s][i];
                struct series of =
                    claim_run_series(g->runs, m->run, side_of(g, s)->column);
                double at, value;
                if (!m->is_used)
                    continue;
                if (!series_before(&at, &value, &of, *step)) {
                    why_not(g->r, "no step was measured in all runs");
                    return false;
                }
                is_moved = is_moved || at < *step;
                *step = at;
            }
    }
    return true;
}

/* Is it beyond the usual threshold, or at it where that is how it forms? */
static bool is_beyond(const struct judging *g, int side, double value)
{
    const struct transition *t = transition_of(side_of(g, side)->column);
    return t ? transition_holds(t, value)
             : emergence_holds(&g->emergence[side], value);
}

/* The first step beyond the threshold, there and at the next one measured, as
 * one may be chance; INFINITY if not up to `last`. */
static double formed_at(const struct judging *g, int side,
                        const struct series *s, double last)
{
    double before = INFINITY;
    for (idx i = 0; i < s->n && s->step[i] <= last; i++) {
        if (!s->given[i])
            continue;
        bool is_there = is_beyond(g, side, s->value[i]);
        if (is_there && isfinite(before))
            return before;
        before = is_there ? s->step[i] : INFINITY;
    }
    return INFINITY;
}

/* The largest value from the side's step on, or the least. */
static bool extreme(double *value, const struct claim *c,
                    const struct series *s)
{
    bool is_any = false;
    for (idx i = 0; i < s->n; i++) {
        double v = s->value[i];
        if (!s->given[i] || s->step[i] < c->a.step) /* NAN: never less */
            continue;
        if (!is_any || isnan(v) ||
            (c->kind == CLAIM_UNDER ? v > *value : v < *value))
            *value = v;
        is_any = true;
        if (isnan(v))
            break;
    }
    return is_any;
}

static void take_value(struct judging *g, int side, struct member *m,
                       double common)
{
    const struct claim_side *of = side_of(g, side);
    struct series s = claim_run_series(g->runs, m->run, of->column);
    double want = isnan(of->step) ? common : of->step, at = NAN;
    bool is_there = true;
    if (claim_is_stay(g->claim)) {
        is_there = extreme(&m->value, g->claim, &s);
    } else if (of->is_formation) {
        m->value = formed_at(g, side, &s, want);
    } else {
        is_there = series_before(&at, &m->value, &s, want) &&
                   (at == want || claim_side_at_end(of));
    }
    if (!is_there)
        why_not(g->r, "%s was not measured at step %.0f: name one that was",
                name_of(g, m), claim_is_stay(g->claim) ? of->step : want);
    else if (isnan(m->value))
        why_not(g->r, "%s of %s is no number (nan)", of->column, name_of(g, m));
}

static void take_values(struct judging *g)
{
    double common = NAN;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++)
            if (g->at[s][i].is_used && !check_series(g, s, &g->at[s][i]))
                return;
    bool is_common = !claim_is_stay(g->claim) &&
                     !(claim_side_at_end(&g->claim->a) &&
                       (!g->claim->has_b || claim_side_at_end(&g->claim->b)));
    if (is_common && !find_common(g, &common))
        return;
    g->r->step = common;
    if (!isnan(g->claim->a.step))
        g->r->step = g->claim->a.step;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++)
            if (g->at[s][i].is_used)
                take_value(g, s, &g->at[s][i], common);
}

/* ---- figures ----------------------------------------------------------- */

static void describe(struct claim_group *x, struct judging *g, int side)
{
    idx n = 0;
    for (idx i = 0; i < g->n[side]; i++) {
        const struct member *m = &g->at[side][i];
        bool is_new = true;
        if (!m->is_used)
            continue;
        for (idx k = 0; k < i; k++)
            is_new = is_new && !(g->at[side][k].is_used &&
                                 g->at[side][k].seed == m->seed);
        x->n_seeds += is_new;
        g->scratch[n++] = m->value;
        x->n_beyond += side_of(g, side)->is_formation
                           ? isfinite(m->value)
                           : is_beyond(g, side, m->value);
    }
    x->n_runs = n;
    x->median = n > 0 ? median_of(g->scratch, n) : NAN;
    x->low = n > 0 ? g->scratch[0] : NAN;
    x->high = n > 0 ? g->scratch[n - 1] : NAN;
}

static bool is_sink(const struct claim_side *s)
{
    return strncmp(s->column, "sink_", 5) == 0;
}

/* Shares of runs are of sinks, whose threshold all have. */
static void describe_sides(struct judging *g)
{
    const struct claim *c = g->claim;
    bool is_counted =
        c->a.is_formation || (is_sink(&c->a) && (!c->has_b || is_sink(&c->b)));
    g->r->threshold = is_counted ? g->emergence[SIDE_A].threshold : NAN;
    describe(&g->r->a, g, SIDE_A);
    describe(&g->r->b, g, SIDE_B);
}

/* Means of each seed, of all that is used and of what has a partner in it. */
static void average(struct judging *g)
{
    for (idx i = 0; i < g->n_seeds; i++)
        for (int s = 0; s < SIDES; s++) {
            double sum = 0, sum_paired = 0;
            idx n = 0, n_paired = 0;
            for (idx k = 0; k < g->n[s]; k++) {
                const struct member *m = &g->at[s][k];
                if (m->seed != i || !m->is_used)
                    continue;
                sum += m->value;
                n++;
                if (!g->claim->has_b || !has_partner(g, s, m, true))
                    continue;
                sum_paired += m->value;
                n_paired++;
            }
            g->seeds[i].value[s] = n > 0 ? sum / (double)n : NAN;
            g->seeds[i].paired[s] =
                n_paired > 0 ? sum_paired / (double)n_paired : NAN;
            g->seeds[i].is_pair = n_paired > 0;
        }
}

/* ---- ranks of formations ----------------------------------------------- */

/* In place of steps, of which never is larger than any: what is equal shares
 * the mean of its ranks. */
static void rank(double *v, idx n, double *scratch)
{
    memcpy(scratch, v, (size_t)n * sizeof *v);
    for (idx i = 0; i < n; i++) {
        idx n_less = 0, n_same = 0;
        for (idx k = 0; k < n; k++) {
            n_less += scratch[k] < scratch[i];
            n_same += scratch[k] == scratch[i];
        }
        v[i] = (double)n_less + (double)(n_same + 1) / 2;
    }
}

/* ---- tests ------------------------------------------------------------- */

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

/* The spread of both sides' difference were each of one run; one number has
 * none. */
static double sum_of_squares(const struct sides *x)
{
    double a = summarise(x->a, x->n).spread,
           b = summarise(x->b, x->n_base).spread;
    return (x->n > 1 ? a * a : 0) + (x->n_base > 1 ? b * b : 0);
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
    double spread = summarise(x.d, x.n_pairs).spread;
    r->j = g->is_paired ? judge_pairs(x.d, x.n_pairs)
                        : judge_groups(x.a, x.n, x.b, x.n_base);
    r->test = g->is_paired ? CLAIM_TEST_PAIRS : CLAIM_TEST_GROUPS;
    r->p = p_of_both(r);
    r->p_least = r->j.p_least;
    r->direction = sign_of(r->j.difference);
    if (g->claim->kind == CLAIM_LESS)
        r->direction = -r->direction;
    r->outlook = (struct claim_outlook){ OUTLOOK_SEEDS, r->j.difference,
                                         g->are_pairs ? spread : NAN,
                                         sum_of_squares(&x) };
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
        why_not(r, "one seed has no spread to judge by");
        return;
    }
    double p = 0;
    if (error > 0 && r->direction > 0)
        p = fmax(one_sided((margin - far) / error, r->j.df),
                 one_sided((margin + far) / error, r->j.df));
    else if (error > 0)
        p = one_sided((far - margin) / error, r->j.df);
    r->p = fmin(1, fmax(2 * p, r->p_least));
    r->outlook = (struct claim_outlook){
        OUTLOOK_SEEDS, margin - far,
        g->is_paired ? error * sqrt((double)x.n_pairs) : NAN, sum_of_squares(&x)
    };
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
    why_not(g->r,
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

/* ---- trends ------------------------------------------------------------ */

/* Of SIDE_A; before the rest of keys is told. */
static void find_levels(struct judging *g)
{
    struct claim_result *r = g->r;
    for (idx i = 0; i < g->n[SIDE_A] && !r->why[0]; i++) {
        double v =
            config_number(config_of(g, &g->at[SIDE_A][i]), g->claim->key);
        idx at = 0;
        while (at < r->n_levels && r->level[at] < v)
            at++;
        if (at < r->n_levels && r->level[at] == v)
            continue;
        if (r->n_levels == CLAIM_LEVELS_MAX) {
            why_not(r, "more than %d values of %s.%s", CLAIM_LEVELS_MAX,
                    g->claim->key.section->name, g->claim->key.key->name);
            return;
        }
        memmove(r->level + at + 1, r->level + at,
                (size_t)(r->n_levels - at) * sizeof *r->level);
        r->level[at] = v;
        r->n_levels++;
    }
    for (idx i = 0; i < g->n[SIDE_A]; i++) {
        struct member *m = &g->at[SIDE_A][i];
        double v = config_number(config_of(g, m), g->claim->key);
        while (m->level < r->n_levels - 1 && r->level[m->level] < v)
            m->level++;
    }
    if (r->n_levels == 1)
        why_not(r, "all runs that count have one value of %s.%s",
                g->claim->key.section->name, g->claim->key.key->name);
}

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

/* Medians of levels, and where these go the other way. */
static void find_medians(struct judging *g, const double *v, double *room,
                         bool rises)
{
    struct claim_result *r = g->r;
    for (idx level = 0; level < r->n_levels; level++) {
        idx n = 0;
        for (idx i = 0; i < g->n_seeds; i++)
            if (!isnan(v[i * r->n_levels + level]))
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
        why_not(r,
                "no seed has runs at two values of %s.%s: give all of them "
                "the same run.seed",
                g->claim->key.section->name, g->claim->key.key->name);
    if (r->direction < 0)
        r->but[0] = '\0';
    r->outlook.is = r->but[0] ? OUTLOOK_NEVER : OUTLOOK_SEEDS;
}

/* ---- the whole --------------------------------------------------------- */

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
    j->low = fmax(j->low, -1);
    j->high = fmin(j->high, 1);
}

static void find_thresholds(struct judging *g)
{
    idx tokens = g->runs->at[g->at[SIDE_A][0].run].on->tokens;
    for (int s = 0; s < SIDES; s++) {
        const struct claim_side *side = side_of(g, s);
        g->emergence[s] = emergence_of_column(
            side->column, tokens > 0 ? tokens : TOKENS_USUAL);
        if (side->is_formation && !g->emergence[s].is_asked)
            why_not(g->r,
                    "there is no usual threshold of %s, beyond which it "
                    "would have formed",
                    side->column);
    }
}

static void judge(struct judging *g)
{
    const struct claim *c = g->claim;
    find_members(g);
    if (g->r->why[0])
        return;
    find_thresholds(g);
    find_twice(g);
    if (claim_is_trend(c))
        find_levels(g);
    if (g->r->why[0])
        return;
    find_rest(g);
    leave_unmatched(g);
    if (!g->r->why[0])
        leave_unlike(g);
    if (g->r->why[0])
        return;
    tell_rest(g);
    tell_unequal(g);
    take_values(g);
    if (g->r->why[0])
        return;
    describe_sides(g);
    average(g);
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

double claims_level(idx n, enum claim_correction how)
{
    return JUDGED_AT / (double)(how == CORRECTION_HOLM ? idx_max(n, 1) : 1);
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
    int rc =
        g.at[SIDE_A] && g.at[SIDE_B] && g.seeds && g.scratch
            ? OK
            : err_set(e, ERR_MEMORY, "not enough memory for %td runs", runs->n);
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

/* ---- how many seeds would decide --------------------------------------- */

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

/* ---- several claims ---------------------------------------------------- */

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
