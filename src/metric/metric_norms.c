/* metric_norms.c - sizes of hidden states, keys and values. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/token.h"

#define STUDY "arXiv 2410.10781"
#define MASSIVE "arXiv 2402.17762"

/* Of value_ratio: at most, the sink's value is as good as none. */
static const double DRAINED = 0.5;

static void key_ratio(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    *r = tokens_first_over_rest(h->k, v->rows, h->D, h->ld_qkv);
}

static void value_ratio(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    *r = tokens_first_over_rest(h->v, v->rows, h->E, h->ld_qkv);
}

static void hidden_ratio(struct ratio *r, const struct metric_rows *v)
{
    *r = tokens_first_over_rest(v->x, v->rows, v->n, v->n);
}

static void hidden_max(struct ratio *r, const struct metric_rows *v)
{
    *r = plain(token_largest(v->x, v->rows * v->n));
}

static void hidden_norm(struct ratio *r, const struct metric_rows *v)
{
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(token_norm(v->x + t * v->n, v->n));
}

static void key_norm(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(token_norm(h->k + t * h->ld_qkv, h->D));
}

static void value_norm(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(token_norm(h->v + t * h->ld_qkv, h->E));
}

static void are_drained(double *value, const struct metric_shape *s)
{
    for (idx i = 0; i < s->L * s->H; i++)
        value[i] = isnan(value[i]) ? value[i] : value[i] <= DRAINED;
}

const struct metric metrics_norms[] = {
    { .text = { .name = "hidden_ratio",
                .formula =
                    "norm of the first token's hidden state over the mean norm "
                    "of the others'; the scalar is the largest over depths",
                .source = STUDY },
      .title = "hidden norm, first over others",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_RESIDUAL),
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .is_default = true,
      .least_rows = 2,
      .of_rows = hidden_ratio },
    { .text = { .name = "hidden_max",
                .formula =
                    "largest entry of the hidden states in absolute value, a "
                    "mean over sequences; the scalar is the largest over "
                    "depths",
                .source = MASSIVE },
      .title = "largest activation",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_RESIDUAL),
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .is_default = true,
      .of_rows = hidden_max },
    { .text = { .name = "key_ratio",
                .formula =
                    "norm of the first key over the mean norm of the others",
                .source = STUDY },
      .title = "key norm, first over others",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_K),
      .axes = { OVER_LAYER, OVER_HEAD },
      .is_default = true,
      .least_rows = 2,
      .of_head = key_ratio },
    { .text = { .name = "value_ratio",
                .formula = "norm of the first value over the mean norm of the "
                           "others",
                .source = STUDY },
      .title = "value norm, first over others",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_V),
      .axes = { OVER_LAYER, OVER_HEAD },
      .is_default = true,
      .least_rows = 2,
      .is_printed = true,
      .of_head = value_ratio },
    { .text = { .name = "value_ratio_min",
                .formula = "the same as value_ratio; the scalar is the "
                           "smallest of a head",
                .source = STUDY },
      .title = "value norm, first over others",
      .of_all = ", smallest head",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_V),
      .axes = { OVER_LAYER, OVER_HEAD },
      .reduce = REDUCE_MIN,
      .least_rows = 2,
      .is_transition = true,
      .of_head = value_ratio },
    { .text = { .name = "drained_heads",
                .formula = "1 of a head whose value_ratio is at most 0.5, else "
                           "0: the scalar is the share of such heads" },
      .title = "heads with a drained first value",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_V),
      .axes = { OVER_LAYER, OVER_HEAD },
      .least_rows = 2,
      .is_share = true,
      .finish = are_drained,
      .of_head = value_ratio },
    { .text = { .name = "hidden_norm",
                .formula = "norm of a token's hidden state" },
      .title = "hidden norm",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_RESIDUAL),
      .axes = { OVER_DEPTH, OVER_POSITION },
      .of_rows = hidden_norm },
    { .text = { .name = "key_norm", .formula = "norm of a token's key" },
      .title = "key norm",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_K),
      .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
      .of_head = key_norm },
    { .text = { .name = "value_norm", .formula = "norm of a token's value" },
      .title = "value norm",
      .unit = "1",
      .group = GROUP_COMPANIONS,
      .reads = TAP_BIT(TAP_V),
      .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
      .of_head = value_norm },
    { .text = { .name = NULL } },
};
