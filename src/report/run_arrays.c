#include "report/run_arrays.h"

#include "io/arrays.h"
#include "metric/columns.h"
#include "report/advice.h"
#include "run/run.h"

#include <math.h>
#include <string.h>

const enum metric_axis *run_array_axes(int *n, const char *column)
{
    static const enum metric_axis none[] = { OVER_NOTHING };
    struct column_facts f;
    bool is_metric = column_find(&f, column) && f.metric && !f.is_of_layer;
    *n = is_metric ? (int)metric_ndim(f.metric) : 0;
    return is_metric ? f.metric->axes : none;
}

static int say_missing(const struct run_data *r, const char *column,
                       struct err *e)
{
    char words[ADVICE_MAX];
    if (r->is_of_tables)
        return err_set(e, ERR_DATA,
                       "%s: its tables are left, without what is drawn by "
                       "layer, head and position: a figure of that is of the "
                       "run itself",
                       r->path);
    return err_set(e, ERR_DATA,
                   "%s: no %s, which has what is drawn by layer, head and "
                   "position: run %s first",
                   r->path, RUN_ARRAYS, advice_run(words, r, column));
}

static int say_unlike(const char *path, const char *column, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: %s has not the axes of this version: `sinklab analyze "
                   "--again` measures it anew",
                   path, column);
}

static double *copy(struct pool *memory, const double *v, idx n)
{
    double *own = pool_bytes(memory, (size_t)n * sizeof *own);
    if (own)
        memcpy(own, v, (size_t)n * sizeof *own);
    return own;
}

/* Rows of what was loaded, from the first on. */
static void keep(struct run_array *a, struct pool *memory, const double *step,
                 const double *v, idx first, idx n)
{
    a->n_steps = n;
    a->step = copy(memory, step + first, n);
    a->v = copy(memory, v + first * a->n, n * a->n);
}

/* The axes of the file, behind the step, by their names; false if some are not
 * known. */
static bool take_axes(struct run_array *a, const struct array_facts *x)
{
    char axes[ARRAY_AXES_TEXT_MAX], *rest = axes, *name;
    snprintf(axes, sizeof axes, "%s", x->axes);
    name = strsep(&rest, " ");
    if (strcmp(name, "step") != 0 || x->ndim - 1 > METRIC_NDIM_MAX)
        return false;
    a->n = 1;
    while ((name = strsep(&rest, " "))) {
        int k = 1;
        while (k < METRIC_AXES && strcmp(metric_axes[k].name, name) != 0)
            k++;
        if (k == METRIC_AXES || a->ndim == x->ndim - 1)
            return false;
        a->extent[a->ndim] = x->shape[a->ndim + 1];
        a->n *= x->shape[a->ndim + 1];
        a->axes[a->ndim++] = (enum metric_axis)k;
    }
    return a->ndim == x->ndim - 1;
}

static int take(struct run_array *a, struct pool *memory,
                const struct array_values *step, const struct array_values *v,
                double at, const char *path, struct err *e)
{
    idx n = step->n;
    if (isnan(at)) {
        keep(a, memory, step->values, v->values, 0, n);
        return pool_check(memory, e);
    }
    while (n > 0 && step->values[n - 1] > at)
        n--;
    if (n == 0)
        return err_set(e, ERR_DATA,
                       "%s: nothing was measured up to step %.0f, the first is "
                       "%.0f",
                       path, at, step->values[0]);
    keep(a, memory, step->values, v->values, n - 1, 1);
    return pool_check(memory, e);
}

static int load(struct run_array *a, struct pool *memory, struct array_file *f,
                const char *column, double step, const char *path,
                struct err *e)
{
    struct array_values steps = { 0 }, v = { 0 };
    idx i = 0;
    while (i < f->n && strcmp(f->arrays[i].name, column) != 0)
        i++;
    if (i < f->n && !take_axes(a, &f->arrays[i]))
        return say_unlike(path, column, e);
    int rc = array_file_read(&steps, f, "step", e);
    if (rc == OK)
        rc = array_file_read(&v, f, column, e); /* tells where there is none */
    if (rc == OK && v.n != steps.n * a->n)
        rc = say_unlike(path, column, e);
    if (rc == OK)
        rc = take(a, memory, &steps, &v, step, path, e);
    array_values_release(&steps);
    array_values_release(&v);
    return rc;
}

int run_array_load(struct run_array *a, struct pool *memory,
                   const struct run_data *r, const char *column, double step,
                   struct err *e)
{
    char path[RUN_PATH_MAX];
    struct array_file f = { .known = &r->arrays };
    bool is_there;
    *a = (struct run_array){ 0 };
    if (r->is_of_tables)
        return say_missing(r, column, e);
    run_analysis_path(path, r->path, r->analysis_name, ".h5");
    if (fsys_exists(&is_there, path, e))
        return e->code;
    if (!is_there)
        return say_missing(r, column, e);
    int rc = array_file_open(&f, path, e);
    if (rc == OK)
        rc = load(a, memory, &f, column, step, path, e);
    array_file_close(&f);
    return rc;
}

const double *run_array_at(idx *row, const struct run_array *a, double step)
{
    idx i = a->n_steps;
    while (i > 0 && a->step[i - 1] > step)
        i--;
    *row = i - 1;
    return i > 0 ? a->v + (i - 1) * a->n : NULL;
}

bool run_array_is_over(const struct run_array *a, enum metric_axis axis)
{
    for (int i = 0; i < a->ndim; i++)
        if (a->axes[i] == axis)
            return true;
    return false;
}
