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

/* What an edit finds in its context. */
struct intervention_work {
    const struct model *m;
    const struct metrics_options *options;
    idx T;        /* tokens of a sequence */
    double *room; /* (threads, room_n) */
    idx room_n;
    double *notes; /* (B,T) of the sequences of a pass */
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

enum { INTERVENTION_EDITS_MAX = 4 };

/* Keys of [metrics] that an intervention reads. */
enum {
    READS_SINK_KEY = 1 << 0,
    READS_CACHE = 1 << 1,
    READS_KEPT = 1 << 2,
};

struct intervention {
    int options; /* bits of READS_ */
    struct intervention_edit {
        enum tap tap;
        void (*edit)(void *work, const struct tap_slice *s);
    } edits[INTERVENTION_EDITS_MAX];         /* up to one without a function */
    idx (*room)(idx T);                      /* doubles a worker; NULL: none */
    bool (*is_there)(const struct model *m); /* beside the taps; NULL: yes */
    /* Does other things to the weights (table.total) themselves; NULL: none.
     * They are put back, bit for bit. */
    void (*change)(real *w, const struct model *m);
};

/* Rows of metrics, for a table of them: what the loss rises by if something,
 * `called` in names of columns, is done to the whole model, to each layer in
 * turn, to each head. does: in full; words: in a few; from: its source. */
#define COST_OF_ALL(v, called, words, from, does)                              \
    {                                                                          \
        COST_TEXT("cost_" called, words, from, does),                          \
            .axes = { OVER_NOTHING }, .under = &(v)                            \
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

/* Bits of the taps that it writes. */
int intervention_writes(const struct intervention *v);

/* Is there in this model what it is done to? */
bool intervention_is_there(const struct intervention *v, const struct model *m);

#endif
