/* corpus_kind.h - where tokens are, or how they are drawn: one kind of corpus,
 * and the table of all: one file (corpus_NAME.c) and one line in corpus_kind.c.
 *
 * A stored corpus has tokens in files, in one order; samplers (sampler.h) say
 * which of them make a sample. A generated one draws a sample from a stream of
 * random numbers, and never ends.
 */
#ifndef SINKLAB_CORPUS_KIND_H
#define SINKLAB_CORPUS_KIND_H

#include "base/base.h"
#include "base/err.h"
#include "base/op_text.h"
#include "base/rng.h"

struct data_options;
struct corpus;

struct corpus_kind {
    struct op_text text; /* its formula: what the tokens are */
    bool is_stored;
    /* Set n_plain, and train and val or what draw needs: own, in the arena.
     * OK, ERR_DATA, ERR_IO, ERR_MEMORY; corpus_close follows in any case. */
    int (*open)(struct corpus *c, const struct data_options *o, struct err *e);
    /* Give back what is neither in the arena nor stored tokens; after an open
     * that failed, too. NULL: nothing. */
    void (*close)(struct corpus *c);
    /* Does a whole sample of n tokens show what it is for? OK, ERR_DATA. NULL:
     * any does. */
    int (*check)(const struct corpus *c, idx n, struct err *e);
    /* Generated: fill out (n) with a sample drawn from r; n is 1 at least. A
     * shorter sample is the beginning of a longer one. */
    void (*draw)(const struct corpus *c, int32_t *out, idx n, struct rng *r);
    /* nats (n) = -log of the probability that such a sample has token t after
     * its tokens 0 .. t-1. NULL: nobody knows. */
    void (*nats)(const struct corpus *c, double *nats, const int32_t *sample,
                 idx n);
};

/* Row i is what the key [data] source calls corpus_name(i). */
extern const struct corpus_kind *const corpora[]; /* ends with NULL */
const char *corpus_name(int i);                   /* NULL past the end */
int corpus_find(const char *name, size_t n);      /* of n bytes; -1: none */
extern const struct corpus_kind corpus_mixture;   /* its parts: source.h */

#endif
