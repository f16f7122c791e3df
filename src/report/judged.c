#include "report/judged.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metric/columns.h"

/* ---- seed by seed ------------------------------------------------------ */

static bool has_same_seeds(const struct run_data *a, const struct run_data *b)
{
    return a->has_config && b->has_config &&
           config_same_seeds(&a->config, &b->config);
}

/* Two groups, and what sets runs of one seed apart on both sides. */
struct versus {
    const struct group *g, *base;
    struct config_key keys[DIFFERING_MAX];
    idx n_keys;
};

static bool is_equal(const struct run_data *a, const struct run_data *b,
                     struct config_key k)
{
    return config_value_order(group_config(a, k), group_config(b, k), k) == 0;
}

/* Has any run of one group the value of a run of the other? */
static bool is_shared(const struct versus *v, struct config_key k)
{
    for (idx i = 0; i < v->g->n_counted; i++)
        for (idx j = 0; j < v->base->n_counted; j++)
            if (is_equal(v->g->runs[i], v->base->runs[j], k))
                return true;
    return false;
}

static struct versus versus_of(const struct groups *s, const struct group *g,
                               const struct group *base)
{
    struct versus v = { .g = g, .base = base };
    for (idx i = 0; i < s->n_over; i++)
        if (!config_key_is_seed(s->over[i]) && is_shared(&v, s->over[i]))
            v.keys[v.n_keys++] = s->over[i];
    return v;
}

static bool do_match(const struct versus *v, const struct run_data *a,
                     const struct run_data *b)
{
    for (idx k = 0; k < v->n_keys; k++)
        if (!is_equal(a, b, v->keys[k]))
            return false;
    return true;
}

/* The one run of the group that counts and has the seeds of r and its other
 * settings, too; -1 if there is none, or more than one. */
static idx find_partner(const struct versus *v, const struct group *g,
                        const struct run_data *r)
{
    idx like = -1, n_like = 0;
    for (idx i = 0; i < g->n_counted; i++)
        if (has_same_seeds(g->runs[i], r) && do_match(v, g->runs[i], r)) {
            like = i;
            n_like++;
        }
    return n_like == 1 ? like : -1;
}

/* A run's column, and what it was measured on. */
struct side {
    const struct run_data *run;
    struct series s;
    const struct measured *on;
    int parts; /* what must be alike */
};

static struct side side_of(const struct group *g, idx i, const char *column)
{
    struct side x = { .run = g->runs[i], .s = group_series(g, i, column) };
    x.parts = measured_parts(column) | MEASURED_SINKS | MEASURED_LOSSES |
              MEASURED_DATA;
    x.on = run_data_measured(x.run, &x.s);
    return x;
}

static bool are_alike(const struct side *a, const struct side *b)
{
    return a->s.is_logged == b->s.is_logged &&
           measured_alike(a->on, b->on, a->parts);
}

static bool difference(double *d, const struct side *x, const struct side *y)
{
    double a, b;
    if (x->s.n == 0 || y->s.n == 0 || !are_alike(x, y) ||
        !series_at_common(&a, &b, &x->s, &y->s))
        return false;
    *d = a - b;
    return true;
}

/* What pairs of one seed come to. */
struct of_seed {
    const struct run_data *run;
    double sum;
    idx n;
};

static void add_pair(struct of_seed *at, idx *n, const struct run_data *r,
                     double d)
{
    idx i = 0;
    while (i < *n && !has_same_seeds(at[i].run, r))
        i++;
    if (i == *n)
        at[(*n)++] = (struct of_seed){ .run = r };
    at[i].sum += d;
    at[i].n++;
}

/* d (seeds of g) of those that have pairs; at has as much room. Pairs of one
 * seed are no independent ones: their mean counts as one. */
static void find_pairs(struct pair *p, double *d, struct of_seed *at,
                       const struct versus *v, const char *column)
{
    const struct group *g = v->g, *base = v->base;
    idx n = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        idx k = find_partner(v, base, g->runs[i]);
        double own;
        if (k < 0 || find_partner(v, g, base->runs[k]) != i)
            continue;
        struct side x = side_of(g, i, column), y = side_of(base, k, column);
        if (!difference(&own, &x, &y))
            continue;
        add_pair(at, &n, g->runs[i], own);
        p->n_runs++;
    }
    for (idx i = 0; i < n; i++) {
        d[i] = at[i].sum / (double)at[i].n;
        p->n_up += d[i] > 0;
        p->n_down += d[i] < 0;
    }
    p->d = summarise(d, n);
}

/* ---- group by group ---------------------------------------------------- */

/* The runs of both that have the column, those of g first. */
struct sides {
    struct side *at;
    idx n, n_base;
};

static idx add_sides(struct side *at, const struct group *g, const char *column)
{
    idx n = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        at[n] = side_of(g, i, column);
        n += at[n].s.n > 0;
    }
    return n;
}

/* Names two runs that were measured differently, if there are. */
static bool find_unlike(struct judged *x, const struct sides *s)
{
    char what[MEASURED_TEXT_MAX];
    for (idx i = 1; i < s->n + s->n_base; i++) {
        const struct side *a = &s->at[0], *b = &s->at[i];
        if (are_alike(a, b))
            continue;
        snprintf(x->unlike, sizeof x->unlike, "%s and %s differ in %s",
                 a->run->name, b->run->name,
                 a->s.is_logged != b->s.is_logged
                     ? "the file that has it"
                     : measured_differing(what, a->on, b->on, a->parts));
        return true;
    }
    return false;
}

/* values (n + n_base) at the last step that all measured. */
static bool take_values(double *values, const struct sides *s)
{
    double step = INFINITY;
    idx n = s->n + s->n_base, n_there = 0;
    while (n_there < n && step > -INFINITY) {
        n_there = 0;
        for (idx i = 0; i < n; i++) {
            double at;
            if (!series_before(&at, &values[i], &s->at[i].s, step))
                return false;
            n_there += at == step;
            step = at;
        }
    }
    return n_there == n;
}

static void judge(struct judged *x, double *values, const struct sides *s)
{
    const struct pair *p = &x->pair;
    if (p->n_runs > 0 && p->n_runs == idx_min(s->n, s->n_base)) {
        x->j = judge_pairs(values, p->d.n);
        x->j.n_runs = p->n_runs;
        return;
    }
    x->j = judge_groups(values, 0, values, 0);
    if (s->n == 0 || s->n_base == 0 || find_unlike(x, s) ||
        !take_values(values, s))
        return;
    x->j = judge_groups(values, s->n, values + s->n, s->n_base);
}

int group_judge(struct judged *x, const struct groups *all,
                const struct group *g, const struct group *base,
                const char *column, struct err *e)
{
    size_t n = (size_t)(g->n_counted + base->n_counted + 1);
    double *values = calloc(n, sizeof *values);
    struct of_seed *seeds = calloc(n, sizeof *seeds);
    struct sides s = { .at = calloc(n, sizeof *s.at) };
    *x = (struct judged){ 0 };
    int rc = values && seeds && s.at ? OK : err_memory(e, NULL);
    if (rc == OK) {
        const struct versus v = versus_of(all, g, base);
        s.n = add_sides(s.at, g, column);
        s.n_base = add_sides(s.at + s.n, base, column);
        find_pairs(&x->pair, values, seeds, &v, column);
        judge(x, values, &s);
        if (metric_is_bounded(column)) /* NAN stays */
            judgement_bound_shares(&x->j);
    }
    free(values);
    free(seeds);
    free(s.at);
    return rc;
}
