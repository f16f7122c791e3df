/* consequences.h - what interventions cost: the loss of held-out sequences with
 * a model changed, less that of the same targets with the model as it is.
 *
 * An intervention that changes nothing costs 0, to the bit. Weights are put
 * back to the bit, and no edit is left. Same bits for any number of threads.
 * Measuring allocates nothing.
 *
 * Processes of one job may share the batches of each loss: then all make the
 * same calls, and all get what one would have got, to the bit.
 */
#ifndef SINKLAB_CONSEQUENCES_H
#define SINKLAB_CONSEQUENCES_H

#include "base/arena.h"
#include "engine/engine.h"
#include "metric/intervention.h"
#include "metric/names.h"

/* What is asked for, on sequences of T tokens; shape: as much as is known. */
struct consequences_request {
    const struct metrics_options *options; /* borrowed */
    idx T, n_sequences;
    idx n;         /* columns; 0: nothing is */
    int reads;     /* bits of READS_ */
    int writes;    /* bits of the taps of all interventions; an engine is to be
                     opened with them */
    bool changes;  /* does one change weights? */
    bool learns;   /* does one learn from other text? */
    idx room_n;    /* doubles a worker: what the largest of them wants */
    idx learned_n; /* doubles: the most that one of them learns */
    int processes; /* that may share it; 0: one, as nobody is asked */
};
struct consequences_request
consequences_asked(const struct metric_choice *c,
                   const struct intervention_shape *shape);

struct intervention_shape consequences_shape(const struct model *m, idx T);

/* consequences_check - can it be done on sequences of T tokens? OK or
 * ERR_CONFIG: there is no such key, or more are kept than a cache holds. */
int consequences_check(const struct metric_choice *c, idx T, struct err *e);

struct consequences {
    struct engine *engine; /* borrowed */
    struct consequences_request request;
    idx B;              /* sequences a pass */
    struct batch batch; /* (n_sequences, T) with targets, by the caller, who may
                           make it shorter */
    struct batch other; /* (INTERVENTION_LEARNS_FROM, T) other text, by the
                           caller; planned if one learns */
    struct intervention_work work;
    struct tap_edit edits[INTERVENTION_EDITS_MAX]; /* the engine's, while one
                                                      is done */
    real *kept; /* (table.total) the weights as they were; NULL: none change */
    double plain; /* nats a target, as the model is */
    /* Of each sequence (n_sequences): the weight of its targets, and the sum of
     * their losses: of the model as it is, and as it was changed last. */
    double *weight, *plain_nats, *nats;
    struct ranks *ranks; /* borrowed: who share it, since the start; or NULL */
    real *shared;        /* (processes, B, T) nats of targets, a pass of each */
    /* What was last done to the whole model, since the start; NULL: nothing. */
    const struct intervention *judged;
    double cost, error;
    struct arena arena;
};

/* consequences_open - on an engine whose losses are of batches of T tokens;
 * rules: of its batches. OK or ERR_MEMORY; release in any state. */
int consequences_open(struct consequences *c, struct engine *engine,
                      const struct consequences_request *r,
                      const struct batch_rules *rules, struct err *e);
void consequences_release(struct consequences *c);

/* Bytes that consequences_open would allocate; B: of a batch of the engine. */
size_t consequences_bytes(const struct model *m, idx B, int threads,
                          const struct consequences_request *r,
                          const struct batch_rules *rules);

/* consequences_start - compute the loss with the engine's weights as they are,
 * which costs are differences from: to be called before any cost of these
 * weights. From now on all of ranks share what is computed (NULL: one process
 * by itself). OK, or ERR_IO, as the two below: another process does not
 * answer. */
int consequences_start(struct consequences *c, struct ranks *ranks,
                       struct err *e);

/* consequences_cost - of an intervention that is there in this model, done to
 * one layer and head, or all (-1). Nats a target; NAN if nothing counts. */
int consequences_cost(double *cost, struct consequences *c,
                      const struct intervention *v, idx layer, idx head,
                      struct err *e);

/* consequences_error - standard error of the cost that was computed last, over
 * sequences, which are drawn: of the difference, so what is hard about a
 * sequence has no part in it. NAN of fewer than two that count. */
double consequences_error(const struct consequences *c, double cost);

/* consequences_measure - all values, over its axes, of a metric that is a cost
 * (metric.h, `under`); NAN where the intervention cannot be done. */
int consequences_measure(double *value, struct consequences *c,
                         const struct metric *m, struct err *e);

#endif
