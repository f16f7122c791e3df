#include "report/claim_values.h"

#include <math.h>
#include <string.h>

#include "analysis/transition.h"
#include "metric/columns.h"
#include "metric/quantile.h"
#include "report/claim_sides.h"

/* ---- values -------------------------------------------------------------- */

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
    const char *column = claim_side_of(g, side)->column;
    int parts = measured_parts(column);
    if (!(parts & MEASURED_SINKS)) /* losses of other sequences differ by these
                                      alone */
        parts |= MEASURED_DATA;
    struct series s = claim_run_series(g->runs, m->run, column);
    if (s.n == 0)
        claim_why_not(g->r,
                      column_is_of_layer(column)
                          ? "%s has no %s: layers are of analysis.h5, which "
                            "`sinklab analyze` makes of what metrics.names "
                            "holds"
                          : "%s has no %s: `sinklab analyze` with "
                            "metrics.names that hold it measures it",
                      name_of(g, m), column);

    else if (*measured_differing(what, x->on, y->on, parts))
        claim_why_not(g->r, "%s and %s were measured differently: %s", x->name,
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
                struct series of = claim_run_series(
                    g->runs, m->run, claim_side_of(g, s)->column);
                double at, value;
                if (!m->is_used)
                    continue;
                if (!series_before(&at, &value, &of, *step)) {
                    claim_why_not(g->r, "no step was measured in all runs");
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
    const struct transition *t = transition_of(claim_side_of(g, side)->column);
    return t ? transition_holds(t, value)
             : emergence_holds(&g->emergence[side], value);
}

/* The first step beyond the threshold, there and at the next one measured, as
 * one may be chance; INFINITY if not up to `last`, NAN if it may have been, as
 * what was measured is no number. */
static double formed_at(const struct judging *g, int side,
                        const struct series *s, double last)
{
    double before = INFINITY;
    for (idx i = 0; i < s->n && s->step[i] <= last; i++) {
        if (!s->given[i])
            continue;
        if (isnan(s->value[i]))
            return NAN;
        bool is_there = is_beyond(g, side, s->value[i]);
        if (is_there && isfinite(before))
            return before;
        before = is_there ? s->step[i] : INFINITY;
    }
    return INFINITY;
}

/* The first step with a value; INFINITY: there is none. */
static double first_of(const struct series *s)
{
    for (idx i = 0; i < s->n; i++)
        if (s->given[i])
            return s->step[i];
    return INFINITY;
}

/* Of a run that was not watched up to a step nobody knows whether it formed by
 * then, and of one that had formed when others had been watched for a while,
 * when. */
static void check_watched(struct judging *g, const struct member *m,
                          const struct series *s, double until)
{
    double last, value, first = first_of(s);
    if (isinf(m->value) && isfinite(until) &&
        series_before(&last, &value, s, INFINITY) && last < until)
        claim_why_not(g->r,
                      "%s had not formed when it was measured last, at step "
                      "%.0f: name one up to there",
                      name_of(g, m), last);
    else if (m->value == first && first > g->first)
        claim_why_not(g->r,
                      "%s had formed when it was measured first, at step %.0f, "
                      "and others were measured from step %.0f on",
                      name_of(g, m), first, g->first);
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
    const struct claim_side *of = claim_side_of(g, side);
    struct series s = claim_run_series(g->runs, m->run, of->column);
    double want = isnan(of->step) ? common : of->step, at = NAN;
    bool is_there = true;
    if (claim_is_stay(g->claim)) {
        is_there = extreme(&m->value, g->claim, &s);
    } else if (of->is_formation) {
        m->value = formed_at(g, side, &s, want);
        check_watched(g, m, &s, want);
    } else {
        is_there = series_before(&at, &m->value, &s, want) &&
                   (at == want || claim_side_at_end(of));
    }
    if (!is_there)
        claim_why_not(g->r,
                      "%s was not measured at step %.0f: name one that was",
                      name_of(g, m), claim_is_stay(g->claim) ? of->step : want);
    else if (of->is_formation ? isnan(m->value) : !isfinite(m->value))
        claim_why_not(g->r, "%s of %s is no finite number (%g)", of->column,
                      name_of(g, m), m->value);
}

/* The first step at which any run was measured. */
static void find_first(struct judging *g)
{
    g->first = INFINITY;
    for (int side = 0; side < SIDES; side++)
        for (idx i = 0; i < g->n[side]; i++) {
            struct series s = claim_run_series(g->runs, g->at[side][i].run,
                                               claim_side_of(g, side)->column);
            if (g->at[side][i].is_used)
                g->first = fmin(g->first, first_of(&s));
        }
}

void claim_values_take(struct judging *g)
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
    find_first(g);
    g->r->step = common;
    if (!isnan(g->claim->a.step))
        g->r->step = g->claim->a.step;
    for (int s = 0; s < SIDES; s++)
        for (idx i = 0; i < g->n[s]; i++)
            if (g->at[s][i].is_used)
                take_value(g, s, &g->at[s][i], common);
}

/* ---- figures ------------------------------------------------------------- */

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
        x->n_beyond += claim_side_of(g, side)->is_formation
                           ? isfinite(m->value)
                           : is_beyond(g, side, m->value);
    }
    x->n_runs = n;
    x->median = n > 0 ? median_of(g->scratch, n) : NAN;
    x->low = n > 0 ? quantile_of(g->scratch, n, 0) : NAN;
    x->high = n > 0 ? quantile_of(g->scratch, n, 1) : NAN;
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
                if (!g->claim->has_b || !claim_has_partner(g, s, m, true))
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

void claim_values_describe(struct judging *g)
{
    describe_sides(g);
    average(g);
}
