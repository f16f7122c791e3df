/* sampler.h - which tokens of a corpus make sample number i, in some order
 * (order.h).
 *
 * Sample i of a split is a pure function of (settings, seed, i). Training has
 * the seed that sampler_open is given; the held-out splits have data.eval_seed.
 */
#ifndef SINKLAB_SAMPLER_H
#define SINKLAB_SAMPLER_H

#include "data/batch.h"
#include "data/corpus.h"
#include "data/order.h"
#include "data/row.h"
#include "data/stream.h"

struct sampler {
    const struct order *order;
    const struct corpus *corpus; /* borrowed */
    uint64_t seed, eval_seed;
    idx T;            /* targets of a whole sample */
    idx part;         /* of a mixture; parts of one law draw other samples */
    int32_t bos, eos; /* ids, or NO_TOKEN */
    struct stream train, val; /* of a stored corpus */
    idx n_units;              /* different samples of training; 0: endless */
    idx n_tiles;              /* samples of validation; 0: endless */
    idx first_document;       /* of validation */
    bool reads_all_tiles;     /* in their own order then */
    struct long_documents *long_documents; /* of the order documents; NULL */
};

/* sampler_open - borrows the corpus. OK, ERR_DATA, ERR_MEMORY; release in any
 * state. */
int sampler_open(struct sampler *s, const struct corpus *corpus,
                 const struct data_options *o, uint64_t seed, idx T,
                 int32_t bos, int32_t eos, struct err *e);
void sampler_release(struct sampler *s);

/* sampler_take - fill the row (r->n tokens) with sample `index`: tokens,
 * weights, documents, offsets, unit. with_bos: its BOS is in front. One caller
 * at a time: what was found of long documents is kept. */
void sampler_take(const struct sampler *s, struct row *r, enum split split,
                  idx index, bool with_bos);

/* Does a row begin with a BOS that is none of the stream's? */
bool sampler_has_row_bos(const struct sampler *s);

/* sampler_sinks - how many different samples of SPLIT_SINK there are, of n
 * tokens and with_bos as above; SAMPLES_ENDLESS of a generator; 0: none fills
 * a row of n. */
#define SAMPLES_ENDLESS PTRDIFF_MAX
idx sampler_sinks(const struct sampler *s, idx n, bool with_bos);

/* ---- for the orders ---------------------------------------------------- */

/* Tokens of the corpus in a whole row: the BOS of a row is not from there. */
idx sampler_body(const struct sampler *s);

/* sampler_shuffled - place `index` of an endless sequence of orders of 0 ..
 * n-1, one an epoch: each number once, then each once again in another order.
 */
idx sampler_shuffled(const struct sampler *s, idx n, idx index);

/* sampler_streams - training and held-out streams, with these tokens around
 * documents: the corpus' own parts, or data.val_fraction of one;
 * data.unique_tokens cuts training. OK or ERR_DATA. */
int sampler_streams(struct sampler *s, const struct data_options *o,
                    int32_t bos, int32_t eos, struct err *e);

/* sampler_divide - the streams of orders of windows: each has one at least. */
int sampler_divide(struct sampler *s, const struct data_options *o,
                   struct err *e);

/* sampler_tile - the held-out stream in windows whose targets lie end to end;
 * the last lies over its neighbour, and what it shares does not count. */
void sampler_tile(const struct sampler *s, struct row *r, enum split split,
                  idx index);
/* How many there are. */
idx sampler_count_tiles(const struct sampler *s);

/* ... and how many windows of n tokens for sinks. */
idx sampler_count_sinks(const struct sampler *s, idx n);

/* Which of the n_tiles a held-out sample is. */
idx sampler_tile_of(const struct sampler *s, enum split split, idx index);

#endif
