/* source.h - where tokens come from; one file and one table line a source.
 *
 * Sample number i of a split is a pure function of (source options, seed, i):
 * there is no position to save. A training step with batch B reads samples
 * step * B .. step * B + B - 1, so a batch is a pure function of (seed, step).
 */
#ifndef SINKLAB_SOURCE_H
#define SINKLAB_SOURCE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/rng.h"
#include "data/options.h"

/* Held-out splits never share samples with training: another part of the text,
 * or other random streams of the same task. */
enum split {
    SPLIT_TRAIN,
    SPLIT_VAL,  /* validation loss */
    SPLIT_SINK, /* sequences on which sinks are measured */
};

enum { NO_TOKEN = -1 };

struct source {
    const struct source_kind *kind;
    uint64_t seed;
    idx vocab;        /* V: all tokens, BOS and EOS included */
    int32_t bos, eos; /* their ids, or NO_TOKEN */
    idx n_plain;      /* tokens 0 .. n_plain-1 are neither */
    idx n_triggers;   /* bigram-backcopy: the last of the plain ones */
    idx n_sample;     /* T + 1, the longest sample */
    struct arena arena;
    int32_t *sample;         /* (T+1) of source_batch: one caller at a time */
    const double *cdf;       /* bigram-backcopy: (n_plain,n_plain), by row */
    const uint16_t *stream;  /* text: all tokens, training part first */
    char hash[HASH_HEX_MAX]; /* text: of the tokens; else "" */
    idx n_train, n_val;      /* text: tokens of the two parts */
};

struct source_kind {
    const char *name, *help;
    /* Open s->arena and place s->sample and the source's own in it; the fields
     * above are set. OK, ERR_DATA, ERR_IO, ERR_MEMORY. */
    int (*open)(struct source *s, const struct data_options *o, struct err *e);
    /* Fill out (n) with a sample drawn from r, BOS not counted; n may be
     * less than n_sample, and is 1 at least. */
    void (*sample)(const struct source *s, int32_t *out, idx n,
                   enum split split, struct rng *r);
};

const char *source_name(int i); /* NULL past the end */
const char *source_help(int i);

/* source_open - ready to give sequences of up to T + 1 tokens.
 * OK, ERR_DATA, ERR_IO, ERR_MEMORY; release in any state. */
int source_open(struct source *s, const struct data_options *o, uint64_t seed,
                idx T, struct err *e);
void source_release(struct source *s);

/* source_sample - tokens (n) of sample `index`, beginning with BOS if the
 * source has one. */
void source_sample(const struct source *s, int32_t *tokens, idx n,
                   enum split split, idx index);

/* source_batch - samples first .. first+B-1 as inputs and next-token targets,
 * both (B,T). */
void source_batch(struct source *s, int32_t *tokens, int32_t *targets, idx B,
                  idx T, enum split split, idx first);

#endif
