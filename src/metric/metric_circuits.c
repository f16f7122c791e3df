/* metric_circuits.c - what heads look for, where it is no sink: the token
 * before, and what followed the last time; and how what they give to others
 * than the sink is spread over them. */

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/over_layer.h"

#define OLSSON "arXiv 2209.11895"
#define EXPERTS "arXiv 2602.01203"
#define OF_HEADS                                                               \
    .unit = "1", .group = GROUP_CIRCUITS, .reads = TAP_BIT(TAP_WEIGHTS),       \
    .axes = { OVER_LAYER, OVER_HEAD }

static double on_key(const struct metric_head *v, idx row, idx key)
{
    return proxy_weight(v, row, v->head->n_extra + key);
}

/* Weight of a query on the keys right behind earlier ones of its token; false:
 * it has none. Its own place is none of them. */
static bool prefix_match(double *mass, const struct metric_head *v, idx row)
{
    bool has_any = false;
    *mass = 0;
    for (idx s = 0; s + 1 < row; s++)
        if (v->tokens[s] == v->tokens[row]) {
            *mass += on_key(v, row, s + 1);
            has_any = true;
        }
    return has_any;
}

static void induction_score(struct ratio *r, const struct metric_head *v)
{
    double sum = 0, n = 0, mass;
    for (idx row = 0; row < v->rows; row++)
        if (prefix_match(&mass, v, row)) {
            sum += mass;
            n++;
        }
    if (n > 0)
        *r = plain(sum / n);
}

static void previous_score(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx row = 1; row < v->rows; row++)
        sum += on_key(v, row, row - 1);
    *r = plain(sum / (double)(v->rows - 1));
}

static void rest_mass(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx key = 1; key < v->rows; key++) /* in a prefix, too */
            sum += on_key(v, row, key);
    *r = plain(sum / (double)v->rows);
}

const struct metric metrics_circuits[] = {
    { .text = { .name = "induction_score",
                .formula =
                    "mean proxy weight of queries on the keys right behind "
                    "earlier ones of the same token, of random tokens in two "
                    "equal halves, whatever sink.input says; the scalar is "
                    "the largest of a head",
                .source = OLSSON ", prefix matching score" },
      .title = "induction score",
      .of_all = ", largest head",
      OF_HEADS,
      .reduce = REDUCE_MAX,
      .is_share = true,
      .is_transition = true,
      .of_copies = true,
      .of_head = induction_score },
    { .text = { .name = "previous_score",
                .formula = "mean proxy weight of queries on the key before "
                           "them; the scalar is the largest of a head",
                .source = OLSSON ", previous-token heads" },
      .title = "previous-token score",
      .of_all = ", largest head",
      OF_HEADS,
      .reduce = REDUCE_MAX,
      .is_share = true,
      .least_rows = 2,
      .is_transition = true,
      .of_head = previous_score },
    { .text = { .name = "rest_mass",
                .formula = "mean proxy weight on other tokens than the first: "
                           "what of a head is no sink",
                .source = EXPERTS },
      .title = "weight on other tokens",
      OF_HEADS,
      .is_share = true,
      .of_head = rest_mass },
    { .text = { .name = "head_load",
                .formula =
                    "rest_mass over its mean over the heads of the layer; the "
                    "scalar is the standard deviation: 0 if all heads of a "
                    "layer do as much",
                .source = EXPERTS },
      .title = "weight on other tokens over the layer's mean",
      .of_all = ", spread of heads",
      OF_HEADS,
      .reduce = REDUCE_SPREAD,
      .finish = over_layer,
      .of_head = rest_mass },
    { .text = { .name = NULL } },
};
