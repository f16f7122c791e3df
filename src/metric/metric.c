#include "metric/metric.h"

#include <math.h>

/* Guard of the study's proxy weights, |A| / (sum |A| + 1e-8). */
static const double PROXY_GUARD = 1e-8;

static double raw_weight(const struct weight_view *v, idx row, idx column)
{
    const struct head_view *h = v->head;
    return (double)h->weights[row * (h->n_extra + h->T) + column];
}

/* Weights as the study reads them: themselves if rows sum to one, else made
 * to (arXiv 2410.10781, section 7). */
static double proxy_weight(const struct weight_view *v, idx row, idx column)
{
    double a = raw_weight(v, row, column);
    if (column < v->head->n_extra && v->head->extra_mass)
        a = (double)v->head->extra_mass[row];
    return v->sums_to_one ? a : fabs(a) / (v->row_mass[row] + PROXY_GUARD);
}

/* Importance of key k (from 1): its mean weight over the rows-k+1 that see
 * it. */
static double importance(const struct weight_view *v, idx k,
                         double (*weight)(const struct weight_view *, idx, idx))
{
    const struct head_view *h = v->head;
    double sum = 0;
    for (idx row = k - 1; row < v->rows; row++)
        sum += weight(v, row, h->n_extra + k - 1);
    return sum / (double)(v->rows - k + 1);
}

/* Importance of the extra column: the study counts an artificial first row
 * whose whole weight lies there, so the divisor is rows + 1. */
static double column_importance(const struct weight_view *v)
{
    double sum = 1;
    for (idx row = 0; row < v->rows; row++)
        sum += proxy_weight(v, row, 0);
    return sum / (double)(v->rows + 1);
}

static struct ratio plain(double value)
{
    return (struct ratio){ value, 1 };
}

/* 1 if the importance exceeds eps; NaN stays NaN, it is no absent sink. */
static struct ratio exceeds(double value, double eps)
{
    return plain(isnan(value) ? value : value > eps);
}

static struct ratio sink(const struct weight_view *v)
{
    BUG_ON(v->k > v->rows);
    return exceeds(importance(v, v->k, proxy_weight), v->eps);
}

static struct ratio sink_bias(const struct weight_view *v)
{
    return exceeds(column_importance(v), v->eps);
}

static struct ratio sink_1_raw(const struct weight_view *v)
{
    return exceeds(importance(v, 1, raw_weight), v->eps);
}

static struct ratio first_mass(const struct weight_view *v)
{
    return plain(importance(v, 1, proxy_weight));
}

static struct ratio first_mass_raw(const struct weight_view *v)
{
    return plain(importance(v, 1, raw_weight));
}

/* Over the real rows only, so that it compares with first_mass. */
static struct ratio bias_mass(const struct weight_view *v)
{
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        sum += proxy_weight(v, row, 0);
    return plain(sum / (double)v->rows);
}

static struct ratio row_sum(const struct weight_view *v)
{
    const struct head_view *h = v->head;
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx j = 0; j < h->n_extra + h->T; j++)
            sum += raw_weight(v, row, j);
    return plain(sum / (double)v->rows);
}

/* Norm of the first row, over the mean norm of the others. */
static struct ratio first_over_rest(const real *x, idx ld, idx rows, idx n)
{
    struct ratio r = { 0, rows > 1 ? 0 : NAN }; /* one token has no rest */
    for (idx t = 0; t < rows; t++) {
        double square = 0;
        for (idx i = 0; i < n; i++)
            square += (double)x[t * ld + i] * (double)x[t * ld + i];
        if (t == 0)
            r.top = sqrt(square);
        else
            r.bottom += sqrt(square) / (double)(rows - 1);
    }
    return r;
}

static struct ratio key_ratio(const struct weight_view *v)
{
    const struct head_view *h = v->head;
    return first_over_rest(h->k, h->ld_qkv, v->rows, h->D);
}

static struct ratio value_ratio(const struct weight_view *v)
{
    const struct head_view *h = v->head;
    return first_over_rest(h->v, h->ld_qkv, v->rows, h->E);
}

static struct ratio hidden_ratio(const struct hidden_view *v)
{
    return first_over_rest(v->x, v->C, v->rows, v->C);
}

/* Largest entry in absolute value; NaN stays NaN. */
static struct ratio hidden_max(const struct hidden_view *v)
{
    double max = 0;
    for (idx i = 0; i < v->rows * v->C; i++) {
        double size = fabs((double)v->x[i]);
        if (size > max || isnan(size))
            max = size;
    }
    return plain(max);
}

/* The order of columns in files and tables; docs/METRICS.md tells of each. */
const struct metric metric_table[] = {
    { .text = { .name = "sink_",
                .formula =
                    "share of sequences whose importance of key k, the sum of "
                    "proxy weights over rows k .. T by T - k + 1, exceeds "
                    "eps" },
      .unit = "1",
      .is_per_position = true,
      .is_share = true,
      .is_progress = true,
      .is_printed = true,
      .of_head = sink },
    { .text = { .name = "sink_bias",
                .formula = "the same for the extra column, with the study's "
                           "artificial first row (divisor T + 1)" },
      .unit = "1",
      .needs_extra = true,
      .is_share = true,
      .is_printed = true,
      .of_head = sink_bias },
    { .text = { .name = "sink_1_raw",
                .formula = "sink_1 on the weights as they are, not made to sum "
                           "to one" },
      .unit = "1",
      .is_share = true,
      .is_printed = true,
      .of_head = sink_1_raw },
    { .text = { .name = "first_mass",
                .formula = "mean proxy weight on the first token" },
      .unit = "1",
      .is_share = true,
      .is_printed = true,
      .of_head = first_mass },
    { .text = { .name = "first_mass_raw",
                .formula =
                    "mean weight on the first token, not made to sum to one" },
      .unit = "1",
      .is_share = true,
      .exceeds_one = true,
      .is_drawn = true,
      .is_printed = true,
      .of_head = first_mass_raw },
    { .text = { .name = "bias_mass",
                .formula = "mean proxy weight on the extra column" },
      .unit = "1",
      .needs_extra = true,
      .is_share = true,
      .is_drawn = true,
      .is_printed = true,
      .of_head = bias_mass },
    { .text = { .name = "row_sum",
                .formula =
                    "mean sum of a row of weights, the extra column included" },
      .unit = "1",
      .is_printed = true,
      .of_head = row_sum },
    { .text = { .name = "hidden_ratio",
                .formula =
                    "norm of the first token's hidden state over the mean norm "
                    "of the others'; the scalar is the largest over depths" },
      .unit = "1",
      .axes = METRIC_DEPTH,
      .reduce = REDUCE_MAX,
      .needs_rest = true,
      .of_depth = hidden_ratio },
    { .text = { .name = "hidden_max",
                .formula =
                    "largest entry of the hidden states in absolute value, a "
                    "mean over sequences; the scalar is the largest over "
                    "depths" },
      .unit = "1",
      .axes = METRIC_DEPTH,
      .reduce = REDUCE_MAX,
      .of_depth = hidden_max },
    { .text = { .name = "key_ratio",
                .formula =
                    "norm of the first key over the mean norm of the others" },
      .unit = "1",
      .needs_rest = true,
      .of_head = key_ratio },
    { .text = { .name = "value_ratio",
                .formula = "norm of the first value over the mean norm of the "
                           "others" },
      .unit = "1",
      .needs_rest = true,
      .is_printed = true,
      .of_head = value_ratio },
    { .text = { .name = NULL } },
};
const idx n_metric_table = COUNT_OF(metric_table) - 1;
