/* compare's statistics: means and spreads over the runs of a group. */
#include "report/compare_group.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Two passes, so that no digits cancel. */
struct summary summarise(const double *values, idx n)
{
    struct summary s = { n, NAN, NAN, NAN, NAN };
    double sum = 0, squares = 0;
    if (n == 0)
        return s;
    for (idx i = 0; i < n; i++)
        sum += values[i];
    s.mean = sum / (double)n;
    if (isnan(s.mean))
        return s;
    s.min = s.max = values[0];
    for (idx i = 1; i < n; i++) {
        s.min = fmin(s.min, values[i]);
        s.max = fmax(s.max, values[i]);
    }
    for (idx i = 0; i < n; i++)
        squares += (values[i] - s.mean) * (values[i] - s.mean);
    if (n > 1)
        s.spread = sqrt(squares / (double)(n - 1));
    return s;
}

/* ---- one column of one run --------------------------------------------- */

static struct series series_of(const struct compared *r, const char *column,
                               bool is_logged)
{
    return is_logged ? compared_logged(r, column)
                     : compared_analysed(r, column);
}

/* An analysis measures more sequences than training does: the two are never
 * averaged with each other. */
static bool must_use_log(const struct group *g, const char *column)
{
    if (!g->is_analysed)
        return true;
    for (idx i = 0; i < g->n_counted; i++)
        if (compared_analysed(g->runs[i], column).n == 0)
            return true;
    return false;
}

struct series group_series(const struct group *g, idx i, const char *column)
{
    return series_of(g->runs[i], column, must_use_log(g, column));
}

/* ---- steps ------------------------------------------------------------- */

/* A series being read: the next row that was measured. */
struct reader {
    struct series s;
    idx row;
};

static void skip_unmeasured(struct reader *r)
{
    while (r->row < r->s.n && !r->s.given[r->row])
        r->row++;
}

/* The earliest step that any reader is at; false when all are at their end. */
static bool next_step(double *step, struct reader *readers, idx n)
{
    *step = INFINITY;
    for (idx i = 0; i < n; i++) {
        skip_unmeasured(&readers[i]);
        if (readers[i].row < readers[i].s.n)
            *step = fmin(*step, readers[i].s.step[readers[i].row]);
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
        struct summary s = summarise(values, found);
        b->step[b->n] = step;
        b->mean[b->n] = s.mean;
        b->spread[b->n] = s.spread;
        b->low[b->n] = s.mean - s.spread;
        b->high[b->n] = s.mean + s.spread;
        b->last = s;
        b->n++;
    }
}

/* ---- bands ------------------------------------------------------------- */

int band_make(struct band *b, const struct group *g, const char *column,
              struct err *e)
{
    struct reader *readers =
        calloc((size_t)idx_max(1, g->n_counted), sizeof *readers);
    double *values = calloc((size_t)idx_max(1, g->n_counted), sizeof *values);
    double **arrays[] = { &b->step, &b->mean, &b->spread, &b->low, &b->high };
    bool is_full = readers && values;
    idx cap = 1;
    b->is_logged = must_use_log(g, column);
    for (idx i = 0; is_full && i < g->n_counted; i++) {
        struct series s = series_of(g->runs[i], column, b->is_logged);
        if (s.n == 0)
            continue;
        /* common steps are at most those of the shortest */
        cap = b->n_runs == 0 ? s.n : idx_min(cap, s.n);
        readers[b->n_runs++] = (struct reader){ s, 0 };
    }
    for (idx i = 0; i < COUNT_OF(arrays) && is_full; i++) {
        *arrays[i] = calloc((size_t)cap, sizeof **arrays[i]);
        is_full = *arrays[i] != NULL;
    }
    if (is_full)
        merge(b, readers, values);
    free(readers);
    free(values);
    return is_full ? OK
                   : err_set(e, ERR_MEMORY, "not enough memory for %td runs",
                             g->n_runs);
}

void band_release(struct band *b)
{
    free(b->step);
    free(b->mean);
    free(b->spread);
    free(b->low);
    free(b->high);
    *b = (struct band){ 0 };
}

struct summary band_final(const struct band *b)
{
    if (b->n == 0)
        return (struct summary){ 0, NAN, NAN, NAN, NAN };
    return b->last;
}

/* ---- emergence --------------------------------------------------------- */

struct summary group_emergence(idx *n_measured, idx *n_gone,
                               const struct group *g, const char *column,
                               const struct emergence *m)
{
    bool is_logged = must_use_log(g, column);
    idx n = 0;
    double min = NAN, max = NAN;
    double mean = 0, squares = 0; /* Welford's, so that nothing is allocated */
    *n_measured = *n_gone = 0;
    for (idx i = 0; i < g->n_counted; i++) {
        struct series s = series_of(g->runs[i], column, is_logged);
        double step, final;
        *n_measured += s.n > 0;
        if (!series_emergence(&step, &s, m))
            continue;
        min = fmin(min, step);
        max = fmax(max, step);
        double before = step - mean;
        n++;
        mean += before / (double)n;
        squares += before * (step - mean);
        *n_gone += series_final(&final, &s) && !emergence_holds(m, final);
    }
    return (struct summary){ n, n > 0 ? mean : NAN,
                             n > 1 ? sqrt(squares / (double)(n - 1)) : NAN, min,
                             max };
}
