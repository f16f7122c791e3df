/* metric_entropy.c - how a head spreads its weight. Rows without any weight
 * have no distribution, and no part. */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/quantile.h"

/* Of a share that counts as none. */
static const double TINY = 1e-4;
static const double LOW = 0.05; /* quantile of entropy_low */

#define OF_ROWS                                                                \
    .group = GROUP_SINKS, .reads = TAP_BIT(TAP_WEIGHTS),                       \
    .axes = { OVER_LAYER, OVER_HEAD }

/* Entropy in nats of the columns `from` and behind, made to sum to one; false:
 * they have no weight. */
static bool row_entropy(double *nats, const struct metric_head *v, idx row,
                        idx from)
{
    idx n = v->head->n_extra + v->head->T;
    double sum = 0, log_sum = 0;
    for (idx j = from; j < n; j++) {
        double p = proxy_weight(v, row, j);
        sum += p;
        if (p != 0)
            log_sum += p * log(p);
    }
    if (sum == 0)
        return false;
    *nats = log(sum) - log_sum / sum;
    return true;
}

/* Share of the most that rows can have, one for each row that has a
 * distribution over at least two columns; returns how many. */
static idx fill_entropies(double *share, const struct metric_head *v, idx from)
{
    idx n = 0;
    for (idx row = 0; row < v->rows; row++) {
        idx seen = v->head->n_extra + keys_in_reach(v, row) - from;
        double nats;
        if (seen >= 2 && row_entropy(&nats, v, row, from))
            share[n++] = nats / log((double)seen);
    }
    return n;
}

static idx room(const struct metric_shape *s)
{
    return s->T;
}

static struct ratio mean_entropy(const struct metric_head *v, idx from)
{
    double sum = 0;
    idx n = fill_entropies(v->room, v, from);
    for (idx i = 0; i < n; i++)
        sum += v->room[i];
    return n ? plain(sum / (double)n) : (struct ratio){ .is_none = true };
}

static void entropy(struct ratio *r, const struct metric_head *v)
{
    *r = mean_entropy(v, 0);
}

static void entropy_rest(struct ratio *r, const struct metric_head *v)
{
    *r = mean_entropy(v, v->head->n_extra + 1);
}

static void entropy_low(struct ratio *r, const struct metric_head *v)
{
    idx n = fill_entropies(v->room, v, 0);
    if (n > 0)
        *r = plain(quantile_of(v->room, n, LOW));
}

/* Share of the keys that rows may see. */
static struct ratio share_below(const struct metric_head *v, double least)
{
    double n = 0, below = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx j = 0; j < keys_in_reach(v, row); j++) {
            double p = fabs(proxy_weight(v, row, v->head->n_extra + j));
            below += isnan(p) ? p : p < least || p == 0;
            n++;
        }
    return plain(below / n);
}

static void sparsity(struct ratio *r, const struct metric_head *v)
{
    *r = share_below(v, TINY);
}

static void sparsity_exact(struct ratio *r, const struct metric_head *v)
{
    *r = share_below(v, 0);
}

const struct metric metrics_entropy[] = {
    { .text = { .name = "entropy",
                .formula =
                    "entropy of a row of proxy weights over the log of the "
                    "columns that it may see, t + 1 (or all of a prefix) and "
                    "the extra column; mean over rows of at least two" },
      .title = "entropy of attention",
      .unit = "1",
      OF_ROWS,
      .least_rows = 2,
      .room = room,
      .of_head = entropy },
    { .text = { .name = "entropy_low",
                .formula = "the same, but the 5 % quantile of rows" },
      .title = "entropy of the sharpest rows",
      .unit = "1",
      OF_ROWS,
      .least_rows = 2,
      .room = room,
      .of_head = entropy_low },
    { .text = { .name = "entropy_rest",
                .formula =
                    "the same as entropy, of what a row gives to other tokens "
                    "than the first, made to sum to one" },
      .title = "entropy of attention without the first token",
      .unit = "1",
      OF_ROWS,
      .least_rows = 3,
      .room = room,
      .of_head = entropy_rest },
    { .text = { .name = "sparsity",
                .formula = "share of keys j <= t, or in a prefix, whose proxy "
                           "weight is below 1e-4" },
      .title = "weights below 1e-4",
      .unit = "1",
      OF_ROWS,
      .is_share = true,
      .of_head = sparsity },
    { .text = { .name = "sparsity_exact",
                .formula = "share of the same keys whose proxy weight is 0" },
      .title = "weights of exactly 0",
      .unit = "1",
      OF_ROWS,
      .is_share = true,
      .of_head = sparsity_exact },
    { .text = { .name = NULL } },
};
