/* intervention_sink.c - without the sink: the column of one key taken out of
 * attention. */
#include <math.h>

#include "metric/intervention.h"
#include "metric/metric_table.h"
#include "nn/attention/attention_facts.h"

#define COMMON "common, of the first token"

/* The sink, if the query of this row sees it; -1: it does not. */
static idx sink_of(const struct intervention_work *w, const struct tap_slice *s)
{
    idx k = w->options->sink_key - 1;
    return tap_sees(s, k) ? k : -1;
}

/* The mass of a row, and without key k: sums of |weight| over all that is seen,
 * the extra column and registers, and what the map gives to nothing. */
struct mass {
    double all, rest;
};

static struct mass mass_of(const struct intervention_work *w,
                           const struct tap_slice *s, idx k)
{
    const struct attention_options *o = &w->m->blocks[s->layer].attention;
    double left = o->scale, mass = 0;
    for (idx j = -s->registers - s->n_extra; j < s->hi; j++) {
        if (!tap_sees(s, j))
            continue;
        left -= (double)s->x[j];
        if (j != k)
            mass += fabs((double)s->x[j]);
    }
    if (attention_has_remainder(o) && left > 0)
        mass += left;
    return (struct mass){ mass + fabs((double)s->x[k]), mass };
}

/* Is the sink all that a row sees of tokens? The first row of the first one. */
static bool is_alone(const struct tap_slice *s, idx k)
{
    idx n = idx_max(s->globals, 0) + s->hi - idx_max(s->lo, 0);
    return k >= 0 && n == 1;
}

static void renormalise(void *work, const struct tap_slice *s)
{
    idx k = sink_of(work, s);
    if (k < 0 || s->x[k] == 0 || is_alone(s, k))
        return;
    struct mass mass = mass_of(work, s, k);
    if (!(mass.rest > 0))
        return;
    double factor = mass.all / mass.rest;
    for (idx j = -s->registers - s->n_extra; j < s->hi; j++)
        if (tap_sees(s, j))
            s->x[j] = (real)((double)s->x[j] * factor);
    s->x[k] = 0;
}

static void hide(void *work, const struct tap_slice *s)
{
    idx k = sink_of(work, s);
    if (k >= 0 && !is_alone(s, k))
        s->x[k] = (real)-INFINITY;
}

static void drop(void *work, const struct tap_slice *s)
{
    idx k = sink_of(work, s);
    if (k >= 0)
        s->x[k] = 0;
}

static void drop_value(void *work, const struct tap_slice *s)
{
    const struct intervention_work *w = work;
    real *v = s->x + (w->options->sink_key - 1 - s->first) * s->ld;
    for (idx i = 0; i < s->n; i++)
        v[i] = 0;
}

static const struct intervention renormalised = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_WEIGHTS, renormalise } },
};
static const struct intervention hidden = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_SCORES, hide } },
};
static const struct intervention raw = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_WEIGHTS, drop } },
};
static const struct intervention value = {
    .reads = READS_SINK_KEY,
    .edits = { { TAP_V, drop_value } },
};

#define RENORMALISED                                                           \
    "of weights those on key metrics.sink_key are 0 and the others of a row "  \
    "scaled so that it keeps its mass, the sum of |a| with what goes to no "   \
    "token; a row that sees no other token stays"
#define HIDDEN                                                                 \
    "key metrics.sink_key is hidden from the weight map; a row that sees no "  \
    "other token stays. Of softmax the same as no_sink"
#define RAW "weights on key metrics.sink_key are 0, all others as they are"
#define VALUE                                                                  \
    "the value of key metrics.sink_key is 0: what no_sink_raw does, also to "  \
    "heads without rows of weights"

const struct metric metrics_intervention_sink[] = {
    COST_OF_ALL(renormalised, "no_sink", "no sink", COMMON, RENORMALISED),
    COST_OF_LAYERS(renormalised, "no_sink", "no sink", COMMON, RENORMALISED),
    COST_OF_HEADS(renormalised, "no_sink", "no sink", COMMON, RENORMALISED),
    COST_OF_ALL(hidden, "hide_sink", "the sink hidden", COMMON, HIDDEN),
    COST_OF_LAYERS(hidden, "hide_sink", "the sink hidden", COMMON, HIDDEN),
    COST_OF_HEADS(hidden, "hide_sink", "the sink hidden", COMMON, HIDDEN),
    COST_OF_ALL(raw, "no_sink_raw", "no sink, rows as they are", COMMON, RAW),
    COST_OF_LAYERS(raw, "no_sink_raw", "no sink, rows as they are", COMMON,
                   RAW),
    COST_OF_HEADS(raw, "no_sink_raw", "no sink, rows as they are", COMMON, RAW),
    COST_OF_ALL(value, "no_sink_value", "the sink's value 0", COMMON, VALUE),
    COST_OF_LAYERS(value, "no_sink_value", "the sink's value 0", COMMON, VALUE),
    COST_OF_HEADS(value, "no_sink_value", "the sink's value 0", COMMON, VALUE),
    { .text = { .name = NULL } },
};
