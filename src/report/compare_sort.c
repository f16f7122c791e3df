#include "report/compare_sort.h"

#include "base/nearest.h"
#include "base/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum by { BY_NAME, BY_STATUS, BY_N, BY_STEPS, BY_EMERGED, BY_KEY, BY_COLUMN };

static const struct {
    const char *name;
    enum by by;
} own[] = {
    { "name", BY_NAME },       { "group", BY_NAME },
    { "run", BY_NAME },        { "n", BY_N },
    { "status", BY_STATUS },   { "steps", BY_STEPS },
    { "emerged", BY_EMERGED },
};

struct order {
    enum by by;
    bool is_falling;
    struct config_key key;
    const char *column;
    double *numbers; /* (groups); NAN: none */
    struct groups *s;
};

/* ---- what is asked for ------------------------------------------------- */

/* A key by its whole name, or by its own where the groups differ in it. */
static bool find_key(struct order *o, const char *name)
{
    o->key = config_key_find(name);
    for (idx k = 0; k < o->s->n_keys && !o->key.key; k++)
        if (strcmp(o->s->keys[k].key->name, name) == 0)
            o->key = o->s->keys[k];
    return o->key.key != NULL;
}

static bool has_column(const struct run_data *r, const char *name)
{
    return table_find(&r->analysis, name) >= 0 ||
           table_find(&r->metrics, name) >= 0;
}

static bool is_column(const struct groups *s, const char *name)
{
    for (idx i = 0; i < s->n; i++)
        for (idx k = 0; k < s->g[i].n_runs; k++)
            if (has_column(s->g[i].runs[k], name))
                return true;
    return false;
}

static void offer_columns(struct nearest *near, const struct table *t)
{
    for (idx c = 0; c < t->columns; c++)
        nearest_offer(near, t->names[c]);
}

static int say_unknown(const struct order *o, const char *name, struct err *e)
{
    char shown[TEXT_SHOW_MAX];
    struct nearest near = { .wanted = name };
    for (idx i = 0; i < COUNT_OF(own); i++)
        nearest_offer(&near, own[i].name);
    for (idx k = 0; k < o->s->n_keys; k++)
        nearest_offer(&near, o->s->keys[k].key->name);
    for (idx i = 0; i < o->s->n; i++) {
        offer_columns(&near, &o->s->g[i].runs[0]->analysis);
        offer_columns(&near, &o->s->g[i].runs[0]->metrics);
    }
    text_show(shown, name);
    return err_set(e, ERR_USAGE,
                   "compare: --sort: no column '%s'%s%s%s: want a measured "
                   "one as val_loss, a key as optim.lr, or one of name, n, "
                   "steps, status, emerged",
                   shown, near.name ? " (did you mean " : "",
                   near.name ? near.name : "", near.name ? "?)" : "");
}

static int find_order(struct order *o, const char *by, struct err *e)
{
    o->is_falling = *by == '-';
    by += o->is_falling;
    for (idx i = 0; i < COUNT_OF(own); i++)
        if (strcmp(by, own[i].name) == 0) {
            o->by = own[i].by;
            return OK;
        }
    o->by = find_key(o, by) ? BY_KEY : BY_COLUMN;
    o->column = by;
    return o->by == BY_KEY || is_column(o->s, by) ? OK : say_unknown(o, by, e);
}

/* ---- the order --------------------------------------------------------- */

static int find_number(double *v, const struct order *o, const struct group *g,
                       struct err *e)
{
    struct summary final = { .mean = NAN };
    struct emerged x = { .steps = { .mean = NAN } };
    int rc = OK;
    if (o->by == BY_STEPS || o->by == BY_COLUMN)
        rc = group_final(&final, g, o->by == BY_STEPS ? "step" : o->column, e);
    else if (o->by == BY_EMERGED)
        rc = group_emerged(&x, g, o->column, &o->s->emergence, e);
    *v = o->by == BY_N         ? (double)g->n_counted
         : o->by == BY_EMERGED ? x.steps.mean
                               : final.mean;
    return rc;
}

/* Does group i come behind group k? */
static bool is_behind(const struct order *o, idx i, idx k)
{
    const struct group *a = &o->s->g[i], *b = &o->s->g[k];
    const struct run_data *x = a->runs[0], *y = b->runs[0];
    int order = 0;
    if (o->by == BY_NAME || o->by == BY_STATUS) {
        order = o->by == BY_NAME ? strcmp(a->label, b->label)
                                 : strcmp(a->status, b->status);
    } else if (o->by == BY_KEY) {
        if (!x->has_config || !y->has_config)
            return y->has_config && !x->has_config;
        order = config_value_order(group_config(x, o->key),
                                   group_config(y, o->key), o->key);
    } else {
        double u = o->numbers[i], v = o->numbers[k];
        if (isnan(u) || isnan(v))
            return isnan(u) && !isnan(v);
        order = (u > v) - (u < v);
    }
    return o->is_falling ? order < 0 : order > 0;
}

/* Stable. */
static void sort(struct group *sorted, struct order *o, idx *places, idx *base)
{
    idx n = o->s->n, at_base = *base;
    for (idx i = 0; i < n; i++) {
        idx k = i;
        for (; k > 0 && is_behind(o, places[k - 1], i); k--)
            places[k] = places[k - 1];
        places[k] = i;
    }
    for (idx i = 0; i < n; i++) {
        sorted[i] = o->s->g[places[i]];
        if (places[i] == at_base)
            *base = i;
    }
    memcpy(o->s->g, sorted, (size_t)n * sizeof *sorted);
}

int compare_sort(struct groups *s, idx *base, const char *metric,
                 const char *by, struct err *e)
{
    struct order o = { .s = s };
    if (find_order(&o, by, e))
        return e->code;
    if (o.by == BY_EMERGED)
        o.column = metric;
    o.numbers = calloc((size_t)s->n, sizeof *o.numbers);
    idx *places = calloc((size_t)s->n, sizeof *places);
    struct group *sorted = calloc((size_t)s->n, sizeof *sorted);
    int rc = o.numbers && places && sorted ? OK : err_memory(e, NULL);
    for (idx i = 0; i < s->n && rc == OK; i++)
        rc = find_number(&o.numbers[i], &o, &s->g[i], e);
    if (rc == OK)
        sort(sorted, &o, places, base);
    free(sorted);
    free(places);
    free(o.numbers);
    return rc;
}
