#include "report/means.h"

#include <math.h>
#include <stdlib.h>

/* Two passes, so that no digits cancel. */
struct summary summarise(const double *values, idx n)
{
    struct summary s = { n, NAN, NAN, NAN, NAN, NAN };
    double sum = 0, squares = 0;
    for (idx i = 0; i < n; i++)
        sum += values[i];
    if (n > 0)
        s.mean = sum / (double)n;
    if (isnan(s.mean))
        return s;
    s.min = s.max = values[0];
    for (idx i = 0; i < n; i++) {
        s.min = fmin(s.min, values[i]);
        s.max = fmax(s.max, values[i]);
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    }
    if (n > 1)
        s.spread = sqrt(squares / (double)(n - 1));
    s.error = s.spread / sqrt((double)n);
    return s;
}

/* A number for each run that counts. */
static double *make_values(const struct group *g, struct err *e)
{
    double *v = calloc((size_t)idx_max(1, g->n_counted), sizeof *v);
    if (!v)
        err_set(e, ERR_MEMORY, "not enough memory for %td runs", g->n_counted);
    return v;
}

/* ---- bands ------------------------------------------------------------- */

/* A series being read: the next row that was measured. */
struct reader {
    struct series s;
    idx row;
};

/* The earliest step that any reader is at; false when all are at their end. */
static bool next_step(double *step, struct reader *readers, idx n)
{
    *step = INFINITY;
    for (idx i = 0; i < n; i++) {
        struct reader *r = &readers[i];
        while (r->row < r->s.n && !r->s.given[r->row])
            r->row++;
        if (r->row < r->s.n)
            *step = fmin(*step, r->s.step[r->row]);
    }
    return *step < INFINITY;
}

/* Go past this step; values (n) of those that measured there, their number is
 * returned. */
static idx take_step(double *values, double step, struct reader *readers, idx n)
{
    idx found = 0;
    for (idx i = 0; i < n; i++) {
        struct reader *r = &readers[i];
        if (r->row == r->s.n || r->s.step[r->row] != step)
            continue;
        values[found++] = r->s.value[r->row++];
    }
    return found;
}

static void merge(struct band *b, struct reader *readers, double *values)
{
    double step;
    while (next_step(&step, readers, b->n_runs)) {
        idx found = take_step(values, step, readers, b->n_runs);
        b->n_any++;
        if (found < b->n_runs)
            continue;
        b->last = summarise(values, found);
        b->step[b->n] = step;
        b->mean[b->n] = b->last.mean;
        b->low[b->n] = b->last.mean - b->last.spread;
        b->high[b->n] = b->last.mean + b->last.spread;
        b->n++;
    }
}

int band_make(struct band *b, const struct group *g, const char *column,
              struct err *e)
{
    struct reader *readers =
        calloc((size_t)idx_max(1, g->n_counted), sizeof *readers);
    double *values = make_values(g, e);
    idx cap = 1;
    b->is_logged = group_is_logged(g, column);
    b->last = summarise(NULL, 0);
    for (idx i = 0; readers && i < g->n_counted; i++) {
        struct series s = group_series(g, i, column);
        if (s.n == 0)
            continue;
        /* common steps are at most those of the shortest */
        cap = b->n_runs == 0 ? s.n : idx_min(cap, s.n);
        readers[b->n_runs++] = (struct reader){ s, 0 };
    }
    b->step = calloc((size_t)(4 * cap), sizeof *b->step);
    bool is_full = readers && values && b->step;
    if (is_full) {
        b->mean = b->step + cap;
        b->low = b->mean + cap;
        b->high = b->low + cap;
        merge(b, readers, values);
    }
    free(readers);
    free(values);
    return is_full ? OK
                   : err_set(e, ERR_MEMORY, "not enough memory for %td runs",
                             g->n_runs);
}

void band_release(struct band *b)
{
    free(b->step);
    *b = (struct band){ 0 };
}

/* ---- emergence --------------------------------------------------------- */

int group_emerged(struct emerged *x, const struct group *g, const char *column,
                  const struct emergence *m, struct err *e)
{
    double *steps = make_values(g, e);
    idx n = 0;
    *x = (struct emerged){ 0 };
    if (!steps)
        return ERR_MEMORY;
    for (idx i = 0; i < g->n_counted; i++) {
        struct series s = group_series(g, i, column);
        double final;
        x->n_measured += s.n > 0;
        if (emergence_find(&steps[n], &s, m)) {
            n++;
            x->n_gone += series_final(&final, &s) && !emergence_holds(m, final);
        }
    }
    x->steps = summarise(steps, n);
    free(steps);
    return OK;
}

/* ---- with and without: seed by seed ------------------------------------ */

static bool has_same_seeds(const struct run_data *a, const struct run_data *b)
{
    const struct run_options *x = &a->config.run, *y = &b->config.run;
    return a->has_config && b->has_config && x->seed == y->seed &&
           x->init_seed == y->init_seed && x->data_seed == y->data_seed;
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

static bool difference(double *d, const struct group *g, idx i,
                       const struct group *base, idx k, const char *column)
{
    double a, b;
    struct series x = group_series(g, i, column);
    struct series y = group_series(base, k, column);
    const struct measured *m = run_data_measured(g->runs[i], &x);
    const struct measured *o = run_data_measured(base->runs[k], &y);
    if (x.n == 0 || y.n == 0 || x.is_logged != y.is_logged ||
        !measured_sinks_alike(m, o) || !measured_losses_alike(m, o) ||
        !measured_data_alike(m, o) || !series_at_common(&a, &b, &x, &y))
        return false;
    *d = a - b;
    return true;
}

int group_pair(struct pair *p, const struct group *g, const struct group *base,
               const char *column, struct err *e)
{
    double *d = make_values(g, e);
    idx n = 0;
    *p = (struct pair){ 0 };
    if (!d)
        return ERR_MEMORY;
    for (idx i = 0; i < g->n_counted; i++) {
        idx k = find_partner(base, g->runs[i]);
        if (k < 0 || find_partner(g, g->runs[i]) != i ||
            !difference(&d[n], g, i, base, k, column))
            continue;
        p->n_up += d[n] > 0;
        p->n_down += d[n] < 0;
        n++;
    }
    p->d = summarise(d, n);
    free(d);
    return OK;
}
