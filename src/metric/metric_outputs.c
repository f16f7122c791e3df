/* metric_outputs.c - how many directions a head writes, and which algorithm its
 * sink serves: nop, whose value is next to nothing, or broadcast, which hands
 * the sink's value to all queries, so that they get nearly the same. */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/secondary.h"
#include "metric/singular.h"

#define TWO_ALGORITHMS "arXiv 2606.08105"
#define CIRCUITS "arXiv 2606.02378"
#define OF_HEADS                                                               \
    .unit = "1", .group = GROUP_CIRCUITS, .axes = { OVER_LAYER, OVER_HEAD },   \
    .room = room
#define OF_SINKS                                                               \
    OF_HEADS,                                                                  \
        .is_share = true, .has_eps = true, .least_rows = 2,                    \
        .reads = TAP_BIT(TAP_WEIGHTS) | TAP_BIT(TAP_V) | TAP_BIT(TAP_HEAD)

static const double NOTHING = 0.2; /* of the mean norm of other values */
static const double LOW_RANK = 2;  /* stable rank below which outputs are
                                      nearly one direction; ours */

static idx room(const struct metric_shape *s)
{
    return singular_room(s->T, s->E);
}

static idx squares(double **value, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    return singular_squares(value, v->room, h->out, v->rows, h->E, h->ld_out);
}

static double sum_of(const double *value, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += value[i];
    return sum;
}

/* All squares over the largest; 0 of a head that gives nothing. */
static double stable_rank(const struct metric_head *v)
{
    double *value, most = 0;
    idx n = squares(&value, v);
    double sum = sum_of(value, n);
    for (idx i = 0; i < n; i++)
        most = isnan(most) || most > value[i] ? most : value[i];
    return sum == 0 ? 0 : sum / most;
}

/* A head that gives nothing writes no direction. */
static void head_stable_rank(struct ratio *r, const struct metric_head *v)
{
    double rank = stable_rank(v);
    if (rank != 0)
        *r = plain(rank);
}

static void head_participation(struct ratio *r, const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    if (sum_of(value, n) != 0)
        *r = plain(singular_rank(value, n));
}

static void head_rank(struct ratio *r, const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    for (idx i = 0; i < n; i++)
        value[i] = sqrt(value[i]);
    if (sum_of(value, n) != 0)
        *r = plain(singular_rank(value, n));
}

/* Is the first value next to nothing, or nothing? */
static double is_drained(const struct metric_head *v)
{
    const struct head_view *h = v->head;
    double first = token_norm(h->v, h->E), rest = 0;
    for (idx t = 1; t < v->rows; t++)
        rest += token_norm(h->v + t * h->ld_qkv, h->E) / (double)(v->rows - 1);
    bool is_small = first < NOTHING * rest || first == 0;
    return isnan(first + rest) ? NAN : is_small;
}

static bool gives_nan(const struct metric_head *v)
{
    const struct head_view *h = v->head;
    for (idx t = 0; t < v->rows; t++)
        if (isnan(token_norm(h->out + t * h->ld_out, h->E)))
            return true;
    return false;
}

/* A sink of one of the two kinds; NaN in weights, values or outputs stays.
 * Ranks take time, and are asked for last. */
static struct ratio sink_kind(const struct metric_head *v, bool wants_nop)
{
    double mass = importance(v, 1, proxy_weight), drained = is_drained(v);
    if (isnan(mass) || isnan(drained) || gives_nan(v))
        return plain(NAN);
    if (!(mass > v->eps) || wants_nop != (drained == 1))
        return plain(0);
    return plain(wants_nop || stable_rank(v) < LOW_RANK);
}

static void nop_heads(struct ratio *r, const struct metric_head *v)
{
    *r = sink_kind(v, true);
}

static void broadcast_heads(struct ratio *r, const struct metric_head *v)
{
    *r = sink_kind(v, false);
}

const struct metric metrics_outputs[] = {
    { .text = { .name = "head_participation",
                .formula =
                    "exp of the entropy of the squares of the singular values "
                    "of what a head gives (T,E), made to sum to one",
                .source = CIRCUITS ", which calls it participation ratio" },
      .title = "participation ratio of heads",
      OF_HEADS,
      .reads = TAP_BIT(TAP_HEAD),
      .of_head = head_participation },
    { .text = { .name = "head_rank",
                .formula = "the same of the singular values themselves: the "
                           "effective rank",
                .source = "Roy and Vetterli, 2007" },
      .title = "effective rank of heads",
      OF_HEADS,
      .reads = TAP_BIT(TAP_HEAD),
      .of_head = head_rank },
    { .text = { .name = "head_stable_rank",
                .formula =
                    "sum of the squares of these singular values over the "
                    "largest: 1 if all queries get one direction",
                .source = TWO_ALGORITHMS },
      .title = "stable rank of heads",
      OF_HEADS,
      .reads = TAP_BIT(TAP_HEAD),
      .of_head = head_stable_rank },
    { .text = { .name = "nop_heads",
                .formula =
                    "share of sequences in which the first token is a head's "
                    "sink (importance above eps) and its value has less than "
                    "0.2 of the mean norm of the others: nothing is done",
                .source = TWO_ALGORITHMS },
      .title = "heads whose sink is a nop",
      OF_SINKS,
      .of_head = nop_heads },
    { .text = { .name = "broadcast_heads",
                .formula =
                    "the same with a value of 0.2 at least and a stable rank "
                    "of what the head gives below 2: the sink's value goes to "
                    "all",
                .source = TWO_ALGORITHMS },
      .title = "heads whose sink broadcasts",
      OF_SINKS,
      .of_head = broadcast_heads },
    { .text = { .name = NULL } },
};
