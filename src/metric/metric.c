#include "metric/metric.h"

#include <math.h>

static idx layers(const struct metric_shape *s)
{
    return s->L;
}

static idx heads(const struct metric_shape *s)
{
    return s->H;
}

static idx depths(const struct metric_shape *s)
{
    return s->L + 1;
}

static idx positions(const struct metric_shape *s)
{
    return s->T;
}

static idx dimensions(const struct metric_shape *s)
{
    return s->C;
}

const struct metric_axis_row metric_axes[METRIC_AXES] = {
    [OVER_LAYER] = { "layer", "block, from 0", layers },
    [OVER_HEAD] = { "head", "head, from 0", heads },
    [OVER_DEPTH] = { "depth", "blocks behind the hidden state; 0: embedding",
                     depths },
    [OVER_POSITION] = { "position", "place of a token in its sequence, from 0",
                        positions },
    [OVER_DIMENSION] = { "dimension", "number in a hidden state, from 0",
                         dimensions },
};

const struct metric_group metric_groups[] = {
    { GROUP_SINKS, "weight that gathers on a token, or goes nowhere" },
    { GROUP_COMPANIONS, "what comes with it in hidden states, keys, values" },
    { GROUP_CIRCUITS, "what heads do, and what flows back through them" },
    { GROUP_CONSEQUENCES, "what the loss rises by if the model is changed" },
    { GROUP_OPTIMIZER, "updates: sizes of gradients, weights, changes" },
    { NULL, NULL },
};

idx metric_ndim(const struct metric *m)
{
    idx n = 0;
    while (m->axes[n] != OVER_NOTHING)
        n++;
    return n;
}

idx metric_count(const struct metric *m, const struct metric_shape *s, idx from)
{
    idx n = 1;
    for (idx i = from; m->axes[i] != OVER_NOTHING; i++)
        n *= metric_axes[m->axes[i]].extent(s);
    return n;
}

/* The larger (or smaller); NaN if one is, where fmax would drop it. */
static double max_or_nan(double a, double b)
{
    return isnan(a) || a > b ? a : b;
}

static double min_or_nan(double a, double b)
{
    return isnan(a) || a < b ? a : b;
}

/* In two passes: the numbers may lie close to each other. */
static double spread(const double *value, const bool *given, idx n, double mean,
                     idx measured)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += given[i] ? (value[i] - mean) * (value[i] - mean) : 0;
    return sqrt(sum / (double)measured);
}

double metric_reduce(const struct metric *m, const double *value,
                     const bool *given, idx n)
{
    double sum = 0, max = -INFINITY, min = INFINITY;
    idx measured = 0;
    for (idx i = 0; i < n; i++) {
        if (!given[i])
            continue;
        measured++;
        sum += value[i];
        max = max_or_nan(max, value[i]);
        min = min_or_nan(min, value[i]);
    }
    if (measured == 0)
        return NAN;
    switch (m->reduce) {
    case REDUCE_MAX:
        return max;
    case REDUCE_MIN:
        return min;
    case REDUCE_SUM:
        return sum;
    case REDUCE_SPREAD:
        return spread(value, given, n, sum / (double)measured, measured);
    case REDUCE_MEAN:
        break;
    }
    return sum / (double)measured;
}
