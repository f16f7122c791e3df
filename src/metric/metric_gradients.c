/* metric_gradients.c - where gradients gather: a sink of attention is one of
 * gradients under a causal mask, for all that read it send theirs there. */
#include "metric/metric_table.h"
#include "metric/quantile.h"
#include "metric/token.h"

#define GRADIENTS "arXiv 2603.17771"

static idx room_of_rows(const struct metric_shape *s)
{
    return s->T;
}

static double fill_norms(double *norms, const real *x, idx rows, idx n, idx ld)
{
    double sum = 0;
    for (idx t = 0; t < rows; t++)
        sum += norms[t] = token_norm(x + t * ld, n);
    return sum / (double)rows;
}

/* Each norm over their mean, so that no size of a batch is in them. Nothing is
 * there where nothing of a sequence counts. */
static void by_position(struct ratio *r, double *norms, const real *x, idx rows,
                        idx n, idx ld)
{
    double mean = fill_norms(norms, x, rows, n, ld);
    for (idx t = 0; t < rows && mean != 0; t++)
        r[t] = plain(norms[t] / mean);
}

/* The first, and the median of the others, both over the mean: sequences weigh
 * alike, and a median of nearly nothing takes no mean over. Of two tokens the
 * other is the last, which has no target, and often no gradient; where half of
 * the others have none, as their targets do not count, there is no ratio. */
static void first_over_median(struct ratio *r, double *norms, const real *x,
                              idx rows, idx n, idx ld)
{
    double mean = fill_norms(norms, x, rows, n, ld), first = norms[0];
    double others = median_of(norms + 1, rows - 1);
    if (others != 0) /* NAN is told */
        *r = (struct ratio){ first / mean, others / mean, false };
}

static void grad_hidden(struct ratio *r, const struct metric_rows *v)
{
    by_position(r, v->room, v->x, v->rows, v->n, v->n);
}

static void grad_hidden_ratio(struct ratio *r, const struct metric_rows *v)
{
    first_over_median(r, v->room, v->x, v->rows, v->n, v->n);
}

static void grad_key(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    by_position(r, v->room, h->dk, v->rows, h->D, h->ld_dqkv);
}

static void grad_key_ratio(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    first_over_median(r, v->room, h->dk, v->rows, h->D, h->ld_dqkv);
}

static void grad_value(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    by_position(r, v->room, h->dv, v->rows, h->E, h->ld_dqkv);
}

static void grad_value_ratio(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    first_over_median(r, v->room, h->dv, v->rows, h->E, h->ld_dqkv);
}

#define BY_POSITION(of, what, tap, ...)                                        \
    {                                                                          \
        .text = { .name = "grad_" of,                                          \
                  .formula = "norm of the gradient of the loss by " what       \
                             " of a token, over its mean over the sequence",   \
                  .source = GRADIENTS },                                       \
        .title = "gradient of " what "s", .unit = "1",                         \
        .group = GROUP_CIRCUITS, .reads = TAP_BIT(tap), .room = room_of_rows,  \
        __VA_ARGS__                                                            \
    }
#define FIRST_OVER_MEDIAN(of, what, tap, ...)                                  \
    {                                                                          \
        .text = { .name = "grad_" of "_ratio",                                 \
                  .formula =                                                   \
                      "norm of the gradient of the loss by the first "         \
                      "token's " what " over the median of the others'",       \
                  .source = GRADIENTS },                                       \
        .title = "gradient of " what "s, first over others", .unit = "1",      \
        .group = GROUP_CIRCUITS, .reads = TAP_BIT(tap), .least_rows = 3,       \
        .room = room_of_rows, __VA_ARGS__                                      \
    }

const struct metric metrics_gradients[] = {
    BY_POSITION("hidden", "hidden state", TAP_D_RESIDUAL,
                .axes = { OVER_DEPTH, OVER_POSITION }, .of_rows = grad_hidden),
    FIRST_OVER_MEDIAN("hidden", "hidden state", TAP_D_RESIDUAL,
                      .axes = { OVER_DEPTH }, .reduce = REDUCE_MAX,
                      .of_rows = grad_hidden_ratio),
    BY_POSITION("key", "key", TAP_D_K,
                .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
                .of_head = grad_key),
    FIRST_OVER_MEDIAN("key", "key", TAP_D_K, .axes = { OVER_LAYER, OVER_HEAD },
                      .of_head = grad_key_ratio),
    BY_POSITION("value", "value", TAP_D_V,
                .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
                .of_head = grad_value),
    FIRST_OVER_MEDIAN("value", "value", TAP_D_V,
                      .axes = { OVER_LAYER, OVER_HEAD },
                      .of_head = grad_value_ratio),
    { .text = { .name = NULL } },
};
