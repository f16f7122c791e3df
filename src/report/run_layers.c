#include "report/run_layers.h"

#include "metric/columns.h"
#include "metric/names.h"
#include "report/run_arrays.h"

#include <math.h>
#include <stdlib.h>

/* A metric of a run by layer, and where its rows stand in analysis.csv. */
struct layered {
    const struct metric *metric;
    struct run_array array;
    struct series of_all; /* the metric's own column */
    struct pool memory;
};

/* Does the file tell of the same steps as the table? */
static bool has_steps_of(const struct run_array *a, const struct series *s)
{
    if (a->n_steps != s->n)
        return false;
    for (idx i = 0; i < s->n; i++)
        if (a->step[i] != s->step[i])
            return false;
    return true;
}

static int load(struct layered *x, struct run_data *r, const char *column,
                struct err *e)
{
    x->of_all = run_data_analysed(r, column);
    if (run_array_load(&x->array, &x->memory, r, column, NAN, e))
        return e->code;
    if (x->array.ndim < 1 || x->array.axes[0] != OVER_LAYER)
        return err_set(e, ERR_DATA,
                       "%s: analysis.h5 has %s over other axes than this "
                       "version: `sinklab analyze --again` measures it anew",
                       r->path, column);
    if (!has_steps_of(&x->array, &x->of_all))
        return err_set(e, ERR_DATA,
                       "%s: analysis.h5 has not the steps of analysis.csv: "
                       "`sinklab verify` says what else is wrong",
                       r->path);
    return OK;
}

/* What is NaN was not measured, unless the whole came out as none, too. */
static double reduce(const struct layered *x, idx row, idx layer, bool *given)
{
    const struct run_array *a = &x->array;
    idx n = a->n / a->extent[0];
    const double *v = a->v + row * a->n + layer * n;
    bool is_nan = x->of_all.given[row] && isnan(x->of_all.value[row]);
    for (idx i = 0; i < n; i++)
        given[i] = x->of_all.given[row] && (is_nan || !isnan(v[i]));
    return metric_reduce(x->metric, v, given, n);
}

static int add(struct run_data *r, const struct layered *x, const char *name,
               idx layer, struct err *e)
{
    idx rows = x->of_all.n;
    double *value = malloc((size_t)(rows + 1) * sizeof *value);
    bool *given = malloc((size_t)(rows + 1) * sizeof *given);
    bool *cells = malloc((size_t)(x->array.n + 1) * sizeof *cells);
    int rc = value && given && cells ? OK : err_memory(e, r->path);
    for (idx i = 0; i < rows && rc == OK; i++) {
        value[i] = reduce(x, i, layer, cells);
        given[i] = x->of_all.given[i];
    }
    if (rc == OK)
        rc = table_add(&r->analysis, name, value, given, e);
    free(value);
    free(given);
    free(cells);
    return rc;
}

/* Layers first .. first + n - 1, those of them that there are. */
static int add_some(struct run_data *r, const struct metric_name *n, idx first,
                    idx count, struct err *e)
{
    struct layered x = { .metric = n->metric };
    int rc = OK;
    if (run_data_analysed(r, n->name).n == 0)
        return OK;
    rc = load(&x, r, n->name, e);
    idx L = rc == OK ? x.array.extent[0] : 0;
    for (idx l = first; l < L && l - first < count && rc == OK; l++) {
        char name[COLUMN_NAME_MAX];
        if (metric_name_of_layer(name, n, l) &&
            table_find(&r->analysis, name) < 0) {
            x.of_all = run_data_analysed(r, n->name); /* it has moved */
            rc = add(r, &x, name, l, e);
        }
    }
    pool_release(&x.memory);
    return rc;
}

int run_layers_add(struct run_data *r, const char *column, struct err *e)
{
    struct metric_name n;
    if (!metric_name_find(&n, column) || !n.is_of_layer)
        return OK;
    struct metric_name all = metric_name_of_all(&n);
    return add_some(r, &all, n.layer, 1, e);
}

int run_layers_add_all(struct run_data *r, const char *metric, struct err *e)
{
    struct metric_name n;
    if (!metric_name_find(&n, metric) || n.is_of_layer ||
        n.metric->axes[0] != OVER_LAYER)
        return OK;
    return add_some(r, &n, 0, INT32_MAX, e);
}
