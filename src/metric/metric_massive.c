/* metric_massive.c - massive activations of hidden states: how many, how large
 * against the rest, in which numbers, at which tokens, behind which block. */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/quantile.h"
#include "metric/token.h"

#define MASSIVE "arXiv 2402.17762"
#define OF_DEPTHS                                                              \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL)

/* The rule of the source, which small models do not reach. */
static const double LARGE = 100, TIMES_MEDIAN = 1000;

static idx room(const struct metric_shape *s)
{
    return s->T * s->C;
}

static double size_at(const struct metric_rows *v, idx i)
{
    return fabs((double)v->x[i]);
}

static double largest(const struct metric_rows *v)
{
    return token_largest(v->x, v->rows * v->n);
}

static double median_size(const struct metric_rows *v)
{
    for (idx i = 0; i < v->rows * v->n; i++)
        v->room[i] = size_at(v, i);
    return median_of(v->room, v->rows * v->n);
}

static void massive_count(struct ratio *r, const struct metric_rows *v)
{
    double median = median_size(v), n = 0;
    for (idx i = 0; i < v->rows * v->n; i++) {
        double size = size_at(v, i);
        n += size > LARGE && size >= TIMES_MEDIAN * median;
    }
    *r = plain(isnan(median) ? median : n);
}

static void max_over_median(struct ratio *r, const struct metric_rows *v)
{
    *r = (struct ratio){ largest(v), median_size(v), false };
}

static void max_over_rms(struct ratio *r, const struct metric_rows *v)
{
    double all = token_norm(v->x, v->rows * v->n);
    *r = (struct ratio){ largest(v), all / sqrt((double)(v->rows * v->n)),
                         false };
}

static void hidden_peak(struct ratio *r, const struct metric_rows *v)
{
    for (idx t = 1; t < v->rows; t++)
        v->room[t - 1] = token_norm(v->x + t * v->n, v->n);
    *r = (struct ratio){ token_norm(v->x, v->n),
                         median_of(v->room, v->rows - 1), false };
}

static void dimension_max(struct ratio *r, const struct metric_rows *v)
{
    for (idx d = 0; d < v->n; d++)
        r[d] = plain(0);
    for (idx i = 0; i < v->rows * v->n; i++) {
        double *max = &r[i % v->n].top, size = size_at(v, i);
        if (size > *max || isnan(size))
            *max = size;
    }
}

/* Which entry is the largest; the first of several; -1: one is NaN. */
static idx largest_at(const struct metric_rows *v)
{
    idx at = 0;
    for (idx i = 0; i < v->rows * v->n; i++) {
        if (isnan(v->x[i]))
            return -1;
        if (size_at(v, i) > size_at(v, at))
            at = i;
    }
    return at;
}

static void massive_dimension(struct ratio *r, const struct metric_rows *v)
{
    idx at = largest_at(v);
    for (idx d = 0; d < v->n; d++)
        r[d] = plain(at < 0 ? NAN : at % v->n == d);
}

static void massive_position(struct ratio *r, const struct metric_rows *v)
{
    idx at = largest_at(v);
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(at < 0 ? NAN : at / v->n == t);
}

static void max_rise(struct ratio *r, const struct metric_sequence *v)
{
    double before = 0;
    for (idx depth = 0; depth <= v->L; depth++) {
        double max = token_largest(v->x[depth], v->rows * v->C);
        if (depth > 0)
            r[depth - 1] = plain(max - before);
        before = max;
    }
}

const struct metric metrics_massive[] = {
    { .text = { .name = "massive_count",
                .formula = "entries of the hidden states of a sequence that "
                           "exceed 100 in size, and a thousand times the "
                           "median; the scalar is the largest over depths",
                .source = MASSIVE },
      .title = "massive activations",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .room = room,
      .of_rows = massive_count },
    { .text = { .name = "max_over_median",
                .formula =
                    "largest entry of the hidden states over the median, in "
                    "size; the scalar is the largest over depths",
                .source = MASSIVE },
      .title = "largest activation over the median",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .room = room,
      .of_rows = max_over_median },
    { .text = { .name = "max_over_rms",
                .formula =
                    "largest entry of the hidden states in size over the root "
                    "of their mean square; the scalar is the largest over "
                    "depths" },
      .title = "largest activation over the rms",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .of_rows = max_over_rms },
    { .text = { .name = "hidden_peak",
                .formula =
                    "norm of the first token's hidden state over the median "
                    "norm of the others'; the scalar is the largest over "
                    "depths" },
      .title = "hidden norm, first over the median",
      OF_DEPTHS,
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_MAX,
      .least_rows = 2,
      .room = room,
      .is_transition = true,
      .of_rows = hidden_peak },
    { .text = { .name = "dimension_max",
                .formula =
                    "largest size of each number of the hidden states over "
                    "tokens, a mean over sequences; the scalar is the largest "
                    "of all",
                .source = MASSIVE },
      .title = "largest activation by dimension",
      OF_DEPTHS,
      .axes = { OVER_DEPTH, OVER_DIMENSION },
      .reduce = REDUCE_MAX,
      .of_rows = dimension_max },
    { .text = { .name = "massive_dimension",
                .formula =
                    "share of sequences in which a number of the hidden states "
                    "holds their largest entry; the scalar is the largest "
                    "share" },
      .title = "dimension of the largest activation",
      OF_DEPTHS,
      .axes = { OVER_DEPTH, OVER_DIMENSION },
      .reduce = REDUCE_MAX,
      .is_share = true,
      .of_rows = massive_dimension },
    { .text = { .name = "massive_position",
                .formula =
                    "share of sequences in which a token is the first with the "
                    "largest entry of the hidden states; the scalar is the "
                    "largest share" },
      .title = "token of the largest activation",
      OF_DEPTHS,
      .axes = { OVER_DEPTH, OVER_POSITION },
      .reduce = REDUCE_MAX,
      .is_share = true,
      .of_rows = massive_position },
    { .text = { .name = "max_rise",
                .formula =
                    "largest entry of the hidden states in size behind a block "
                    "less that in front of it; the scalar is the largest over "
                    "layers: of the block that steps up" },
      .title = "rise of the largest activation in a block",
      OF_DEPTHS,
      .axes = { OVER_LAYER },
      .reduce = REDUCE_MAX,
      .of_sequence = max_rise },
    { .text = { .name = NULL } },
};
