#include "metric/meter.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "nn/attention/attention_facts.h"

enum { PASS_TOKENS = 2048 }; /* of a forward pass, about */

static idx count_columns(const struct sink_options *o)
{
    idx n = 0;
    for (idx i = 0; i < n_metric_table; i++)
        n += metric_table[i].is_per_position ? o->positions : 1;
    return n;
}

/* Has any layer an extra column to measure? One that can change nothing is
 * none. */
static bool has_extra_column(const struct model *m)
{
    for (idx l = 0; l < m->L; l++) {
        const struct attention_options *a = &m->blocks[l].attention;
        if (model_shows_extra(m, l) && (attention_column_acts(a) || m->R > 0 ||
                                        attention_has_remainder(a)))
            return true;
    }
    return false;
}

static void name_columns(struct meter *t, const struct sink_options *o)
{
    struct meter_column *c = t->columns;
    bool has_extra = has_extra_column(t->m);
    for (idx i = 0; i < n_metric_table; i++) {
        const struct metric *m = &metric_table[i];
        idx copies = m->is_per_position ? o->positions : 1;
        for (idx k = 1; k <= copies; k++, c++) {
            c->metric = m;
            c->k = k;
            c->is_given = (has_extra || !m->needs_extra) && k <= t->T &&
                          (t->T > 1 || !m->needs_rest);
            c->n = m->axes == METRIC_HEAD ? t->m->L * t->m->views : t->m->L + 1;
            if (m->is_per_position)
                snprintf(c->name, sizeof c->name, "%s%td", m->text.name, k);
            else
                snprintf(c->name, sizeof c->name, "%s", m->text.name);
        }
    }
}

static void plan(struct meter *t, struct arena *arena, idx n_columns,
                 const struct batch_rules *rules, int threads)
{
    t->columns = arena_bytes(arena, (size_t)n_columns * sizeof *t->columns);
    batch_plan(&t->batch, arena, t->n_sequences, t->T, rules);
    t->ratios =
        arena_bytes(arena, (size_t)(n_columns * t->n_sequences * t->ratio_n) *
                               sizeof *t->ratios);
    t->row_mass = arena_doubles(arena, threads * t->T);
    for (idx i = 0; i < n_columns; i++) {
        double *value = arena_doubles(arena, t->ratio_n);
        if (t->columns)
            t->columns[i].value = value;
    }
}

void meter_shape(idx *B, idx *T, const struct model_options *m,
                 const struct sink_options *o, idx n_sequences)
{
    *T = idx_min(o->tokens, m->context);
    *B = idx_min(n_sequences, idx_max(1, PASS_TOKENS / *T));
}

static struct meter meter_of(const struct model *m,
                             const struct sink_options *o, idx n_sequences)
{
    struct meter t = {
        .m = m,
        .eps = o->eps,
        .n_sequences = n_sequences,
        .n_columns = count_columns(o),
        .ratio_n = idx_max(m->L * m->views, m->L + 1),
    };
    meter_shape(&t.B, &t.T, &m->spec.model, o, n_sequences);
    return t;
}

size_t meter_bytes(const struct model *m, const struct sink_options *o,
                   idx n_sequences, const struct batch_rules *rules,
                   int threads)
{
    struct meter t = meter_of(m, o, n_sequences);
    struct arena measure = { 0 };
    plan(&t, &measure, t.n_columns, rules, threads);
    return measure.used_bytes;
}

int meter_open(struct meter *t, struct engine *engine,
               const struct sink_options *o, idx n_sequences,
               const struct batch_rules *rules, struct err *e)
{
    int threads = engine->request.threads;
    *t = meter_of(engine->m, o, n_sequences);
    t->engine = engine;
    BUG_ON(t->T != engine->request.seen_T || t->B > engine->request.seen_B);
    struct arena measure = { 0 };
    plan(t, &measure, t->n_columns, rules, threads);
    if (arena_open(&t->arena, measure.used_bytes, e))
        return e->code;
    plan(t, &t->arena, t->n_columns, rules, threads);
    name_columns(t, o);
    return OK;
}

void meter_release(struct meter *t)
{
    arena_release(&t->arena);
    *t = (struct meter){ 0 };
}

static struct ratio *ratio_at(const struct meter *t, idx column, idx sequence)
{
    return t->ratios + (column * t->n_sequences + sequence) * t->ratio_n;
}

/* Is there in a sequence of so many tokens what the metric is about? */
static bool is_measured(const struct meter_column *c, idx rows)
{
    return c->is_given && c->k <= rows && (rows > 1 || !c->metric->needs_rest);
}

static void see_head(void *context, const struct head_view *h)
{
    struct meter *t = context;
    idx rows = batch_used(&t->batch, t->first + h->sequence);
    double *mass = t->row_mass + h->worker * t->T;
    idx row_n = h->n_extra + h->T;
    for (idx row = 0; row < h->T; row++) {
        mass[row] = 0;
        for (idx j = 0; j < row_n; j++)
            mass[row] += fabs((double)h->weights[row * row_n + j]);
        if (h->extra_mass)
            mass[row] += (double)h->extra_mass[row] -
                         fabs((double)h->weights[row * row_n]);
    }
    struct weight_view v = { .head = h,
                             .rows = rows,
                             .eps = t->eps,
                             .sums_to_one = attention_sums_to_one(
                                 &t->m->blocks[h->layer].attention),
                             .row_mass = mass };
    for (idx i = 0; i < t->n_columns; i++) {
        const struct meter_column *c = &t->columns[i];
        if (c->metric->axes != METRIC_HEAD || !c->is_given)
            continue;
        v.k = c->k;
        struct ratio *r = ratio_at(t, i, t->first + h->sequence);
        bool is_absent = c->metric->needs_extra && !h->n_extra;
        r[h->layer * t->m->views + h->head] =
            !is_measured(c, rows) ? (struct ratio){ 0, 0 }
            : is_absent           ? (struct ratio){ 0, 1 }
                                  : c->metric->of_head(&v);
    }
}

/* Hidden states of the B sequences of the pass that just ended. */
static void see_depths(struct meter *t, idx B)
{
    idx L = t->m->L, C = t->m->C;
    for (idx i = 0; i < t->n_columns; i++) {
        const struct metric *m = t->columns[i].metric;
        if (m->axes != METRIC_DEPTH || !t->columns[i].is_given)
            continue;
        for (idx b = 0; b < B; b++) {
            idx rows = batch_used(&t->batch, t->first + b);
            for (idx depth = 0; depth <= L; depth++) {
                struct hidden_view v = {
                    .x = engine_hidden(t->engine, depth, b),
                    .rows = rows,
                    .C = C,
                };
                ratio_at(t, i, t->first + b)[depth] =
                    is_measured(&t->columns[i], rows) ? m->of_depth(&v)
                                                      : (struct ratio){ 0, 0 };
            }
        }
    }
}

/* The larger; NaN if one is, where fmax would drop it. */
static double max_or_nan(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

/* Means over sequences, then the ratio; then the scalar over the model. A NaN
 * anywhere is one in the scalar. */
static void reduce(struct meter *t, idx column)
{
    struct meter_column *c = &t->columns[column];
    double sum = 0, max = -INFINITY;
    for (idx j = 0; j < c->n; j++) {
        struct ratio r = { 0, 0 };
        for (idx s = 0; s < t->n_sequences; s++) {
            r.top += ratio_at(t, column, s)[j].top;
            r.bottom += ratio_at(t, column, s)[j].bottom;
        }
        c->value[j] = c->is_given ? r.top / r.bottom : NAN;
        sum += c->value[j];
        max = max_or_nan(max, c->value[j]);
    }
    c->scalar = c->metric->reduce == REDUCE_MAX ? max : sum / (double)c->n;
    if (!c->is_given)
        c->scalar = NAN;
}

/* What no sequence has enough tokens for is not there. */
static void drop_columns(struct meter *t)
{
    idx most = 0;
    for (idx s = 0; s < t->n_sequences; s++)
        most = idx_max(most, batch_used(&t->batch, s));
    for (idx i = 0; i < t->n_columns; i++)
        t->columns[i].is_given = is_measured(&t->columns[i], most);
}

void meter_run(struct meter *t)
{
    struct observer observer = { .reads = METER_READS,
                                 .see_head = see_head,
                                 .context = t };
    drop_columns(t);
    for (t->first = 0; t->first < t->n_sequences; t->first += t->B) {
        idx B = idx_min(t->B, t->n_sequences - t->first);
        struct batch part = batch_part(&t->batch, t->first, B);
        engine_observe(t->engine, &part, &observer);
        see_depths(t, B);
    }
    for (idx i = 0; i < t->n_columns; i++)
        reduce(t, i);
}

double meter_progress(const struct meter *t)
{
    for (idx i = 0; i < t->n_columns; i++)
        if (t->columns[i].metric->is_progress && t->columns[i].k == 1)
            return t->columns[i].scalar;
    return NAN;
}

const struct meter_column *meter_find(const struct meter *t, const char *name)
{
    for (idx i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return &t->columns[i];
    return NULL;
}
