/* intervention.h - what is done to a trained model to see what it costs: edits
 * of what passes its points (nn/model/tap.h), or other weights.
 *
 * One file an idea, intervention_NAME.c: interventions, their functions, and a
 * row of metrics for each scope that is measured (COST_OF_ALL and the like);
 * one line in metric_table.h. consequences.h measures what they cost.
 * Nothing here allocates; rows are const.
 */
#ifndef SINKLAB_INTERVENTION_H
#define SINKLAB_INTERVENTION_H

#include "metric/metric.h"
#include "metric/options.h"
#include "nn/model/model.h"
#include "nn/model/tap.h"

/* Sizes that room depends on; before there is a model T alone. */
struct intervention_shape {
    idx T, S; /* tokens of a sequence; rows, registers included */
    idx L, C, D;
};

/* What an edit finds in its context. */
struct intervention_work {
    const struct model *m;
    const struct metrics_options *options;
    idx T;        /* tokens of a sequence */
    double *room; /* (threads, room_n) */
    idx room_n;
    double *notes;   /* (B,T) of the sequences of a pass */
    double *records; /* (B, learned_n) of sequences that are learned from */
    double *learned; /* (learned_n) */
    idx learned_n;   /* the most that any learns */
};

/* A worker's room; it keeps what is there until the worker comes to another
 * head. */
static inline double *work_room(const struct intervention_work *w,
                                const struct tap_slice *s)
{
    return w->room + s->worker * w->room_n;
}

/* The notes (T) on a sequence. */
static inline double *work_notes(const struct intervention_work *w,
                                 const struct tap_slice *s)
{
    return w->notes + s->sequence * w->T;
}

/* What is recorded of a sequence while an intervention learns. */
static inline double *work_record(const struct intervention_work *w,
                                  const struct tap_slice *s)
{
    return w->records + s->sequence * w->learned_n;
}

enum { INTERVENTION_EDITS_MAX = 4, INTERVENTION_LEARNS_FROM = 16 };

/* Keys of [metrics] that an intervention reads. */
enum {
    READS_SINK_KEY = 1 << 0,
    READS_CACHE = 1 << 1,
    READS_KEPT = 1 << 2,
};

struct intervention_edit {
    enum tap tap;
    void (*edit)(void *work, const struct tap_slice *s);
};

/* What an intervention knows of other text: of INTERVENTION_LEARNS_FROM
 * sequences of training, with the model as it is. Zeroed: nothing. */
struct intervention_learning {
    idx (*n)(const struct intervention_shape *s); /* doubles */
    /* Fill records of sequences, change nothing. */
    struct intervention_edit edits[INTERVENTION_EDITS_MAX];
    /* Called for one sequence after the other, from 0. */
    void (*learn)(double *learned, const double *record, idx n, idx sequence);
};

struct intervention {
    /* Nothing but the standard error of what another costs, done to the whole
     * model; all else is that one's. NULL: it is one itself. */
    const struct intervention *error_of;
    int reads; /* bits of READS_ */
    struct intervention_edit
        edits[INTERVENTION_EDITS_MAX]; /* up to one without a function */
    struct intervention_learning learning;
    /* Doubles a worker; NULL: none. */
    idx (*room)(const struct intervention_shape *s);
    bool (*is_there)(const struct model *m); /* beside the taps; NULL: yes */
    /* Does other things to the weights (table.total) themselves; NULL: none.
     * They are put back, bit for bit. */
    void (*change)(real *w, const struct model *m);
};

/* Rows of metrics, for a table of them: what the loss rises by if something,
 * `called` in names of columns, is done to the whole model, with its standard
 * error, to each layer in turn, to each head. does: in full; words: in a few;
 * from: its source. */
#define COST_OF_ALL(v, called, words, from, does)                              \
    { COST_TEXT("cost_" called, words, from, does), .axes = { OVER_NOTHING },  \
      .under = &(v) },                                                         \
    {                                                                          \
        .text = { .name = "cost_" called "_se",                                \
                  .formula = "standard error of cost_" called                  \
                             ", over sequences: of the same ones with the "    \
                             "model changed and as it is",                     \
                  .source = "common" },                                        \
        .title = "standard error of the cost of " words, .unit = "nat",        \
        .group = GROUP_CONSEQUENCES, .axes = { OVER_NOTHING },                 \
        .under = &(const struct intervention)                                  \
        {                                                                      \
            .error_of = &(v)                                                   \
        }                                                                      \
    }
#define COST_OF_LAYERS(v, called, words, from, does)                           \
    {                                                                          \
        COST_TEXT("cost_" called "_layer", words ", one layer", from,          \
                  "in one layer, " does),                                      \
            .axes = { OVER_LAYER }, .under = &(v)                              \
    }
#define COST_OF_HEADS(v, called, words, from, does)                            \
    {                                                                          \
        COST_TEXT("cost_" called "_head", words ", one head", from,            \
                  "in one head, " does),                                       \
            .axes = { OVER_LAYER, OVER_HEAD }, .under = &(v)                   \
    }
#define COST_TEXT(column, words, from, does)                                   \
    .text = { .name = column,                                                  \
              .formula = "what a held-out target's loss rises by if, " does,   \
              .source = from },                                                \
    .title = "cost of " words, .unit = "nat", .group = GROUP_CONSEQUENCES

/* An edit: all numbers are 0. */
void intervention_silence(void *work, const struct tap_slice *s);

/* The one that is done. */
static inline const struct intervention *
intervention_done(const struct intervention *v)
{
    return v->error_of ? v->error_of : v;
}

/* Bits of the taps that it writes, or learns from. */
int intervention_writes(const struct intervention *v);

/* Is there in this model what it is done to? */
bool intervention_is_there(const struct intervention *v, const struct model *m);

#endif
