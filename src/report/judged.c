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

/* The one run of the group that counts and has the seeds of r; -1 if there is
 * none, or more than one. */
static idx find_partner(const struct group *g, const struct run_data *r)
{
    idx found = -1;
    for (idx i = 0; i < g->n_counted; i++) {
        if (!has_same_seeds(g->runs[i], r))
            continue;
        if (found >= 0)
            return -1;
        found = i;
    }
    return found;
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

/* d (counted runs of g), those that there are. */
static void find_pairs(struct pair *p, double *d, const struct group *g,
                       const struct group *base, const char *column)
{
    idx n = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        idx k = find_partner(base, g->runs[i]);
        if (k < 0 || find_partner(g, g->runs[i]) != i)
            continue;
        struct side x = side_of(g, i, column), y = side_of(base, k, column);
        if (!difference(&d[n], &x, &y))
            continue;
        p->n_up += d[n] > 0;
        p->n_down += d[n] < 0;
        n++;
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
    bool is_paired = x->pair.d.n > 0 && x->pair.d.n == idx_min(s->n, s->n_base);
    if (is_paired) {
        x->j = judge_pairs(values, x->pair.d.n);
        return;
    }
    x->j = judge_groups(values, 0, values, 0);
    if (s->n == 0 || s->n_base == 0 || find_unlike(x, s) ||
        !take_values(values, s))
        return;
    x->j = judge_groups(values, s->n, values + s->n, s->n_base);
}

int group_judge(struct judged *x, const struct group *g,
                const struct group *base, const char *column, struct err *e)
{
    size_t n = (size_t)(g->n_counted + base->n_counted + 1);
    double *values = calloc(n, sizeof *values);
    struct sides s = { .at = calloc(n, sizeof *s.at) };
    *x = (struct judged){ 0 };
    int rc = values && s.at ? OK : err_memory(e, NULL);
    if (rc == OK) {
        s.n = add_sides(s.at, g, column);
        s.n_base = add_sides(s.at + s.n, base, column);
        find_pairs(&x->pair, values, g, base, column);
        judge(x, values, &s);
        if (metric_is_bounded(column)) /* NAN stays */
            judgement_bound_shares(&x->j);
    }
    free(values);
    free(s.at);
    return rc;
}
