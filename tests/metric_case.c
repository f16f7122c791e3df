#include "metric_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness.h"
#include "metric/metric_table.h"

const struct metric *metric_named(const char *name)
{
    for (idx i = 0; metric_at(i); i++)
        if (strcmp(metric_at(i)->text.name, name) == 0)
            return metric_at(i);
    fail_msg("no metric %s", name);
    return NULL;
}

void metric_case_init(struct metric_case *c, idx n_extra)
{
    *c = (struct metric_case){ .head = { .T = CASE_T, .n_extra = n_extra },
                               .view = { .rows = CASE_T,
                                         .eps = 0.3,
                                         .k = 1,
                                         .scale = 1,
                                         .sums_to_one = true } };
}

real *metric_case_weight(struct metric_case *c, idx row, idx j)
{
    idx n_extra = c->head.n_extra;
    return c->weights + row * (n_extra + CASE_T) + n_extra + j;
}

void metric_case_uniform(struct metric_case *c)
{
    for (idx row = 0; row < CASE_T; row++)
        for (idx j = -c->head.n_extra; j <= row; j++)
            *metric_case_weight(c, row, j) =
                (real)(1 / (double)(row + 1 + c->head.n_extra));
}

/* Room and ratios for whatever a metric asks for, all none at first. */
struct bench {
    struct ratio *r;
    double *room;
};

static struct bench open_bench(const struct metric *m, struct metric_shape s)
{
    idx n = metric_count(m, &s, 0);
    struct bench b = { .r = calloc((size_t)n, sizeof *b.r) };
    for (idx i = 0; i < n; i++)
        b.r[i].is_none = true;
    b.room = calloc(m->room ? (size_t)m->room(&s) : 1, sizeof *b.room);
    return b;
}

static struct ratio take(struct bench *b, idx i)
{
    struct ratio r = b->r[i];
    free(b->r);
    free(b->room);
    return r;
}

struct ratio metric_of_head(const char *name, struct metric_case *c, idx i)
{
    const struct metric *m = metric_named(name);
    struct bench b = open_bench(m, (struct metric_shape){ 1, 1, CASE_T, 8, 8 });
    idx n = c->head.n_extra + CASE_T;
    c->head.weights = c->weights;
    for (idx row = 0; row < CASE_T; row++) {
        c->row_mass[row] = 0;
        for (idx j = 0; j < n; j++)
            c->row_mass[row] += fabs((double)c->weights[row * n + j]);
    }
    c->view.head = &c->head;
    c->view.row_mass = c->row_mass;
    c->view.separators = c->separators;
    c->view.tokens = c->tokens;
    c->view.room = b.room;
    m->of_head(b.r, &c->view);
    return take(&b, i);
}

struct ratio metric_of_rows(const char *name, const real *x, idx rows, idx n,
                            idx i)
{
    const struct metric *m = metric_named(name);
    struct bench b = open_bench(m, (struct metric_shape){ 1, 1, rows, n, n });
    struct metric_rows v = { .x = x, .rows = rows, .n = n, .room = b.room };
    m->of_rows(b.r, &v);
    return take(&b, i);
}

struct ratio metric_of_writes(const char *name, const real *const *x,
                              const real *const *ffn, idx L, idx rows, idx C,
                              idx i)
{
    const struct metric *m = metric_named(name);
    struct bench b = open_bench(m, (struct metric_shape){ L, 1, rows, C, C });
    struct metric_sequence v = { .x = x,
                                 .ffn = ffn,
                                 .rows = rows,
                                 .C = C,
                                 .L = L,
                                 .T = rows,
                                 .room = b.room };
    m->of_sequence(b.r, &v);
    return take(&b, i);
}

struct ratio metric_of_sequence(const char *name, const real *const *x, idx L,
                                idx rows, idx C, idx i)
{
    return metric_of_writes(name, x, NULL, L, rows, C, i);
}

double ratio_value(struct ratio r)
{
    assert_false(r.is_none);
    return r.top / r.bottom;
}

const struct meter_column *find_column(const struct meter *t, const char *name)
{
    for (idx i = 0; i < t->n_columns; i++)
        if (strcmp(t->columns[i].name, name) == 0)
            return &t->columns[i];
    return NULL;
}
