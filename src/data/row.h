/* row.h - a sample while it is made: a corpus gives tokens, edits change them,
 * a batch takes them over. */
#ifndef SINKLAB_ROW_H
#define SINKLAB_ROW_H

#include "base/arena.h"
#include "base/base.h"

/* Held-out splits never share samples with training: another part of the
 * tokens, or other random streams of the same task. */
enum split {
    SPLIT_TRAIN,
    SPLIT_VAL,  /* validation loss */
    SPLIT_SINK, /* sequences on which sinks are measured */
    SPLITS
};

enum { NO_OFFSET = -1 };

struct row {
    idx n;              /* tokens wanted: one more than targets */
    idx used;           /* the first so many are the sample, others padding */
    int32_t *tokens;    /* (n) */
    int32_t *targets;   /* (n-1) what is to follow each */
    real *weights;      /* (n) of a token as the target of the one before */
    int32_t *documents; /* (n) where in the row the document of each begins */
    idx *offsets;       /* (n) place in its part of the corpus, NO_OFFSET for
                           what stands in no corpus */
    uint64_t unit;      /* which piece of the corpus this is: the same number,
                           the same tokens */
    idx part;           /* of a mixture */
};

/* row_plan - room for n tokens (measure first). */
static inline void row_plan(struct row *r, struct arena *arena, idx n)
{
    *r = (struct row){ .n = n };
    r->tokens = arena_ints(arena, n);
    r->targets = arena_ints(arena, n);
    r->weights = arena_reals(arena, n);
    r->documents = arena_ints(arena, n);
    r->offsets = arena_bytes(arena, (size_t)n * sizeof *r->offsets);
}

/* The rest of the row from token `at` on, as a row of its own. */
static inline struct row row_rest(const struct row *r, idx at)
{
    struct row rest = *r;
    rest.n -= at;
    rest.tokens += at;
    rest.weights += at;
    rest.documents += at;
    rest.offsets += at;
    return rest;
}

#endif
