#include "metric/update_meter.h"

#include <string.h>

#include "base/text.h"

/* A meter of these tensors, without columns. */
static struct update_meter meter_of(const struct param_table *table)
{
    struct update_meter t = { .table = table };
    for (idx i = 0; i < table->count; i++) {
        const struct param *p = &table->rows[i];
        t.n_layers = idx_max(t.n_layers, param_layer(p) + 1);
        if (p->role != PARAM_STATE)
            t.has_group[param_group(p)] = true;
    }
    t.n_parts = PART_LAYER + t.n_layers;
    return t;
}

/* One further of the columns that the tensors have. */
static bool next_there(struct update_name *n, const struct update_meter *t)
{
    while (update_metric_next(n, t->n_layers)) {
        bool is_group = n->part >= PART_GROUP && n->part < PART_LAYER;
        if (!is_group || t->has_group[n->part - PART_GROUP])
            return true;
    }
    return false;
}

/* Counts the columns, and names those that are placed. */
static void list_columns(struct update_meter *t,
                         const struct metric_choice *choice)
{
    t->n_columns = t->n_windows = 0;
    for (struct update_name n = { 0 }; next_there(&n, t);) {
        if (!metrics_is_asked(choice->metrics, GROUP_OPTIMIZER, n.name))
            continue;
        struct window *w = NULL;
        if (n.metric->is_z && t->windows) {
            w = &t->windows[t->n_windows];
            strcpy(w->name, n.name);
        }
        if (t->columns)
            t->columns[t->n_columns] =
                (struct update_column){ .is = n, .window = w };
        t->n_columns++;
        t->n_windows += n.metric->is_z;
    }
}

/* ---- is it sound? ------------------------------------------------------ */

static bool finds_here(const char *item, const struct update_meter *t)
{
    for (struct update_name n = { 0 }; next_there(&n, t);)
        if (metrics_asks(item, GROUP_OPTIMIZER, n.name))
            return true;
    return false;
}

int update_meter_check(const struct param_table *table,
                       const struct metric_choice *choice, struct err *e)
{
    char text[KEY_TEXT_MAX], shown[TEXT_SHOW_MAX], *rest = text;
    struct update_meter t = meter_of(table);
    memcpy(text, choice->metrics->names, sizeof text);
    while (rest) {
        const char *item = text_part(&rest, ',', false);
        if (!metrics_finds(item, choice) && !finds_here(item, &t))
            return err_set(e, ERR_CONFIG,
                           "metrics.names: %s: this model has no such tensors, "
                           "so there is nothing to measure: leave it out",
                           text_show(shown, item));
    }
    list_columns(&t, choice);
    idx n = t.n_columns + metrics_count(choice);
    return n <= METRICS_ASKED_MAX
               ? OK
               : err_set(e, ERR_CONFIG,
                         "metrics.names asks for %td columns, %td of them of "
                         "updates: want at most %d",
                         n, t.n_columns, METRICS_ASKED_MAX);
}

/* ---- opening and closing ----------------------------------------------- */

static void plan(struct update_meter *t, struct arena *arena,
                 const struct metric_choice *choice)
{
    list_columns(t, choice);
    if (!t->n_columns)
        return;
    t->columns = arena_bytes(arena, (size_t)t->n_columns * sizeof *t->columns);
    t->windows = arena_bytes(arena, (size_t)t->n_windows * sizeof *t->windows);
    t->rows = arena_bytes(arena, (size_t)t->table->count * sizeof *t->rows);
    t->parts = arena_bytes(arena, (size_t)t->n_parts * sizeof *t->parts);
}

size_t update_meter_bytes(const struct param_table *table,
                          const struct metric_choice *choice)
{
    struct update_meter t = meter_of(table);
    struct arena measure = { 0 };
    plan(&t, &measure, choice);
    return measure.used_bytes;
}

int update_meter_open(struct update_meter *t, const struct param_table *table,
                      const struct optim_options *o,
                      const struct metric_choice *choice, struct err *e)
{
    struct arena measure = { 0 };
    *t = meter_of(table);
    t->options = o;
    plan(t, &measure, choice);
    if (arena_open(&t->arena, measure.used_bytes, e))
        return e->code;
    plan(t, &t->arena, choice);
    list_columns(t, choice);
    return OK;
}

void update_meter_release(struct update_meter *t)
{
    arena_release(&t->arena);
    *t = (struct update_meter){ 0 };
}

bool update_meter_is_due(const struct update_meter *t, bool is_logged)
{
    return t->n_windows > 0 || (is_logged && t->n_columns > 0);
}

static void add(struct update_sums *to, const struct update_sums *row)
{
    to->gradient += row->gradient;
    to->change += row->change;
    to->weights += row->weights;
}

static void add_rows(struct update_meter *t)
{
    memset(t->parts, 0, (size_t)t->n_parts * sizeof *t->parts);
    for (idx i = 0; i < t->table->count; i++) {
        const struct param *p = &t->table->rows[i];
        idx layer = param_layer(p);
        add(&t->parts[PART_ALL], &t->rows[i]);
        add(&t->parts[PART_GROUP + (idx)param_group(p)], &t->rows[i]);
        if (layer >= 0)
            add(&t->parts[PART_LAYER + layer], &t->rows[i]);
    }
}

static void set(struct update_column *c, bool is_given, double value)
{
    c->is_given = is_given;
    c->value = value;
}

void update_meter_see(struct update_meter *t, double lr)
{
    add_rows(t);
    for (idx i = 0; i < t->n_columns; i++) {
        struct update_column *c = &t->columns[i];
        double x = c->is.metric->of_sums
                       ? c->is.metric->of_sums(&t->parts[c->is.part])
                       : lr * t->options->lr_group[c->is.part - PART_GROUP];
        if (!c->window) {
            set(c, true, x);
            continue;
        }
        set(c, c->window->n >= WINDOW_LEAST, window_z(c->window, x));
        window_add(c->window, x);
    }
}
