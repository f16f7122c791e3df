/* batch.h - what a pass over a model is given: sequences of tokens, what
 * follows each, how much of that counts, where documents begin, and at which
 * places tokens stand.
 *
 * Nobody else decides what counts: data fills a batch, the model, the loss and
 * who measures read it. How many targets count differs from batch to batch.
 */
#ifndef SINKLAB_BATCH_H
#define SINKLAB_BATCH_H

#include "base/arena.h"

enum { NO_TOKEN = -1 };

/* What a model asks of its batches. */
struct batch_rules {
    idx unscored;       /* first targets of a sequence that do not count */
    idx scored_to;      /* nor do those from here on; 0: all of them */
    idx document_token; /* a document begins with it, too; NO_TOKEN: only where
                           the data say so */
    bool has_documents; /* nothing is seen across those that the data know */
    bool restarts_positions; /* places count from a document's beginning */
};

struct batch {
    idx B, T; /* of what it holds; there may be room for more sequences */
    int32_t *tokens;    /* (B,T) */
    int32_t *targets;   /* (B,T) the token behind each; always a token */
    real *weights;      /* (B,T) of each target in a mean loss; 0: it does not
                           count */
    int32_t *documents; /* (B,T) where in its sequence the document of each
                           token begins; NULL: nobody asks */
    int32_t *positions; /* (B,T) the place that a token has for the model;
                           NULL: its place in the sequence */
    int32_t *used;      /* (B) tokens of each sequence in front of padding; T:
                           it has none, 0: it has nothing else */
    struct batch_rules rules;
};

/* batch_plan - place room for B sequences of T tokens (measure first), without
 * padding as long as nobody sets `used`. */
void batch_plan(struct batch *b, struct arena *arena, idx B, idx T,
                const struct batch_rules *rules);

/* batch_mark - let the rules count, once tokens, targets and weights are there,
 * and, where a batch has them, the documents that the data know: 0 throughout
 * if there is one a sequence. A document begins at the later of where the data
 * and the token say. A first token that begins no document belongs to one that
 * began earlier, and stands at place 0. */
void batch_mark(struct batch *b);

/* Sequences first .. first+B-1 of a batch, in place. */
struct batch batch_part(const struct batch *b, idx first, idx B);

/* The sum of its weights. */
double batch_weight(const struct batch *b);

/* What means are over: all that is trained on together, one batch or many. */
struct batch_total {
    double weight; /* the sum of all weights */
    idx sequences;
    idx updates; /* that were done before this one */
};
struct batch_total batch_total(const struct batch *b);

#endif
