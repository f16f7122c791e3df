/* attention.h - one head of causal attention, forward and backward, in tiles.
 *
 * The pipeline: scores q.k scaled -> visibility -> extra column -> weight map
 * and normaliser, row by row -> mix with v. Query rows are taken a few at
 * a time against the keys they can see, so memory grows with T; backward
 * computes the scores again from q and k, so no T x T matrix is ever there.
 * Positions are applied to q and k before (rope.h).
 */
#ifndef SINKLAB_ATTENTION_H
#define SINKLAB_ATTENTION_H

#include "base/base.h"
#include "base/laps.h"
#include "nn/options.h"
#include "nn/weights.h"

struct attention {
    idx T, D;
    idx n_extra; /* extra columns in front of the keys: 0 or 1 */
    real scale;  /* 1/sqrt(D) */
    struct weight_stage weights;
    struct laps *laps; /* NULL: nobody asks where time goes */
};

/* One head of one sequence. Rows of q, k, v and their gradients are ld_qkv
 * apart, rows of o and do ld_o. */
struct head {
    const real *q, *k, *v;  /* (T,D), positions applied */
    const real *column_key; /* (D) of the extra column, or NULL */
    idx ld_qkv, ld_o;
};

struct attention attention_of(const struct attention_options *o, idx T, idx D);

/* Reals of scratch that forward or backward of one head needs. */
idx attention_scratch(const struct attention *at);

/* o (T,D) out. weights: NULL, or (T, n_extra + T) out, the extra column first,
 * zero where a key is not visible (analysis only). */
void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch);

/* dq, dk, dv (T,D) out (written), from do_ (T,D); dcolumn_key (D) out, or NULL
 * where there is no extra column. */
void attention_backward(const struct attention *at, real *dq, real *dk,
                        real *dv, real *dcolumn_key, const real *do_,
                        const struct head *head, real *scratch);

#endif
