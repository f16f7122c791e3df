/* attention_rows.h - what attention_forward.c and attention_backward.c share:
 * scratch of one head, scores of a strip of queries, rows as the weight map
 * sees them.
 *
 * Scratch is one thread's. Nothing here can fail.
 */
#ifndef SINKLAB_ATTENTION_ROWS_H
#define SINKLAB_ATTENTION_ROWS_H

#include "nn/attention/attention.h"
#include "nn/attention/attention_products.h"
#include "kern/rows.h"
#include "nn/visible.h"

enum {
    ROWS_LEAD = 16, /* reals before key 0 of a row, so that it is aligned; the
                       extra column is the last of them */
};

/* One head's tensors without jumps, as products of float32 want them: k and v
 * transposed, (D or E, padded T); then (T,D), (T,D), (T,E), (T,E). Queries are
 * there backward, and where they are rounded. */
struct reals_room {
    real *k_panels, *v_panels;
    real *q, *k, *v, *do_;
};

/* The same of bfloat16: rows on the left of products, pairs (kern/pairs.h) on
 * the right; _turned: transposed. */
struct pairs_room {
    uint16_t *q, *do_;              /* (T,D), (T,E) rows */
    uint16_t *q_turned, *do_turned; /* (D,T), (E,T) rows */
    uint16_t *k, *v;                /* (T,D), (T,E) pairs */
    uint16_t *k_turned, *v_turned;  /* (D,T), (E,T) pairs */
    uint16_t *spare;                /* what is to be transposed */
    uint16_t *rows;                 /* a strip (STRIP,T) */
    uint16_t *a, *g;                /* a tile (TILE,T) in pairs */
    real *product;                  /* (STRIP, D or E) */
    real *dv_turned, *dk_turned;    /* (E,T), (D,T) */
};

/* Scratch: what products need, then strips and tiles of rows, then what the
 * edits keep. */
struct work {
    const struct head_products *products;
    union {
        struct reals_room reals;
        struct pairs_room pairs;
    };
    struct rows s, a, g; /* a strip; what `kept` says, twice */
    struct edit_head edits[SCORE_EDITS_MAX];
};

idx work_scratch(const struct attention *at); /* reals */

/* Places everything in scratch (work_scratch) and fills nothing. */
struct work work_at(const struct attention *at, const struct head *head,
                    real *scratch);

void work_open_edits(const struct attention *at, const struct work *w);

/* What query t sees, and what the weight map is told about its row. */
struct span row_span(const struct attention *at, const struct head *head,
                     idx t);
struct weight_row row_of(const struct attention *at, const struct head *head,
                         struct span span, idx t);

/* row_gather - of a row of scores or weights whose first key is at key0:
 * visible keys side by side, the extra column in front. The first keys, if
 * apart, move up to the others, over what is hidden anyway. Returns the row's
 * start. */
real *row_gather(const struct attention *at, real *key0, struct span s);

/* row_scatter - back to their places; what is hidden, up to `end`, is zero. */
void row_scatter(const struct attention *at, real *key0, struct span s,
                 idx end);

/* ds (row's numbers) of the edited scores s becomes that of q.k, in their
 * places. */
void row_edits_backward(const struct attention *at, const struct work *w,
                        real *ds, const real *s, struct span span, idx t);

/* The strip of up to `most` queries from t0 on. */
struct strip strip_at(const struct attention *at, idx t0, idx most);

/* strip_scores - w->s: scores of its queries against the keys they see and the
 * extra column, edited. */
void strip_scores(const struct attention *at, const struct work *w,
                  const struct head *head, const struct strip *p);

static inline struct rows rows_from(struct rows x, idx row)
{
    return (struct rows){ x.key0 + row * x.ld, x.ld };
}

/* y (n) += a x */
static inline void vector_add(real *restrict y, real a, const real *x, idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] += a * x[i];
}

#endif
