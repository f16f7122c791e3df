/* meter.h - runs every metric over held-out sequences, for one set of weights.
 *
 * Used by the analysis of checkpoints and by the probe inside the training
 * loop alike: one code, one definition. Measuring never changes weights or any
 * random stream. Same bits for any number of threads.
 */
#ifndef SINKLAB_METER_H
#define SINKLAB_METER_H

#include "engine/engine.h"
#include "metric/metric.h"
#include "metric/options.h"

/* The taps that a meter reads. */
enum { METER_READS = TAP_BIT(TAP_WEIGHTS) | TAP_BIT(TAP_K) | TAP_BIT(TAP_V) };

/* One metric (for one key position) over the whole model. */
struct meter_column {
    char name[COLUMN_NAME_MAX];
    const struct metric *metric;
    idx k;         /* of a per-position metric */
    bool is_given; /* false: there is nothing to measure: no extra column that
                      acts, no key k, or no token beside the first; of padded
                      sequences it is known from the first run on */
    idx n;         /* L*H, or L+1 */
    double *value; /* (L,H) or (L+1); NAN where not given */
    double scalar; /* reduced; NAN where not given */
};

struct meter {
    struct engine *engine; /* borrowed */
    const struct model *m;
    double eps;
    idx T, n_sequences, B; /* B: sequences a forward pass */
    struct meter_column *columns;
    idx n_columns;
    struct batch batch;   /* (n_sequences, T): tokens, documents, padding, by
                             the caller */
    struct ratio *ratios; /* (n_columns, n_sequences, largest n) */
    double *row_mass;     /* (threads, T) */
    idx ratio_n, first;   /* first: sequence that opens the current pass */
    struct arena arena;
};

/* What the meter asks of engine_observe: B sequences of T = min(o->tokens,
 * context) tokens. */
void meter_shape(idx *B, idx *T, const struct model_options *m,
                 const struct sink_options *o, idx n_sequences);

/* meter_open - ready for n sequences, on an engine that was opened for that
 * shape; rules: of its batch. OK or ERR_MEMORY; release in any state. */
int meter_open(struct meter *t, struct engine *engine,
               const struct sink_options *o, idx n_sequences,
               const struct batch_rules *rules, struct err *e);
void meter_release(struct meter *t);

/* Bytes that meter_open would allocate. */
size_t meter_bytes(const struct model *m, const struct sink_options *o,
                   idx n_sequences, const struct batch_rules *rules,
                   int threads);

/* meter_run - fill the columns for the engine's weights. */
void meter_run(struct meter *t);

/* The number that a line of training shows (metric.h, is_progress). */
double meter_progress(const struct meter *t);

/* The column of this name, or NULL. */
const struct meter_column *meter_find(const struct meter *t, const char *name);

#endif
