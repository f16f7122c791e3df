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
        err_memory(e, NULL);
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
    return is_full ? OK : err_memory(e, NULL);
}

void band_release(struct band *b)
{
    free(b->step);
    *b = (struct band){ 0 };
}

int group_final(struct summary *s, const struct group *g, const char *column,
                struct err *e)
{
    struct band b = { 0 };
    int rc = band_make(&b, g, column, e);
    *s = b.last;
    band_release(&b);
    return rc;
}

int group_finals(double *values, idx *n, const struct group *g,
                 const char *column, struct err *e)
{
    struct band b = { 0 };
    double at;
    int rc = band_make(&b, g, column, e);
    *n = 0;
    for (idx i = 0; i < g->n_counted && b.n > 0; i++) {
        struct series s = group_series(g, i, column);
        *n += series_before(&at, &values[*n], &s, b.step[b.n - 1]);
    }
    band_release(&b);
    return rc;
}

/* ---- emergence --------------------------------------------------------- */

bool emerged_is_gone(const struct emerged *x)
{
    return x->n_gone > 0 && x->n_gone == x->steps.n;
}

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
        x->n_measured += s.n > 0;
        if (emergence_find(&steps[n], &s, m)) {
            n++;
            x->n_gone += emergence_is_gone(&s, m);
        }
    }
    x->steps = summarise(steps, n);
    free(steps);
    return OK;
}
