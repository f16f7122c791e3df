#include "head_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gradcheck.h"
#include "harness.h"

static real *normal(idx n, double std, uint64_t seed)
{
    real *x = malloc((size_t)(n + 1) * sizeof *x);
    assert_non_null(x);
    fill_normal(x, n, std, seed);
    return x;
}

static real *filled(idx n, real value)
{
    real *x = malloc((size_t)(n + 1) * sizeof *x);
    assert_non_null(x);
    for (idx i = 0; i < n; i++)
        x[i] = value;
    return x;
}

void head_case_open(struct head_case *c, const char *settings, idx T, idx D,
                    double std)
{
    const struct product_way float32 = { 0 };
    head_case_open_way(c, settings, T, D, std, float32);
}

void head_case_open_way(struct head_case *c, const char *settings, idx T, idx D,
                        double std, struct product_way way)
{
    struct model_options m = { .heads = HEAD_HEADS };
    *c = (struct head_case){ .part = D + HEAD_GAP, .ld = 3 * (D + HEAD_GAP) };
    weight_case_open(&c->weights, settings);
    m.context = T - c->weights.options.registers;
    c->at = attention_of(
        &(struct model_spec){ .model = m, .attention = c->weights.options }, T,
        D);
    assert_int_equal(c->at.E, D);
    c->at.way = way;
    c->row_n = c->at.n_extra + T;
    c->qkv = normal(T * c->ld, std, 1);
    c->column = normal(2 * D + 1, std, 2);
    c->query = normal(T * HEAD_QUERY_LD, 1, 3);
    c->do_ = normal(T * c->part, 1, 4);
    c->o = filled(T * c->part, (real)NAN);
    c->scratch = filled(attention_scratch(&c->at), (real)NAN);
    c->dqkv = filled(T * c->ld, 0);
    c->dcolumn = filled(2 * D + 1, 0);
    c->dquery = filled(T * HEAD_QUERY_LD, 0);
    c->documents = malloc((size_t)T * sizeof *c->documents);
    assert_non_null(c->documents);
    real shift[MAP_LEARNED_MAX]; /* off what is special where numbers start */
    fill_normal(shift, MAP_LEARNED_MAX, 0.2, 5);
    for (idx i = 0; i < c->weights.n_learned; i++)
        c->weights.numbers[i] += shift[i];
    idx R = c->at.options.registers;
    for (idx t = 0; t < T; t++)
        c->documents[t] =
            (int32_t)(t < R ? t : R + (t - R) / HEAD_DOCUMENT * HEAD_DOCUMENT);
}

void head_case_close(struct head_case *c)
{
    free(c->qkv), free(c->column), free(c->query), free(c->do_);
    free(c->dqkv), free(c->dcolumn), free(c->dquery);
    free(c->o), free(c->map), free(c->scratch), free(c->documents);
}

/* Which of the column's three parts there are, and which of them learn. */
static bool has_key(const struct attention_options *o)
{
    return o->bias == BIAS_KEY || o->bias == BIAS_KEY_VALUE;
}

static bool learns_value(const struct attention_options *o)
{
    return o->bias == BIAS_VALUE || o->bias == BIAS_KEY_VALUE;
}

static bool has_value(const struct attention_options *o)
{
    return learns_value(o) ||
           (o->bias == BIAS_KEY && o->bias_value != BIAS_VALUE_ZERO);
}

struct head head_case_head(const struct head_case *c)
{
    const struct attention_options *o = &c->weights.options;
    idx D = c->at.D;
    struct head head = { .number = c->number,
                         .q = c->qkv,
                         .k = c->qkv + c->part,
                         .v = c->qkv + 2 * c->part,
                         .ld_qkv = c->ld,
                         .ld_o = c->part };
    if (attention_has_documents(o))
        head.documents = c->documents;
    if (has_key(o))
        head.column_key = c->column;
    if (has_value(o))
        head.column_value = c->column + D;
    if (o->bias == BIAS_LOGIT)
        head.column_score = c->column + 2 * D;
    if (c->weights.n_learned)
        head.learned = c->weights.numbers;
    if (c->weights.map->query_number.name) {
        head.query_numbers = c->query;
        head.ld_query = HEAD_QUERY_LD;
    }
    return head;
}

struct head_grads head_case_grads(struct head_case *c)
{
    const struct attention_options *o = &c->weights.options;
    idx D = c->at.D;
    struct head_grads grads = { .dq = c->dqkv,
                                .dk = c->dqkv + c->part,
                                .dv = c->dqkv + 2 * c->part,
                                .learned = c->weights.dnumbers,
                                .share = (real)0.125 };
    if (has_key(o))
        grads.column_key = c->dcolumn;
    if (learns_value(o))
        grads.column_value = c->dcolumn + D;
    if (o->bias == BIAS_LOGIT)
        grads.column_score = c->dcolumn + 2 * D;
    if (c->weights.map->query_number.name)
        grads.query_numbers = c->dquery;
    return grads;
}

void head_case_forward(struct head_case *c)
{
    struct head head = head_case_head(c);
    if (!c->map)
        c->map = filled(c->at.T * c->row_n, (real)NAN);
    attention_forward(&c->at, c->o, &head, c->map, c->scratch);
}

void head_case_backward(struct head_case *c)
{
    struct head head = head_case_head(c);
    struct head_grads grads = head_case_grads(c);
    attention_backward(&c->at, &grads, c->do_, &head, c->scratch);
}

double head_case_value(void *head_case)
{
    struct head_case *c = head_case;
    struct head head = head_case_head(c);
    attention_forward(&c->at, c->o, &head, NULL, c->scratch);
    double sum = 0;
    for (idx t = 0; t < c->at.T; t++)
        for (idx i = 0; i < c->at.E; i++)
            sum +=
                (double)c->o[t * c->part + i] * (double)c->do_[t * c->part + i];
    return sum;
}

void head_case_check(struct head_case *c, double bound)
{
    const double floor = 1e-2;
    idx T = c->at.T, D = c->at.D;
    struct weight_case *w = &c->weights;
    char what[240];
    snprintf(what, sizeof what, "%s, T %td, D %td", w->text, T, D);
    head_case_backward(c);
    check_gradient(what, head_case_value, c, c->qkv, c->dqkv, T * c->ld, bound,
                   floor);
    /* What a column does not have does not move the value, either. */
    check_gradient(what, head_case_value, c, c->column, c->dcolumn, D, bound,
                   floor);
    if (!has_value(&w->options) || learns_value(&w->options))
        check_gradient(what, head_case_value, c, c->column + D, c->dcolumn + D,
                       D, bound, floor);
    check_gradient(what, head_case_value, c, c->column + 2 * D,
                   c->dcolumn + 2 * D, 1, bound, floor);
    if (w->map->query_number.name)
        check_gradient(what, head_case_value, c, c->query, c->dquery,
                       T * HEAD_QUERY_LD, bound, floor);
    for (idx i = 0; i < w->n_learned; i++)
        if (!w->learned[i].is_state)
            check_gradient(what, head_case_value, c, &w->numbers[i],
                           &w->dnumbers[i], 1, bound, floor);
}
