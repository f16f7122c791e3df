/* intervention_parts.c - without parts of the model that were reported to make
 * sinks: feed-forwards, the bias of queries, positions, the largest numbers of
 * the stream. */
#include <math.h>
#include <string.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"

/* --- massive activations -------------------------------------------------- */

/* The hidden state of the sink. */
static real *sink_of(const struct intervention_work *w,
                     const struct tap_slice *s)
{
    return s->x + (w->options->sink_key - 1 - s->first) * s->ld;
}

static idx largest_of(const real *x, idx n)
{
    idx largest = 0;
    for (idx i = 1; i < n; i++)
        if (fabs((double)x[i]) > fabs((double)x[largest]))
            largest = i;
    return largest;
}

static void drop_largest(void *work, const struct tap_slice *s)
{
    if (s->layer == 0) /* behind no block */
        return;
    real *x = sink_of(work, s);
    x[largest_of(x, s->n)] = 0;
}

/* Means (L,C) of the sink's hidden states behind blocks. */
static idx means_n(const struct intervention_shape *s)
{
    return s->L * s->C;
}

static void record_sink(void *work, const struct tap_slice *s)
{
    if (s->layer == 0)
        return;
    const real *x = sink_of(work, s);
    double *record = work_record(work, s) + (s->layer - 1) * s->n;
    for (idx i = 0; i < s->n; i++)
        record[i] = (double)x[i];
}

/* Of equal numbers that number, to the bit. */
static void learn_mean(double *mean, const double *record, idx n, idx sequence)
{
    for (idx i = 0; i < n; i++)
        mean[i] = sequence
                      ? mean[i] + (record[i] - mean[i]) / (double)(sequence + 1)
                      : record[i];
}

static void level_largest(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    if (s->layer == 0)
        return;
    real *x = sink_of(work, s);
    idx largest = largest_of(x, s->n);
    x[largest] = (real)w->learned[(s->layer - 1) * s->n + largest];
}

/* --- tensors -------------------------------------------------------------- */

static bool has_biases(const struct model *m)
{
    return m->blocks[0].qkv_b != NO_PARAM;
}

static void drop_query_biases(real *w, const struct model *m)
{
    for (idx l = 0; l < m->L; l++)
        memset(w + m->blocks[l].qkv_b, 0, (size_t)(m->H * m->D) * sizeof *w);
}

static bool has_positions(const struct model *m)
{
    return m->position_w != NO_PARAM;
}

static void drop_positions(real *w, const struct model *m)
{
    memset(w + m->position_w, 0, (size_t)(m->T * m->C) * sizeof *w);
}

static const struct intervention no_ffn = {
    .edits = { { TAP_FFN, intervention_silence } },
};
static const struct intervention no_largest = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_RESIDUAL, drop_largest } },
};
static const struct intervention mean_largest = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_RESIDUAL, level_largest } },
    .learning = { means_n, { { TAP_RESIDUAL, record_sink } }, learn_mean },
};
static const struct intervention no_query_bias = {
    .is_there = has_biases,
    .change = drop_query_biases,
};
static const struct intervention no_position = {
    .is_there = has_positions,
    .change = drop_positions,
};

#define MASSIVE "arXiv 2402.17762, of all massive activations"
#define MECHANISM "arXiv 2604.14722"

const struct metric metrics_intervention_parts[] = {
    COST_OF_LAYERS(no_ffn, "no_ffn", "no feed-forward", MECHANISM,
                   "what the feed-forward adds is 0"),
    COST_OF_ALL(no_largest, "no_massive", "no massive activation", MASSIVE,
                "the largest number in absolute value of token "
                "metrics.sink_key's hidden state is 0 behind each block"),
    COST_OF_ALL(mean_largest, "mean_massive",
                "massive activations at their mean", MASSIVE,
                "the number that no_massive makes 0 is its dimension's mean "
                "over the same token of 16 sequences of training"),
    COST_OF_ALL(no_query_bias, "no_query_bias", "no bias of queries", MECHANISM,
                "the bias of queries is 0 in all layers"),
    COST_OF_ALL(no_position, "no_position", "no positions", MECHANISM,
                "learned positions are 0"),
    { .text = { .name = NULL } },
};
