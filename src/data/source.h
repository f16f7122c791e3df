/* source.h - what a model is trained and measured on: a corpus (corpus.h) or
 * several (mixture.h), an order of its samples (sampler.h), edits (edit.h).
 *
 * Sample number i of a split is a pure function of (data options, the split's
 * seed, i): there is no position to save. Update number s, of n samples, reads
 * samples s n .. s n + n - 1, so a batch is a pure function of (seed, step).
 * Training has the seed that source_open is given; the held-out splits have
 * data.eval_seed and the task itself data.task_seed, so that runs of any seed
 * learn one task and are measured on the same sequences. docs/FORMATS.md tells
 * all of it so that a sample can be computed elsewhere.
 */
#ifndef SINKLAB_SOURCE_H
#define SINKLAB_SOURCE_H

#include "data/batch.h"
#include "data/mixture.h"
#include "data/options.h"
#include "data/sampler.h"

/* What a split has of what data's keys ask for. */
struct source_style {
    bool bos, edits;
};

struct source_part {
    struct corpus corpus;
    struct sampler sampler;
    double val_text_bytes; /* that a held-out token stands for; 0: unknown */
};

struct source {
    struct data_options options;
    uint64_t seed;           /* of the training split */
    idx vocab;               /* V: all tokens, those of ours included */
    idx n_plain;             /* tokens 0 .. n_plain-1 are the corpora's */
    int32_t bos, eos, fixed; /* ids of ours, or NO_TOKEN */
    idx n_sample;            /* T + 1, the longest sample */
    idx n_tiles;             /* samples of validation; 0: endless, or several
                                corpora */
    char hash[HASH_HEX_MAX]; /* of the tokens, if they come from files; or "" */
    struct source_style styles[SPLITS];
    struct mixture mixture;
    struct mixture_block block; /* as row: one caller at a time */
    idx n_parts;
    struct source_part *parts; /* (n_parts) */
    struct arena arena;
    struct row row; /* of T + 1 tokens: one caller at a time */
};

/* source_open - ready to give sequences of up to T + 1 tokens; `seed` is that
 * of the training split.
 * OK, ERR_DATA, ERR_IO, ERR_MEMORY; release in any state. */
int source_open(struct source *s, const struct data_options *o, uint64_t seed,
                idx T, struct err *e);

/* source_check - open and release, with the identity of all files computed
 * anew. */
int source_check(const struct data_options *o, idx T, struct err *e);
void source_release(struct source *s);

/* source_plan_row - for who opens one in another way (input.h): room for its
 * row. OK, ERR_MEMORY. */
int source_plan_row(struct source *s, struct err *e);

/* Bytes of memory it takes, files not counted, which are mapped. */
size_t source_bytes(const struct source *s);

/* source_warm - training will read its samples: what lies in files has come
 * into reach when it returns, unless that is too much. */
void source_warm(const struct source *s);

/* Do its rows begin with a BOS of their own, rather than documents? */
bool source_has_row_bos(const struct source *s);

/* source_check_files - has nobody written to a file that samples are read of,
 * since it was opened? OK, or ERR_DATA: what was computed of it is useless.
 * source_settle_files: they say the same as before, take them as they are. */
int source_check_files(const struct source *s, struct err *e);
void source_settle_files(struct source *s);

/* source_row - sample `index` as a row of n <= T + 1 tokens, targets and all;
 * valid until the next call. */
const struct row *source_row(struct source *s, idx n, enum split split,
                             idx index);

/* source_sample - its tokens (n) alone. */
void source_sample(struct source *s, int32_t *tokens, idx n, enum split split,
                   idx index);

/* source_plan_validation - how many samples of SPLIT_VAL, from 0, a validation
 * of so many targets reads: rounded up to whole ones, and none that would read
 * tokens again. From now on, if it reads all there are, their order is that of
 * the corpus, so that nothing depends on the seed. */
idx source_plan_validation(struct source *s, idx tokens);

/* Targets that a sequence of T tokens has in a batch: one each; of sinks, which
 * are measured on tokens alone, none is read behind the last. */
static inline idx source_targets(enum split split, idx T)
{
    return split == SPLIT_SINK ? T - 1 : T;
}

/* source_batch - fill a batch with samples first .. first+B-1: tokens, targets,
 * weights, documents, padding, and what its rules say of them. No target of
 * SPLIT_SINK counts. */
void source_batch(struct source *s, struct batch *b, enum split split,
                  idx first);

/* Are there files, of which none says where documents begin? */
bool source_lacks_documents(const struct source *s);

/* source_check_sinks - can sequences of SPLIT_SINK have n tokens, and are there
 * `wanted` of them where they come one after the other (input.h)? many: the key
 * that says how many. OK, ERR_DATA. */
int source_check_sinks(const struct source *s, idx n, idx wanted,
                       const char *many, struct err *e);

/* Is the least possible loss known? */
bool source_has_floor(const struct source *s);

/* source_floor - what the T targets of a sample cost whoever knows the source,
 * in nats; no model does better on average. nats (T+1): room, the first T are
 * they. Of a source that has a floor. */
void source_floor(struct source *s, double *nats, idx T, enum split split,
                  idx index);

/* Is it known how many bytes of text a held-out token stands for? */
bool source_knows_bytes(const struct source *s);

/* source_text_bytes - how many bytes of text each of the T targets of a
 * held-out sample stands for: none where the token is ours or an edit's, else
 * the mean over all held-out tokens of its corpus. bytes (T). Of a source that
 * knows. */
void source_text_bytes(struct source *s, double *bytes, idx T, enum split split,
                       idx index);

#endif
