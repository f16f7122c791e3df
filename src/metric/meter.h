/* meter.h - runs the metrics that are asked for over held-out sequences, for
 * one set of weights.
 *
 * Used by the analysis of checkpoints and by the probe inside the training
 * loop alike: one code, one definition. Measuring never changes weights or any
 * random stream. Same bits for any number of threads, and whatever else is
 * measured. Memory does not grow with the number of sequences, but for their
 * tokens.
 */
#ifndef SINKLAB_METER_H
#define SINKLAB_METER_H

#include "engine/engine.h"
#include "metric/metric.h"
#include "metric/names.h"
#include "metric/options.h"

/* One metric (for one key position and threshold) over the whole model. */
struct meter_column {
    struct metric_name is;
    const char *name;            /* is.name */
    const struct metric *metric; /* is.metric */
    bool is_there; /* false: no model of these settings has it: no extra column
                      that acts, no key k, or no token beside the first */
    bool is_skipped; /* by whoever has its values already: not measured */
    bool is_given;   /* was anything measured? Before the first run, is_there */
    idx n;           /* over all axes */
    double *value;   /* (n) row-major; NAN where not given */
    bool *given;     /* (n) had any sequence something of it? */
    double scalar;   /* reduced; NAN where not given */

    struct ratio *pass; /* (B,n) of the sequences of a pass, */
    struct ratio *sum;  /* (n) of those so far; is_none: of none yet */
};

struct consequences;

struct meter {
    struct engine *engine; /* borrowed */
    const struct model *m;
    struct metric_shape shape;
    idx T, n_sequences, B; /* B: sequences a forward pass */
    struct meter_column *columns;
    idx n_columns;
    int reads;           /* of all columns: 1 << enum tap */
    struct batch batch;  /* (n_sequences, T): tokens, documents, padding, by
                           the caller */
    struct batch copies; /* as many for metrics that are of_copies, by the
                            caller; no sequences if there is no such metric */
    int32_t bos, eos; /* tokens that no text has, or NO_TOKEN; by the caller */
    bool *separators; /* (n_sequences, T) */
    double *row_mass; /* (threads, T) */
    double *room;     /* (threads, room_n) */
    const real **depths; /* (threads, L+1), then L of what feed-forwards add */
    real *ffn;           /* (B,L,T,C) of a pass; NULL: nobody reads it */
    idx room_n, first;   /* first: sequence that opens the current pass */
    bool is_of_copies;   /* the current pass */
    struct ranks_message *messages;    /* (n_columns) of a pass */
    struct consequences *consequences; /* borrowed; NULL: no column is one */
    struct arena arena;
};

/* What the meter asks of engine_observe: B sequences of T = min(o->tokens,
 * context) tokens. */
void meter_shape(idx *B, idx *T, const struct model_options *m,
                 const struct sink_options *o, idx n_sequences);

/* Bits of the taps that the meter reads. */
int meter_reads(const struct metric_choice *c);

/* Does any metric that is asked for want sequences of a block that comes
 * twice? */
bool meter_wants_copies(const struct metric_choice *c);

/* meter_open - ready for n sequences, on an engine that was opened for that
 * shape and those taps; rules: of its batch. OK or ERR_MEMORY; release in any
 * state. */
int meter_open(struct meter *t, struct engine *engine,
               const struct metric_choice *c, idx n_sequences,
               const struct batch_rules *rules, struct err *e);
void meter_release(struct meter *t);

/* Bytes that meter_open would allocate. */
size_t meter_bytes(const struct model *m, const struct metric_choice *c,
                   idx n_sequences, const struct batch_rules *rules,
                   int threads);

/* meter_judge - from now on measure the costs of interventions, too. Unless it
 * is called, their columns are not given. */
void meter_judge(struct meter *t, struct consequences *c);

/* meter_run - fill the columns for the engine's weights. */
void meter_run(struct meter *t);

/* meter_run_shared - meter_run by all processes of r (NULL: one), each of which
 * does some of the passes, also of those under interventions. Process 0 fills
 * the columns, with the bits that one process would get. OK or ERR_IO. */
int meter_run_shared(struct meter *t, struct ranks *r, struct err *e);

/* The number that a line of training shows (metric.h, is_progress); NAN where
 * it is not asked for. */
double meter_progress(const struct meter *t);

#endif
