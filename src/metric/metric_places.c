/* metric_places.c - sinks wherever they are: keys that get more than a
 * threshold and more than their neighbours.
 *
 * Column masses have a trend of their own: keys in front are seen by more rows,
 * and a head that looks at neighbours gives the last keys much of their few
 * rows. So a key is held against the median of those around it, of the same
 * head and sequence, which follows any smooth trend; twice that is more than
 * chance makes (docs/METRICS.md). */
#include <math.h>

#include "metric/head_weights.h"
#include "metric/metric_table.h"
#include "metric/quantile.h"

enum {
    FEWEST = 8, /* rows that a mean is over: 1 / T - j is noisy near the end */
    AROUND = 8, /* keys on either side that make the trend */
};

/* Above the trend: medians of column masses without sinks reach 1.45 to 2.08 by
 * chance. */
static const double ABOVE = 2;

#define OF_KEYS                                                                \
    .unit = "1", .group = GROUP_SINKS, .reads = TAP_BIT(TAP_WEIGHTS),          \
    .least_rows = FEWEST, .is_share = true

static idx room(const struct metric_shape *s)
{
    return s->T + 2 * AROUND;
}

static idx count_keys(const struct metric_head *v)
{
    return v->rows - FEWEST + 1;
}

/* mass (count_keys) */
static void fill_masses(double *mass, const struct metric_head *v)
{
    for (idx j = 0; j < count_keys(v); j++)
        mass[j] = importance(v, j + 1, proxy_weight);
}

/* The median of the keys around j; window: room. NAN if one of them is. */
static double trend(const double *mass, idx n, idx j, double *window)
{
    idx in = 0;
    for (idx i = idx_max(0, j - AROUND); i < idx_min(n, j + AROUND + 1); i++)
        if (i != j)
            window[in++] = mass[i];
    return in ? median_of(window, in) : 0;
}

/* 1, 0, or NAN where that cannot be told. */
static double is_sink(const struct metric_head *v, const double *mass, idx j)
{
    double usual = trend(mass, count_keys(v), j, v->room + v->head->T);
    if (isnan(mass[j]) || isnan(usual))
        return NAN;
    return mass[j] > v->eps && mass[j] > ABOVE * usual;
}

static void key_mass(struct ratio *r, const struct metric_head *v)
{
    for (idx j = 0; j < count_keys(v); j++)
        r[j] = plain(importance(v, j + 1, proxy_weight));
}

static void sink_place(struct ratio *r, const struct metric_head *v)
{
    fill_masses(v->room, v);
    for (idx j = 0; j < count_keys(v); j++)
        r[j] = plain(is_sink(v, v->room, j));
}

/* Is one of these keys a sink? NAN if one cannot be told. */
static struct ratio any_sink(const struct metric_head *v, idx from,
                             bool only_separators, bool only_others)
{
    struct ratio r = { .is_none = true };
    fill_masses(v->room, v);
    for (idx j = from; j < count_keys(v); j++) {
        bool is_separator = v->separators && v->separators[j];
        if ((only_separators && !is_separator) || (only_others && is_separator))
            continue;
        double is = is_sink(v, v->room, j);
        if (r.is_none)
            r = plain(is);
        else if (!isnan(r.top) && !(is <= r.top))
            r.top = is;
    }
    return r;
}

static void sink_any(struct ratio *r, const struct metric_head *v)
{
    *r = any_sink(v, 0, false, false);
}

static void sink_else(struct ratio *r, const struct metric_head *v)
{
    *r = any_sink(v, 1, false, true);
}

static void sink_separator(struct ratio *r, const struct metric_head *v)
{
    *r = any_sink(v, 1, true, false);
}

const struct metric metrics_places[] = {
    { .text = { .name = "key_mass",
                .formula = "mean proxy weight on each key that at least 8 rows "
                           "see, over those" },
      .title = "weight on a key",
      OF_KEYS,
      .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
      .of_head = key_mass },
    { .text = { .name = "sink_place",
                .formula =
                    "share of sequences in which a key is a sink: its "
                    "importance exceeds eps, and twice the median of the 8 "
                    "keys on either side",
                .source = "detrending as github.com/intcomp/attention-bias" },
      .title = "sinks by place",
      OF_KEYS,
      .axes = { OVER_LAYER, OVER_HEAD, OVER_POSITION },
      .has_eps = true,
      .room = room,
      .of_head = sink_place },
    { .text = { .name = "sink_any",
                .formula = "share of sequences in which some key is a sink "
                           "(sink_place)" },
      .title = "sinks on any token",
      OF_KEYS,
      .axes = { OVER_LAYER, OVER_HEAD },
      .has_eps = true,
      .room = room,
      .of_head = sink_any },
    { .text = { .name = "sink_else",
                .formula =
                    "share of sequences in which a key is a sink (sink_place) "
                    "that is neither the first nor a separator" },
      .title = "sinks on other tokens than the first",
      OF_KEYS,
      .axes = { OVER_LAYER, OVER_HEAD },
      .has_eps = true,
      .room = room,
      .of_head = sink_else },
    { .text = { .name = "sink_separator",
                .formula =
                    "share of the sequences with a BOS, EOS or document token "
                    "behind the first in which one of these is a sink "
                    "(sink_place)" },
      .title = "sinks on separators",
      OF_KEYS,
      .axes = { OVER_LAYER, OVER_HEAD },
      .has_eps = true,
      .room = room,
      .of_head = sink_separator },
    { .text = { .name = NULL } },
};
