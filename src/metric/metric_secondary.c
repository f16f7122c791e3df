/* metric_secondary.c - secondary sinks: tokens whose hidden state turns into
 * the sink's direction in the middle of the model, and stays there for a while.
 * Wong et al. 2025, arXiv 2512.22213, with thresholds that are fractions, for
 * models of few layers (docs/METRICS.md, "Secondary sinks"). */
#include <math.h>

#include "metric/metric_table.h"
#include "metric/secondary.h"
#include "metric/token.h"

#define WONG "arXiv 2512.22213"
#define OF_SEQUENCES                                                           \
    .unit = "1", .group = GROUP_COMPANIONS, .reads = TAP_BIT(TAP_RESIDUAL),    \
    .least_rows = 2

/* Numbers of tokens that are (or are not) of a kind, the sink left out. */
static void primary_sinks(struct ratio *r, const struct metric_sequence *v)
{
    struct sink_window w = sink_window_of(v);
    double n = 0;
    for (idx t = 0; t < v->rows; t++)
        n += t != w.sink && sink_life_of(v, &w, t).is_primary;
    *r = plain(sink_has_nan(v) ? NAN : n);
}

static void secondary_sinks(struct ratio *r, const struct metric_sequence *v)
{
    struct sink_window w = sink_window_of(v);
    bool is_nan = sink_has_nan(v);
    for (idx depth = 0; depth <= v->L; depth++)
        r[depth] = plain(is_nan ? NAN : 0);
    for (idx t = 0; t < v->rows; t++) {
        struct sink_life life = sink_life_of(v, &w, t);
        if (t != w.sink && life.is_secondary)
            r[life.first].top += 1;
    }
}

static void secondary_place(struct ratio *r, const struct metric_sequence *v)
{
    struct sink_window w = sink_window_of(v);
    bool is_nan = sink_has_nan(v);
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(
            is_nan ? NAN : t != w.sink && sink_life_of(v, &w, t).is_secondary);
}

/* Mean over secondary sinks of what `of` says, over L; none without any. */
static struct ratio mean_life(const struct metric_sequence *v,
                              idx (*of)(const struct sink_life *))
{
    struct sink_window w = sink_window_of(v);
    struct ratio r = { 0, 0, true };
    if (sink_has_nan(v))
        return plain(NAN);
    for (idx t = 0; t < v->rows; t++) {
        struct sink_life life = sink_life_of(v, &w, t);
        if (t == w.sink || !life.is_secondary)
            continue;
        r.top += (double)of(&life) / (double)v->L;
        r.bottom += 1;
        r.is_none = false;
    }
    return r;
}

static idx first_of(const struct sink_life *life)
{
    return life->first;
}

static idx length_of(const struct sink_life *life)
{
    return life->n;
}

static void secondary_level(struct ratio *r, const struct metric_sequence *v)
{
    *r = mean_life(v, first_of);
}

static void secondary_life(struct ratio *r, const struct metric_sequence *v)
{
    *r = mean_life(v, length_of);
}

static void sink_life(struct ratio *r, const struct metric_sequence *v)
{
    struct sink_window w = sink_window_of(v);
    *r =
        plain(sink_has_nan(v) ? NAN : (double)(w.end - w.first) / (double)v->L);
}

static void hidden_cosine(struct ratio *r, const struct metric_rows *v)
{
    for (idx t = 0; t < v->rows; t++)
        r[t] = plain(fabs(token_cosine(v->x + t * v->n, v->x, v->n)));
}

const struct metric metrics_secondary[] = {
    { .text = { .name = "hidden_cosine",
                .formula = "|cosine| of a token's hidden state with the "
                           "first's; 1 less it is OrthoRank",
                .source = WONG },
      .title = "cosine with the first token",
      OF_SEQUENCES,
      .axes = { OVER_DEPTH, OVER_POSITION },
      .of_rows = hidden_cosine },
    { .text = { .name = "sink_life",
                .formula =
                    "depths between the largest rise and the largest fall of "
                    "the sink's norm, over L; the sink is that of the first "
                    "three tokens that has the largest norm",
                .source = WONG },
      .title = "lifetime of the sink",
      OF_SEQUENCES,
      .of_sequence = sink_life },
    { .text = { .name = "primary_sinks",
                .formula =
                    "tokens a sequence, beside the sink, whose hidden state "
                    "has |cosine| > 0.9 with its at half of the depths of "
                    "sink_life, or more",
                .source = WONG },
      .title = "primary sinks beside the first",
      OF_SEQUENCES,
      .of_sequence = primary_sinks },
    { .text = { .name = "secondary_sinks",
                .formula =
                    "tokens a sequence that are so at two depths of sink_life "
                    "or more, but at fewer than half, by the first of them; "
                    "the scalar is their number",
                .source = WONG },
      .title = "secondary sinks",
      OF_SEQUENCES,
      .axes = { OVER_DEPTH },
      .reduce = REDUCE_SUM,
      .of_sequence = secondary_sinks },
    { .text = { .name = "secondary_place",
                .formula = "share of sequences in which a token is a secondary "
                           "sink",
                .source = WONG },
      .title = "secondary sinks by place",
      OF_SEQUENCES,
      .axes = { OVER_POSITION },
      .is_share = true,
      .of_sequence = secondary_place },
    { .text = { .name = "secondary_level",
                .formula = "first depth of secondary sinks over L, mean over "
                           "them",
                .source = WONG },
      .title = "level of secondary sinks",
      OF_SEQUENCES,
      .of_sequence = secondary_level },
    { .text = { .name = "secondary_life",
                .formula = "depths of secondary sinks over L, mean over them",
                .source = WONG },
      .title = "lifetime of secondary sinks",
      OF_SEQUENCES,
      .of_sequence = secondary_life },
    { .text = { .name = NULL } },
};
