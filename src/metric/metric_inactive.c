/* metric_inactive.c - which heads do nothing: six scores of Sandoval-Segura et
 * al. 2025 (github.com/psandovalsegura/inactive-heads) under their names, and
 * each over its mean over the heads of its layer ("LN" there). */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/over_layer.h"
#include "metric/token.h"

#define HEADS "github.com/psandovalsegura/inactive-heads"
#define OF_HEADS .group = GROUP_COMPANIONS, .axes = { OVER_LAYER, OVER_HEAD }

/* Of ahon_ln: below, about 15 % of the heads of OLMo are, and can be zeroed. */
static const double DORMANT = 0.45;

static void awft(struct ratio *r, const struct metric_head *v)
{
    *r = plain(importance(v, 1, proxy_weight));
}

/* A row without weight has the entropy of one that looks at one key: none. */
static void aeqd(struct ratio *r, const struct metric_head *v)
{
    idx n = v->head->n_extra + v->head->T;
    double sum = 0;
    for (idx row = 0; row < v->rows; row++)
        for (idx j = 0; j < n; j++) {
            double p = proxy_weight(v, row, j);
            if (p != 0)
                sum -= p * log(p);
        }
    *r = plain(sum / (double)v->rows);
}

static void ftvvn(struct ratio *r, const struct metric_head *v)
{
    *r = plain(token_norm(v->head->v, v->head->E));
}

static void avvn(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    *r = plain(tokens_mean_norm(h->v, v->rows, h->E, h->ld_qkv));
}

static void lthon(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    *r = plain(token_norm(h->out + (v->rows - 1) * h->ld_out, h->E));
}

static void ahon(struct ratio *r, const struct metric_head *v)
{
    const struct head_view *h = v->head;
    *r = plain(tokens_mean_norm(h->out, v->rows, h->E, h->ld_out));
}

/* A head that gives nothing is, whatever the others give. */
static void are_dormant(double *value, const struct metric_shape *s)
{
    for (idx l = 0; l < s->L; l++) {
        double *of = value + l * s->H, mean = layer_mean(of, s->H);
        for (idx h = 0; h < s->H; h++)
            of[h] = isnan(mean) ? NAN : of[h] == 0 || of[h] / mean < DORMANT;
    }
}

#define SCORE(score, what, in_words, in, taps)                                 \
    { .text = { .name = #score, .formula = what, .source = HEADS },            \
      .title = in_words,                                                       \
      .unit = in,                                                              \
      OF_HEADS,                                                                \
      .reads = taps,                                                           \
      .of_head = score },                                                      \
    {                                                                          \
        .text = { .name = #score "_ln",                                        \
                  .formula = what ", over the mean of the layer's heads",      \
                  .source = HEADS },                                           \
        .title = in_words ", over its layer", .unit = "1", OF_HEADS,           \
        .reads = taps, .finish = over_layer, .of_head = score                  \
    }

const struct metric metrics_inactive[] = {
    SCORE(awft, "mean proxy weight on the first token", "AWFT", "1",
          TAP_BIT(TAP_WEIGHTS)),
    SCORE(aeqd, "mean entropy of rows of proxy weights", "AEQD", "nat",
          TAP_BIT(TAP_WEIGHTS)),
    SCORE(ftvvn, "norm of the first value", "FTVVN", "1", TAP_BIT(TAP_V)),
    SCORE(avvn, "mean norm of values", "AVVN", "1", TAP_BIT(TAP_V)),
    SCORE(lthon, "norm of what a head gives for the last token", "LTHON", "1",
          TAP_BIT(TAP_HEAD)),
    SCORE(ahon, "mean norm of what a head gives", "AHON", "1",
          TAP_BIT(TAP_HEAD)),
    { .text = { .name = "dormant_heads",
                .formula = "1 of a head whose ahon_ln is below 0.45, or that "
                           "gives nothing, else 0: the scalar is the share of "
                           "such heads",
                .source = HEADS ", HONOR" },
      .title = "dormant heads",
      .unit = "1",
      OF_HEADS,
      .reads = TAP_BIT(TAP_HEAD),
      .is_share = true,
      .finish = are_dormant,
      .of_head = ahon },
    { .text = { .name = NULL } },
};
