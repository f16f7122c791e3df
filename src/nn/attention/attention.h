/* attention.h - one head of attention, forward and backward, in tiles.
 *
 * The pipeline: scores q.k scaled -> edits (score_edit.h) -> visibility
 * (visible.h) -> extra column -> weight map, normaliser and scale, row by row
 * -> mix with v. Query rows are taken a few at a time, so memory grows with T;
 * backward computes the scores again from q and k, so no T x T matrix is ever
 * there. Positions are applied to q and k before (rope.h).
 *
 * What cannot be a map of rows (flow, running sums) stands behind the same
 * three functions as an operation of its own (head_operation).
 */
#ifndef SINKLAB_ATTENTION_H
#define SINKLAB_ATTENTION_H

#include "base/base.h"
#include "kern/products.h"
#include "nn/parts.h"
#include "nn/attention/edits/score_edit.h"
#include "nn/attention/weights/weight_stage.h"
#include "base/op_text.h"
#include "nn/options.h"
#include "nn/visible.h"

struct head_operation;
struct head_terms;

struct attention {
    struct attention_options options;
    const struct head_operation *operation;
    idx T, D, E;   /* rows; width of queries and keys; of values */
    idx H;         /* heads, or pairs of them, that stand in line */
    idx n_extra;   /* extra columns in front of the keys: 0 or 1 */
    idx bias_dims; /* of the extra key that are not zero */
    real scale;    /* attention_scale */
    struct weight_stage weights;
    idx n_edits;
    const struct score_edit *edits[SCORE_EDITS_MAX];
    struct product_way way;  /* of products of rows; zeroed: float32 */
    struct stopwatch *watch; /* NULL: nobody asks where time goes */
};

/* What is read and changed on the way through a head that works row by row.
 * Queries t come in order; what they see is `keys`; key0 is the entry of key 0,
 * with that of the extra column in front. A score of -infinity takes its key
 * out of the row: the map makes the row as if it were not seen. One must be
 * left. What an edit leaves alone keeps its bits. */
struct head_taps {
    real *scores; /* NULL, or (T, n_extra + T) out: what the map reads, the
                     extra column first; -infinity where a key is not seen */
    void (*edit_scores)(void *context, idx t, struct span keys, real *key0);
    void (*edit_weights)(void *context, idx t, struct span keys, real *key0);
    void *context;
};

/* One head of one sequence. Rows of q, k, v and their gradients are ld_qkv
 * apart, rows of o and do ld_o. What the options do not ask for is NULL. */
struct head {
    idx number;        /* 0 .. H-1 */
    const real *q, *k; /* (T,D), positions applied */
    const real *v;     /* (T,E) */
    idx ld_qkv, ld_o;
    const int32_t *documents; /* (T) where each row's document begins */

    const real *column_key;    /* (bias_dims) of the extra column */
    const real *column_value;  /* (E); NULL: zero. bias = value: added to o */
    const real *column_score;  /* (1) instead of a key */
    const real *learned;       /* the weight map's numbers */
    const real *query_numbers; /* (T), ld_query apart: the weight map's */
    idx ld_query;
    const real *edit_learned[SCORE_EDITS_MAX];
    const real *edit_projected[SCORE_EDITS_MAX]; /* (T), ld_projected apart */
    idx ld_projected[SCORE_EDITS_MAX];
    const struct head_terms *terms; /* of the loss; of heads that work row by
                                       row. NULL: none */
    const struct head_taps *taps;   /* of forward, the same */
};

/* Where backward puts gradients. Those of tensors of a head's own are added
 * to; rows are written, unless `adds_`: heads may share keys and values. */
struct head_grads {
    real *dq, *dk, *dv;
    bool adds_k, adds_v;
    real *column_key, *column_value, *column_score, *learned;
    real *query_numbers;
    real *edit_learned[SCORE_EDITS_MAX];
    real *edit_projected[SCORE_EDITS_MAX];
    real share; /* 1 / rows of a whole update */
};

/* Of q.k in heads of width D. */
real attention_scale(const struct attention_options *o, idx D);

/* Heads of width D over T rows. */
struct attention attention_of(const struct model_spec *s, idx T, idx D);

/* Reals of scratch that forward or backward of one head needs. */
idx attention_scratch(const struct attention *at);

/* o (T,E) out. weights: NULL, or (T, n_extra + T) out, the extra column first,
 * zero where a key is not visible (for observers). */
void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch);

/* Gradients from do_ (T,E). */
void attention_backward(const struct attention *at, struct head_grads *grads,
                        const real *do_, const struct head *head,
                        real *scratch);

/* The three functions above, of a head that does not work row by row: there
 * are no scores that a column, an edit or a mask could stand in. The weights it
 * reports are those that make o = weights . v, if there are. */
struct head_operation {
    struct op_text text;
    bool
        has_own_weights; /* not those of [attention] weights, normalizer, scale;
                             they are read as proxy weights */
    bool has_sums; /* a query reads a (D,E) state instead of T keys: FLOPs */
    bool (*is_on)(const struct attention_options *o);
    idx (*scratch)(const struct attention *at);
    void (*forward)(const struct attention *at, real *o,
                    const struct head *head, real *weights, real *scratch);
    void (*backward)(const struct attention *at, struct head_grads *grads,
                     const real *do_, const struct head *head, real *scratch);
};

extern const struct head_operation *const head_operations[]; /* ends NULL */

/* The row that o asks for, the first that is on; NULL: rows of scores. */
const struct head_operation *
attention_operation(const struct attention_options *o);

#endif
