/* metric_outputs.c - how many directions a head writes, and which algorithm its
 * sink serves: nop, whose value is next to nothing, or broadcast, which hands
 * the sink's value to all queries, so that they get nearly the same. */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/singular.h"
#include "metric/token.h"

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

/* Squares of the singular values of what a head gives; none of a head that
 * gives nothing: it writes no direction. */
static idx squares(double **value, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    double sum = 0;
    idx n = singular_squares(value, v->room, h->out, v->rows, h->E, h->ld_out);
    for (idx i = 0; i < n; i++)
        sum += (*value)[i];
    return sum == 0 ? 0 : n;
}

static void head_stable_rank(struct ratio *r, const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    if (n > 0)
        *r = plain(singular_stable_rank(value, n));
}

static void head_participation(struct ratio *r, const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    if (n > 0)
        *r = plain(singular_rank(value, n));
}

static void head_rank(struct ratio *r, const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    for (idx i = 0; i < n; i++)
        value[i] = sqrt(value[i]);
    if (n > 0)
        *r = plain(singular_rank(value, n));
}

/* Does the head give nearly one direction? */
static bool is_low(const struct metric_head *v)
{
    double *value;
    idx n = squares(&value, v);
    return n > 0 && singular_stable_rank(value, n) < LOW_RANK;
}

/* A sink of one of the two kinds; NaN in weights, values or outputs stays.
 * Ranks take time, and are asked for last. */
static struct ratio sink_kind(const struct metric_head *v, bool wants_nop)
{
    const struct head_view *h = v->head;
    double mass = importance(v, 1, proxy_weight);
    struct ratio value = tokens_first_over_rest(h->v, v->rows, h->E, h->ld_qkv);
    /* next to nothing, or nothing */
    bool is_nop = value.top < NOTHING * value.bottom || value.top == 0;
    if (isnan(mass + value.top + value.bottom) ||
        tokens_have_nan(h->out, v->rows, h->E, h->ld_out))
        return plain(NAN);
    if (!(mass > v->eps) || wants_nop != is_nop)
        return plain(0);
    return plain(wants_nop || is_low(v));
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
