/* attention_rows.h - what attention_forward.c and attention_backward.c share:
 * scratch of one head, scores of a strip of queries, rows as the weight map
 * sees them.
 *
 * Scratch is one thread's. Nothing here can fail.
 */
#ifndef SINKLAB_ATTENTION_ROWS_H
#define SINKLAB_ATTENTION_ROWS_H

#include "kern/small.h"
#include "nn/attention/attention.h"
#include "kern/rows.h"
#include "nn/visible.h"

/* Constants, for fixed bits. Few rows a strip, because a strip's products stop
 * at the last key it sees; more rows a tile, because a tile reads and writes
 * all of dk and dv once. */
enum {
    ROWS_STRIP = 12,            /* query rows scored at a time */
    ROWS_TILE = 2 * ROWS_STRIP, /* whose share of dk, dv is added at a time */
    ROWS_LEAD = 16, /* reals before key 0 of a row, so that it is aligned; the
                       extra column is the last of them */
};

/* Rows of scores or weights, ld reals apart; `key0` is the first row's value
 * for key 0. */
struct rows {
    real *key0;
    idx ld;
};

/* Scratch: one head's tensors without jumps, then strips and tiles of rows,
 * then what the edits keep. */
struct work {
    real *k_panels, *v_panels; /* (D or E, padded T), transposed */
    real *q, *k, *v, *do_;     /* (T,D), (T,D), (T,E), (T,E) */
    struct rows s, a, g;       /* STRIP, TILE and TILE rows */
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

/* strip_product - x (R, 0..n_keys) = factor * left (R,K) times a transposed
 * tensor in panels; what lies behind n_keys, up to the padding, is overwritten.
 */
void strip_product(struct rows x, struct small_left left, const real *panels,
                   idx R, idx n_keys, idx K, real factor);

/* strip_scores - w->s: scores of queries t0 .. t0+R-1 against the keys they see
 * and the extra column, edited. */
void strip_scores(const struct attention *at, const struct work *w,
                  const struct head *head, idx t0, idx R, idx n_keys);

static inline struct rows rows_from(struct rows x, idx row)
{
    return (struct rows){ x.key0 + row * x.ld, x.ld };
}

static inline struct small_left rows_left(struct rows x)
{
    return (struct small_left){ x.key0, x.ld, 1 };
}

static inline struct small_left rows_left_transposed(struct rows x)
{
    return (struct small_left){ x.key0, 1, x.ld };
}

/* y (n) += a x */
static inline void vector_add(real *restrict y, real a, const real *x, idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] += a * x[i];
}

#endif
