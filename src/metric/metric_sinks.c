/* metric_sinks.c - the study's measures of the first keys and the extra column:
 * arXiv 2410.10781. */
#include "metric/head_weights.h"
#include "metric/metric_table.h"

#define STUDY "arXiv 2410.10781"
#define OF_WEIGHTS                                                             \
    .group = GROUP_SINKS, .axes = { OVER_LAYER, OVER_HEAD },                   \
    .reads = TAP_BIT(TAP_WEIGHTS), .unit = "1", .is_default = true,            \
    .is_printed = true

/* Importance of the extra column: the study counts an artificial first row
 * whose whole weight lies there, so the divisor is rows + 1. */
static double column_importance(const struct metric_head *v)
{
    double sum = 1;
    for (idx row = 0; row < v->rows; row++)
        sum += proxy_weight(v, row, 0);
    return sum / (double)(v->rows + 1);
}

static void sink(struct ratio *r, const struct metric_head *v)
{
    BUG_ON(v->k > v->rows);
    *r = exceeds(importance(v, v->k, proxy_weight), v->eps);
}

static void sink_bias(struct ratio *r, const struct metric_head *v)
{
    *r = exceeds(column_importance(v), v->eps);
}

static void sink_1_raw(struct ratio *r, const struct metric_head *v)
{
    *r = exceeds(importance(v, 1, raw_weight), v->eps);
}

static void first_mass(struct ratio *r, const struct metric_head *v)
{
    *r = plain(importance(v, 1, proxy_weight));
}

static void first_mass_raw(struct ratio *r, const struct metric_head *v)
{
    *r = plain(importance(v, 1, raw_weight));
}

/* Over the real rows only, so that it compares with first_mass. */
static void bias_mass(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        sum += proxy_weight(v, row, 0);
    *r = plain(sum / (double)v->rows);
}

static void row_sum(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx j = 0; j < h->n_extra + h->T; j++)
            sum += raw_weight(v, row, j);
    *r = plain(sum / (double)v->rows);
}

const struct metric metrics_sinks[] = {
    { .text = { .name = "sink_",
                .formula =
                    "share of sequences (of a model: of heads and sequences) "
                    "in which token k (sink_1: the first; k up to "
                    "sink.positions) gets over eps (sink.eps, usually 0.3) "
                    "of the weight, its proxy weights' mean over rows k .. T",
                .source = STUDY },
      .title = "sinks on token",
      OF_WEIGHTS,
      .is_per_position = true,
      .has_eps = true,
      .is_share = true,
      .is_progress = true,
      .of_head = sink },
    { .text = { .name = "sink_bias",
                .formula = "the same for the extra column, with the study's "
                           "artificial first row (divisor T + 1)",
                .source = STUDY },
      .title = "sinks on the extra column",
      OF_WEIGHTS,
      .needs_extra = true,
      .has_eps = true,
      .is_share = true,
      .of_head = sink_bias },
    { .text = { .name = "sink_1_raw",
                .formula = "sink_1 on the weights as they are, not made to sum "
                           "to one",
                .source = STUDY },
      .title = "sinks on token 1, raw weights",
      OF_WEIGHTS,
      .has_eps = true,
      .is_share = true,
      .of_head = sink_1_raw },
    { .text = { .name = "first_mass",
                .formula = "mean proxy weight on the first token",
                .source = STUDY },
      .title = "weight on the first token",
      OF_WEIGHTS,
      .is_share = true,
      .of_head = first_mass },
    { .text = { .name = "first_mass_raw",
                .formula =
                    "mean weight on the first token, not made to sum to one",
                .source = STUDY },
      .title = "raw weight on the first token",
      OF_WEIGHTS,
      .is_share = true,
      .exceeds_one = true,
      .is_drawn = true,
      .of_head = first_mass_raw },
    { .text = { .name = "bias_mass",
                .formula = "mean proxy weight on the extra column",
                .source = STUDY },
      .title = "weight on the extra column",
      OF_WEIGHTS,
      .needs_extra = true,
      .is_share = true,
      .is_drawn = true,
      .of_head = bias_mass },
    { .text = { .name = "row_sum",
                .formula =
                    "mean sum of a row of weights, the extra column included" },
      .title = "sum of a row of weights",
      OF_WEIGHTS,
      .of_head = row_sum },
    { .text = { .name = NULL } },
};
