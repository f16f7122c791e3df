#include "report/html_curves.h"

#include "base/grow.h"
#include "report/thin.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- which columns there are --------------------------------------------- */

static bool is_among(const struct page_columns *c, const char *name)
{
    for (idx i = 0; i < c->n; i++)
        if (strcmp(c->names[i], name) == 0)
            return true;
    return false;
}

static int add_names(struct page_columns *c, const struct table *t,
                     struct err *e)
{
    for (idx k = 0; k < t->columns; k++) {
        if (!run_data_is_measured(t->names[k]) || is_among(c, t->names[k]) ||
            !table_is_given(t, k))
            continue;
        if (!GROW(c->names, c->n))
            return err_memory(e, NULL);
        c->names[c->n++] = t->names[k];
    }
    return OK;
}

int page_columns_find(struct page_columns *c, const struct groups *s,
                      struct err *e)
{
    int rc = OK;
    for (idx i = 0; i < s->n && rc == OK; i++)
        for (idx k = 0; k < s->g[i].n_runs && rc == OK; k++) {
            const struct run_data *r = s->g[i].runs[k];
            rc = add_names(c, &r->analysis, e);
            if (rc == OK)
                rc = add_names(c, &r->metrics, e);
        }
    return rc;
}

void page_columns_release(struct page_columns *c)
{
    free(c->names);
    *c = (struct page_columns){ 0 };
}

/* ---- curves -------------------------------------------------------------- */

/* A column's points as they are shown. */
struct curve {
    const char *name;
    idx n, axis;
    bool is_logged;
    double *step, *value, *spread; /* (n); spread of means alone */
    idx n_runs;
};

static int curve_make(struct curve *c, idx n, struct err *e)
{
    c->step = calloc((size_t)idx_max(1, 3 * n), sizeof *c->step);
    if (!c->step)
        return err_memory(e, NULL);
    c->value = c->step + n;
    c->spread = c->value + n;
    return OK;
}

/* Keep so many of its points. */
static int thin(struct curve *c, idx most, struct err *e)
{
    if (c->n <= most)
        return OK;
    idx *rows = calloc((size_t)c->n, sizeof *rows);
    if (!rows)
        return err_memory(e, NULL);
    idx kept = thin_rows(rows, c->n, most);
    for (idx i = 0; i < kept; i++) {
        c->step[i] = c->step[rows[i]];
        c->value[i] = c->value[rows[i]];
        c->spread[i] = c->spread[rows[i]];
    }
    c->n = kept;
    free(rows);
    return OK;
}

/* What is averaged is of the same kind of file; what is not, of any. */
static int of_run(struct curve *c, const struct group *g, idx i, struct err *e)
{
    struct series s = i < g->n_counted ? group_series(g, i, c->name)
                                       : run_data_series(g->runs[i], c->name);
    int rc = curve_make(c, s.n, e);
    for (idx k = 0; rc == OK && k < s.n; k++)
        if (s.given[k]) {
            c->step[c->n] = s.step[k];
            c->value[c->n++] = s.value[k];
        }
    c->is_logged = s.is_logged;
    return rc;
}

static int of_group(struct curve *c, const struct group *g, struct err *e)
{
    struct band b = { 0 };
    int rc = band_make(&b, g, c->name, e);
    if (rc == OK)
        rc = curve_make(c, b.n, e);
    for (idx i = 0; rc == OK && i < b.n; i++) {
        c->step[i] = b.step[i];
        c->value[i] = b.mean[i];
        c->spread[i] = b.high[i] - b.mean[i];
    }
    if (b.n > 0) /* high - mean is rounded */
        c->spread[b.n - 1] = b.last.spread;
    c->n = b.n;
    c->n_runs = b.n_runs;
    c->is_logged = b.is_logged;
    band_release(&b);
    return rc;
}

/* ---- axes ---------------------------------------------------------------- */

/* Tokens that the run had seen at this step; NAN where no row says it. */
static double tokens_at(const struct run_data *r, bool is_logged, double step)
{
    struct series s = is_logged ? run_data_logged(r, "tokens")
                                : run_data_analysed(r, "tokens");
    idx low = 0, high = s.n;
    while (low < high) {
        idx middle = low + (high - low) / 2;
        if (s.step[middle] < step)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s.n && s.step[low] == step ? s.value[low] : NAN;
}

/* The fewest digits that read back. */
static void put_full(struct json *j, const char *key, double value)
{
    enum { DIGITS_MOST = 17 };
    char text[32];
    int digits = CURVE_DIGITS - 1;
    bool is_whole = value == rint(value);
    do
        snprintf(text, sizeof text, "%.*g", ++digits, value);
    while (digits < DIGITS_MOST && strtod(text, NULL) != value);
    if (digits == CURVE_DIGITS || is_whole || !isfinite(value))
        json_put_number(j, key, value);
    else
        json_put_text(j, key, text);
}

void put_exact(struct json *j, const char *key, double value)
{
    if (isnan(value))
        json_put_null(j, key);
    else
        put_full(j, key, value);
}

static void write_numbers(struct json *j, const char *key, const double *v,
                          idx n)
{
    json_begin_array(j, key);
    for (idx i = 0; i < n; i++)
        json_put_number(j, NULL, v[i]);
    json_end(j);
}

/* The last one is what tables show. */
static void write_values(struct json *j, const char *key, const double *v,
                         idx n)
{
    json_begin_array(j, key);
    for (idx i = 0; i + 1 < n; i++)
        json_put_number(j, NULL, v[i]);
    if (n > 0)
        put_full(j, NULL, v[n - 1]);
    json_end(j);
}

static void write_axis(struct json *j, const struct curve *c,
                       const struct run_data *const *runs, idx n)
{
    json_begin_object(j, NULL);
    json_put_bool(j, "logged", c->is_logged);
    write_numbers(j, "step", c->step, c->n);
    json_begin_array(j, "tokens");
    for (idx i = 0; i < c->n; i++) {
        double sum = 0;
        for (idx k = 0; k < n; k++)
            sum += tokens_at(runs[k], c->is_logged, c->step[i]);
        if (isnan(sum))
            json_put_null(j, NULL);
        else
            json_put_number(j, NULL, sum / (double)n);
    }
    json_end(j);
    json_end(j);
}

static bool has_axis_of(const struct curve *a, const struct curve *b)
{
    return a->n == b->n && a->is_logged == b->is_logged &&
           memcmp(a->step, b->step, (size_t)a->n * sizeof *a->step) == 0;
}

/* The axes of curves (n), which learn the numbers of theirs; tokens are means
 * over these runs. */
static void write_axes(struct json *j, struct curve *curves, idx n,
                       const struct run_data *const *runs, idx n_runs)
{
    idx n_axes = 0;
    json_begin_array(j, "axes");
    for (idx i = 0; i < n; i++) {
        idx k = 0;
        while (k < i && !has_axis_of(&curves[k], &curves[i]))
            k++;
        curves[i].axis = k < i ? curves[k].axis : n_axes++;
        if (k == i)
            write_axis(j, &curves[i], runs, n_runs);
    }
    json_end(j);
}

static void write_curve(struct json *j, const struct curve *c)
{
    json_begin_object(j, c->name);
    json_put_count(j, "axis", c->axis);
    write_values(j, "value", c->value, c->n);
    if (c->n_runs > 1)
        write_values(j, "spread", c->spread, c->n);
    if (c->n_runs > 0)
        json_put_count(j, "n", c->n_runs);
    json_end(j);
}

/* ---- the whole ----------------------------------------------------------- */

/* The curves of run i; of the group's means for i = -1. */
static int write_all(struct json *j, const struct group *g, idx i,
                     const struct page_columns *columns, idx most,
                     struct err *e)
{
    struct curve *curves =
        calloc((size_t)idx_max(1, columns->n), sizeof *curves);
    idx n = 0;
    int rc = curves ? OK : err_memory(e, NULL);
    for (idx k = 0; k < columns->n && rc == OK; k++) {
        struct curve *c = &curves[n];
        *c = (struct curve){ .name = columns->names[k] };
        rc = i < 0 ? of_group(c, g, e) : of_run(c, g, i, e);
        if (rc == OK)
            rc = thin(c, most, e);
        if (c->n > 0)
            n++;
        else
            free(c->step);
    }
    if (rc == OK) {
        write_axes(j, curves, n, i < 0 ? g->runs : g->runs + i,
                   i < 0 ? g->n_counted : 1);
        json_begin_object(j, "curves");
        for (idx k = 0; k < n; k++)
            write_curve(j, &curves[k]);
        json_end(j);
    }
    for (idx k = 0; k < n; k++)
        free(curves[k].step);
    free(curves);
    return rc;
}

int html_run_curves(struct json *j, const struct group *g, idx i,
                    const struct page_columns *c, idx most, struct err *e)
{
    return write_all(j, g, i, c, most, e);
}

int html_group_curves(struct json *j, const struct group *g,
                      const struct page_columns *c, idx most, struct err *e)
{
    return write_all(j, g, -1, c, most, e);
}
