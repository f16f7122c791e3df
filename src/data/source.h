/* source.h - where tokens come from; its kinds: source_kind.h.
 *
 * Sample number i of a split is a pure function of (source options, the
 * split's seed, i): there is no position to save. A training step with batch B
 * reads samples step * B .. step * B + B - 1, so a batch is a pure function of
 * (seed, step). Training has the seed that source_open is given; the held-out
 * splits have data.eval_seed and the task itself data.task_seed, so that runs
 * of any seed learn one task and are measured on the same sequences.
 */
#ifndef SINKLAB_SOURCE_H
#define SINKLAB_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "data/batch.h"
#include "data/options.h"
#include "data/source_kind.h"

struct source {
    const struct source_kind *kind;
    uint64_t seed;                 /* of the training split */
    uint64_t task_seed, eval_seed; /* of the task; of the held-out splits */
    idx vocab;                     /* V: all tokens, BOS and EOS included */
    int32_t bos, eos;              /* their ids, or NO_TOKEN */
    idx n_plain;                   /* tokens 0 .. n_plain-1 are neither */
    idx n_sample;                  /* T + 1, the longest sample */
    struct arena arena;
    int32_t *sample;         /* (T+1) of source_batch: one caller at a time */
    void *own;               /* what its kind keeps */
    char hash[HASH_HEX_MAX]; /* of the tokens, if they come from files; or "" */
    idx n_tiles;             /* samples of validation; 0: endless */
    bool reads_all_tiles;    /* in their own order then */
};

/* source_open - ready to give sequences of up to T + 1 tokens; `seed` is that
 * of the training split.
 * OK, ERR_DATA, ERR_IO, ERR_MEMORY; release in any state. */
int source_open(struct source *s, const struct data_options *o, uint64_t seed,
                idx T, struct err *e);
void source_release(struct source *s);

/* source_sample - tokens (n) of sample `index`, beginning with BOS if the
 * source has one. */
void source_sample(const struct source *s, int32_t *tokens, idx n,
                   enum split split, idx index);

/* source_plan_validation - how many samples of SPLIT_VAL, from 0, a validation
 * of so many tokens reads: rounded up to whole ones, and no more than there
 * are. From now on, if it reads all there are, their order is that of the
 * text, so that nothing depends on the seed. */
idx source_plan_validation(struct source *s, idx tokens);

/* source_batch - fill a batch with samples first .. first+B-1: tokens, those
 * that follow and their weights, and what its rules say of them. */
void source_batch(struct source *s, struct batch *b, enum split split,
                  idx first);

/* Is the least possible loss known? */
bool source_has_floor(const struct source *s);

/* source_floor - what the T targets of a sample cost whoever knows the source,
 * in nats; no model does better on average. nats (T+1): room, the first T are
 * they. Of a source that has a floor. */
void source_floor(struct source *s, double *nats, idx T, enum split split,
                  idx index);

#endif
