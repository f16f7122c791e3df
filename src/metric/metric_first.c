/* metric_first.c - how much the first token gets, against what it would get
 * anyway. */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"

enum {
    NEXT = 4,   /* keys behind the first that it is compared with, */
    FEWEST = 8, /* each a mean over at least so many rows */
    LATE = 8,   /* the first row of first_mass_late, from 0 */
};

#define OF_HEADS                                                               \
    .unit = "1", .group = GROUP_SINKS, .axes = { OVER_LAYER, OVER_HEAD }

/* What rows give to the first key if each divides itself evenly. */
static double uniform_first(const struct metric_head *v)
{
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        sum += 1 / (double)keys_in_reach(v, row);
    return sum / (double)v->rows;
}

static void first_excess(struct ratio *r, const struct metric_head *v)
{
    r->top = importance(v, 1, proxy_weight);
    r->bottom = uniform_first(v);
    r->is_none = false;
}

static void first_over_next(struct ratio *r, const struct metric_head *v)
{
    double next = 0;
    for (idx k = 2; k <= 1 + NEXT; k++)
        next += importance(v, k, proxy_weight) / NEXT;
    *r = plain(importance(v, 1, proxy_weight) - next);
}

static void first_mass_late(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx row = LATE; row < v->rows; row++)
        sum += proxy_weight(v, row, v->head->n_extra);
    *r = plain(sum / (double)(v->rows - LATE));
}

static void nowhere_mass(struct ratio *r, const struct metric_head *v)
{
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx j = 0; j <= v->head->n_extra; j++)
            sum += proxy_weight(v, row, j);
    *r = plain(sum / (double)v->rows);
}

/* Of rows that see the first key and another one. A score of -infinity is a key
 * that is not seen; NaN is none. */
static void logit_gap(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    double sum = 0, n = 0;
    if (!h->scores)
        return;
    for (idx row = 1; row < v->rows; row++) {
        const real *s = h->scores + row * h->ld_scores;
        double others = 0, seen = 0;
        for (idx j = 1; j < keys_in_reach(v, row); j++)
            if (s[j] != -(real)INFINITY) {
                others += (double)s[j];
                seen++;
            }
        if (seen == 0 || s[0] == -(real)INFINITY)
            continue;
        sum += (double)s[0] - others / seen;
        n++;
    }
    if (n > 0)
        *r = plain(sum / n);
}

const struct metric metrics_first[] = {
    { .text = { .name = "first_excess",
                .formula =
                    "mean proxy weight on the first token over what it is "
                    "where each row divides itself evenly, (1 + 1/2 + ... + "
                    "1/T) / T without a prefix" },
      .title = "weight on the first token over uniform",
      OF_HEADS,
      .reads = TAP_BIT(TAP_WEIGHTS),
      .of_head = first_excess },
    { .text = { .name = "first_over_next",
                .formula = "importance of key 1 less the mean of that of keys "
                           "2 to 5" },
      .title = "weight on the first token above the next four",
      OF_HEADS,
      .reads = TAP_BIT(TAP_WEIGHTS),
      .least_rows = NEXT + FEWEST,
      .of_head = first_over_next },
    { .text = { .name = "first_mass_late",
                .formula =
                    "mean proxy weight on the first token of rows from the "
                    "ninth on; the scalar is the largest of a head",
                .source = "github.com/PeterPonyu/muon-norm-cap-grokking, BOS "
                          "mass" },
      .title = "weight on the first token",
      .of_all = ", largest head",
      OF_HEADS,
      .reads = TAP_BIT(TAP_WEIGHTS),
      .reduce = REDUCE_MAX,
      .least_rows = LATE + 1,
      .is_share = true,
      .is_transition = true,
      .of_head = first_mass_late },
    { .text = { .name = "nowhere_mass",
                .formula = "mean proxy weight on the first token and the extra "
                           "column together: a sink that moved stays in it" },
      .title = "weight on the first token or on none",
      OF_HEADS,
      .reads = TAP_BIT(TAP_WEIGHTS),
      .is_share = true,
      .of_head = nowhere_mass },
    { .text = { .name = "logit_gap",
                .formula = "score of the first key less the mean of the others "
                           "that a row sees, mean over rows from the second on",
                .source = "arXiv 2410.13835" },
      .title = "score of the first key above the others",
      OF_HEADS,
      .reads = TAP_BIT(TAP_SCORES),
      .least_rows = 2,
      .of_head = logit_gap },
    { .text = { .name = NULL } },
};
