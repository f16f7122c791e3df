/* source_kind.h - one kind of data source, and the table of all of them: one
 * file (source_NAME.c) and one line in source_kind.c. */
#ifndef SINKLAB_SOURCE_KIND_H
#define SINKLAB_SOURCE_KIND_H

#include "base/base.h"
#include "base/err.h"
#include "base/op_text.h"
#include "base/rng.h"

struct data_options;
struct source;

/* Held-out splits never share samples with training: another part of the text,
 * or other random streams of the same task. A source may end: then validation
 * has source.n_tiles samples, which together have each held-out token as their
 * target once, and comes round to them again. */
enum split {
    SPLIT_TRAIN,
    SPLIT_VAL,  /* validation loss */
    SPLIT_SINK, /* sequences on which sinks are measured */
};

struct source_kind {
    struct op_text text; /* its formula: what the tokens are */
    idx n_plain;         /* tokens beside BOS and EOS; 0: data.vocab says */
    bool has_eos;        /* reads data.eos */
    /* Open s->arena and place s->sample and s->own in it, what the kind keeps;
     * the fields above are set. OK, ERR_DATA, ERR_IO, ERR_MEMORY. */
    int (*open)(struct source *s, const struct data_options *o, struct err *e);
    /* Give back what is not in the arena, as files and mappings are; after an
     * open that failed, too (s->own may be NULL). NULL: nothing. */
    void (*close)(struct source *s);
    /* Fill out (n) with a sample drawn from r, BOS not counted; n may be
     * less than n_sample, and is 1 at least. */
    void (*sample)(const struct source *s, int32_t *out, idx n, struct rng *r);
    /* The same for sample `index` of a held-out split, of a source that ends.
     * Returns how many of its first targets do not count, because another
     * sample has them. NULL: sample does it. */
    idx (*held_out)(const struct source *s, int32_t *out, idx n,
                    enum split split, idx index);
    /* nats (n) = -log of the probability that the source gives token t of such
     * a sample after tokens 0 .. t-1 of it. NULL: nobody knows. */
    void (*nats)(const struct source *s, double *nats, const int32_t *sample,
                 idx n);
};

/* Row i is what the key [data] source calls source_name(i). */
extern const struct source_kind *const source_kinds[]; /* ends with NULL */
const char *source_name(int i);                        /* NULL past the end */

#endif
