/* model.h - a GPT-style language model: what it is made of, what it remembers
 * between forward and backward, and the passes through it.
 *
 *   x0 = token embedding (+ position)                          (M,C), M = B*T
 *   for each block:  x = x + out(attention(norm1(x)))
 *                    x = x + down(f(up(norm2(x))))
 *   logits = head(norm(x));  loss = mean cross-entropy with the targets
 *
 * That is with norm_place = pre; block.c has the others, and parallel = yes.
 * With registers a sequence has S = R + T rows, the learned ones first, and
 * M = B*S.
 *
 * A model owns its parameter table, not the numbers: weights and gradients are
 * flat buffers of table.total reals that the caller gives. All work is done by
 * the threads the activations were planned for; results have the same bits for
 * any number of them. Dimension letters: docs/NOTATION.md.
 */
#ifndef SINKLAB_MODEL_H
#define SINKLAB_MODEL_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "data/batch.h"
#include "kern/products.h"
#include "nn/attention/attention.h"
#include "nn/loss/loss_term.h"
#include "nn/model/linear.h"
#include "nn/model/stage.h"
#include "nn/model/tap.h"
#include "nn/options.h"
#include "nn/param.h"

enum { NO_PARAM = -1 }; /* offset of a tensor this model does not have */

/* A tensor that heads read: one row of n a head, or one for all. Its gradient
 * is summed up a head and sequence at a time. */
enum head_param_kind {
    HEAD_COLUMN_KEY,
    HEAD_COLUMN_VALUE,
    HEAD_COLUMN_SCORE,
    HEAD_WEIGHTS, /* the weight map's numbers, one tensor each */
    HEAD_EDITS = HEAD_WEIGHTS + MAP_LEARNED_MAX, /* in the edits' order */
    HEAD_PARAMS = HEAD_EDITS + SCORE_EDITS_MAX
};

struct head_param {
    idx offset; /* NO_PARAM: this model has none */
    idx n;      /* a head */
    bool is_shared;
    idx at; /* in a head's gradients, (model.head_grads_n) of them */
};

/* Most that the weight map, edits and stages of a block can ask for. */
enum { PROJECTIONS_MAX = 1 + SCORE_EDITS_MAX + 2 * STAGES_MAX };

/* A projection (projection.h) of the block's normed input. */
struct projection_params {
    idx w, b; /* (n,C), (n); b NO_PARAM: none */
    idx n;
};

/* A norm's gain and shift; n gains (kern/norm.h). */
struct norm_params {
    idx gain, shift;
};

/* What a block adds to the residual stream, one after the other. */
enum sublayer { SUB_ATTENTION, SUB_FFN, SUBLAYERS };

/* A block's settings, and offsets of its tensors in the flat buffers. */
struct block_params {
    struct attention_options attention;
    idx partials_n;                       /* of its stages, a tile */
    struct norm_params norm[SUBLAYERS];   /* in front; with norm_place = post:
                                            behind */
    struct norm_params behind[SUBLAYERS]; /* with sandwich and behind */
    idx qkv_w, qkv_b;                     /* (W,C), (W) */
    struct projection_params projections[PROJECTIONS_MAX];
    int n_projections;
    int of_map; /* the projection of the weight map; NO_PROJECTION: none */
    int of_edits[SCORE_EDITS_MAX]; /* and those of the edits that are on */
    struct head_param head_params[HEAD_PARAMS];
    struct block_stage in[STAGES_MAX], out[STAGES_MAX];
    idx n_in, n_out;
    idx O;              /* width of a row that the output matrix reads */
    idx out_w, out_b;   /* (C,O), (C) */
    idx up_w, up_b;     /* (U,C), (U); U = F, or 2F if gated */
    idx down_w, down_b; /* (C,F), (C) */
};

struct model {
    struct model_spec spec;     /* attention's is each block's own */
    idx L, C, H, D, F, U, V, T; /* T: the longest sequence */
    idx K;                      /* heads of keys and values */
    idx E;                      /* width of a value */
    idx W;                      /* of a row of queries, keys, values */
    idx R;                      /* registers in front of a sequence */
    idx views;                  /* heads a layer that observers see */
    idx terms[LOSS_TERMS_MAX];  /* (n_terms) rows of loss_terms whose factor
                                     is ever other than 0 */
    idx n_terms;
    idx head_grads_n, partials_n; /* of the block with most */
    struct param_table table;
    struct block_params *blocks; /* (L) */
    idx token_w, position_w;     /* (V,C), (T,C) */
    idx register_w;              /* (R,C) */
    struct norm_params final;
    idx unembed_w; /* (V,C); = token_w if tied */
};

/* Columns of a row of queries, keys and values. */
static inline idx model_q(const struct model *m, idx head)
{
    return head * m->D;
}

/* Query heads that share keys and values lie side by side. */
static inline idx model_k(const struct model *m, idx head)
{
    return (m->H + head / (m->H / m->K)) * m->D;
}

/* Pairs of differential heads share a value of twice the width. */
static inline idx model_v(const struct model *m, idx head)
{
    idx n_values = m->K * m->D / m->E;
    return (m->H + m->K) * m->D + head / (m->H / n_values) * m->E;
}

/* Query heads that one task works on, because they share keys or values. */
static inline idx model_group(const struct model *m)
{
    return m->H / (m->K * m->D / m->E);
}

/* The matrices of a block, of acts.linears. */
struct block_linears {
    struct linear *qkv, *out, *up, *down;
    struct linear *projections; /* one behind the other */
};

/* What a block works with, and what it keeps for backward. Residual streams are
 * kept apart. What a setting does not need is NULL or stands for its
 * neighbour. */
struct block_acts {
    struct attention attention;
    struct block_linears linears;
    real *column_value;      /* (E) fixed value of the extra column, or NULL */
    real *norm[SUBLAYERS];   /* (M,C) what the norm in front gives; without one:
                              the stream. NULL, as y is, where its linears keep
                              it rounded, and nobody else reads it */
    real *stats[SUBLAYERS];  /* (M,2) of that norm; post: the one behind */
    real *behind[SUBLAYERS]; /* (M,C) what a norm behind gets */
    real *behind_stats[SUBLAYERS];    /* (M,2); post: stats */
    real *projected[PROJECTIONS_MAX]; /* (M,n) */
    real *qkv;                        /* (M,W) as the matrix gave it */
    real *in[STAGES_MAX];  /* (M,W) output of each stage; the last is what
                               heads read */
    real *mixed;           /* (M,H*E) heads side by side; of acts where
                                the output matrix keeps them rounded, and
                                nobody else reads them */
    real *out[STAGES_MAX]; /* output of each stage; the last is what the
                               output matrix reads */
    real *u;               /* (M,U) before the activation */
    real *y;               /* (M,F) after it */
};

/* Norms of a pass that keep partial sums of their gradients apart: a block's,
 * in front of each sublayer and behind it, and the last. */
enum norm_slot {
    SLOT_NORM,
    SLOT_BEHIND = SLOT_NORM + SUBLAYERS,
    SLOT_FINAL = SLOT_BEHIND + SUBLAYERS,
    NORM_SLOTS
};

/* Gradients on their way back; shared by all blocks. */
struct back_acts {
    real *dx[SUBLAYERS + 1]; /* (M,C) at a block's start, middle, end; or one
                                and the same (acts.c) */
    real *dsub[SUBLAYERS];   /* (M,C) of what a sublayer gave to the norm behind
                                it; NULL: there is none */
    real *du;                /* (M,U); NULL where a block's y is */
    real *dprojected[PROJECTIONS_MAX]; /* (M,n) */
    real *dmixed[2];                   /* (M, widest); stages take turns */
    real *dqkv[2];                     /* (M,W) */
    real *dv;         /* (M,W) stages behind the heads add values'
                                      gradients here; NULL: none does */
    real *dv_first;   /* (M,W) for the first block's values */
    real *head_grads; /* (B,H,head_grads_n) */
    real *partials;   /* (tiles,partials_n) of the stages */
    /* (tiles,gains), (tiles,C) partial sums; dshift NULL: norms have none */
    real *dgain[NORM_SLOTS], *dshift[NORM_SLOTS];
};

/* Everything a pass over up to B sequences of T tokens works on. */
struct acts {
    idx B, T; /* planned; a pass may use fewer sequences */
    idx S, M; /* rows a sequence: registers + T; M = B*S */
    int threads;
    bool is_training;
    int reads, writes;            /* taps that there is room to read, to edit */
    int32_t *targets, *documents; /* (M) those of the batch, by row; NULL where
                                     rows are tokens, or there are none */
    int32_t *places;              /* (M) of rows, the same */
    real *weights;                /* (M) of targets, the same */
    real *x;                      /* (2L+1, M, C) residual stream: x0, after
                                  attention 0, after block 0, ... */
    real *sub, *sub_before;       /* (M,C) what a sublayer adds to it, as edits
                                     leave it and before them; NULL: nobody
                                     asks */
    struct block_acts *blocks;    /* (L) */
    real *mixed;                  /* (M,H*E) of one block at a time; NULL:
                                     each keeps its own */
    real *final, *final_stats;    /* (M,C), (M,2); final: NULL as norm is */
    real *loss; /* (M) nats of each target; 0: does not count */
    real *terms[LOSS_TERMS_MAX]; /* (M) values of each row, of terms that work
                                    on them; training only */
    double *term_parts[LOSS_TERMS_MAX]; /* (L,B,H) means over a sequence's rows,
                                           of those that work on heads; (parts)
                                           sums, of those on weights */
    real *logits;                       /* (unembed_chunk_rows, V) */
    real *dfinal;                       /* (M,C) */
    struct back_acts back;
    real *rope;             /* (S, turned dimensions), or NULL */
    real *sinusoid;         /* (T,C), or NULL */
    struct product_way way; /* how products are made */
    struct linear *linears; /* (n_linears) all matrices */
    struct linear *unembed; /* the last of them */
    idx n_linears;
    struct onednn_set *set; /* owned; NULL: oneDNN makes none */
    void *scratch_onednn;
    struct stopwatch *watch; /* NULL: nobody asks where time goes */
    real *scratch;           /* (threads, scratch_n) */
    idx scratch_n;
};

/* Settings of one layer. */
static inline struct model_spec model_layer(const struct model *m, idx layer)
{
    struct model_spec spec = m->spec;
    spec.attention = m->blocks[layer].attention;
    return spec;
}

/* The same for its stages. */
struct stage_block model_stage_block(const struct model *m, idx layer);

/* Do observers of a layer see a column of what goes to no token? */
bool model_shows_extra(const struct model *m, idx layer);

/* model_init - declare the parameters of a model with V tokens. Layers with
 * settings of their own (spec->layers) must agree in those that shape the rows
 * between blocks, the views of observers and the batch. OK or ERR_CONFIG
 * (model_spec_check), ERR_MEMORY. Release in any state. */
int model_init(struct model *m, const struct model_spec *spec, idx V,
               struct err *e);
void model_release(struct model *m);

/* What passes are to do. */
struct acts_request {
    idx B, T; /* at most so many sequences, of T <= m->T tokens */
    int threads;
    bool is_training;  /* gradients, terms of the loss */
    int reads, writes; /* bits of the taps that observers may read, edits may
                          change */
    struct product_way way; /* how products are made */
};

/* acts_plan - place buffers; run it on a measuring arena first. */
void acts_plan(struct acts *x, struct arena *arena, const struct model *m,
               const struct acts_request *r);

/* acts_open - measure, allocate, place, fill constant tables, make products
 * ready. OK, ERR_MEMORY, ERR_TOOL; without oneDNN (way.is_onednn) releasing the
 * arena is all that acts_close leaves to do. */
int acts_open(struct acts *x, struct arena *arena, const struct model *m,
              const struct acts_request *r, struct err *e);

/* In any state. */
void acts_close(struct acts *x);

/* acts_watch - from now on, book where time goes; NULL: no more. */
void acts_watch(struct acts *x, const struct model *m, struct stopwatch *watch);

/* What the model asks of batches of T tokens: targets that a prefix lets their
 * query see do not count, nor those out of the range that is trained on.
 * Whether positions restart is not the model's to
 * say. */
struct batch_rules model_batch_rules(const struct model *m, idx T);

/* What a pass found, in means over targets by their weights. The cross-entropy,
 * in nats, is what is reported; the objective is what gradients are of: that,
 * and each term that training adds to it times its factor. */
struct pass_loss {
    double cross_entropy, objective;
    double terms[LOSS_TERMS_MAX]; /* by row of loss_terms; 0 of those that are
                                     off */
};

/* sum += loss, term by term. */
static inline void pass_loss_add(struct pass_loss *sum, struct pass_loss loss)
{
    sum->cross_entropy += loss.cross_entropy;
    sum->objective += loss.objective;
    for (idx i = 0; i < LOSS_TERMS_MAX; i++)
        sum->terms[i] += loss.terms[i];
}

/* Edits of a forward pass, in their order; all their taps are among those of
 * acts_request. */
struct edits {
    const struct tap_edit *list;
    idx n;
};

/* model_check_edits - are the edits' points there? OK or ERR_CONFIG: a head
 * that works on running sums has no rows of scores, and without a norm in front
 * nothing normed is there. */
int model_check_edits(const struct model *m, const struct edits *edits,
                      struct err *e);

/* model_forward_loss - forward pass over a batch of x->T tokens and up to x->B
 * sequences; fills x->loss. No term is added: the objective is the
 * cross-entropy. Without targets that count both means are 0.
 * edits: NULL, or to be applied. */
struct pass_loss model_forward_loss(const struct model *m, const real *w,
                                    struct acts *x, const struct batch *b,
                                    const struct edits *edits);

/* model_logits - of the tokens behind one place of each sequence: logits
 * (B,V). Of what stands behind the place nothing counts but with a prefix.
 * edits: NULL, or to be applied. */
void model_logits(const struct model *m, const real *w, struct acts *x,
                  const struct batch *b, idx place, const struct edits *edits,
                  real *logits);

/* model_forward_objective - model_forward_loss with all terms, as they are
 * after so many updates: what gradients are held against. x was planned for
 * training. */
struct pass_loss model_forward_objective(const struct model *m, const real *w,
                                         struct acts *x, const struct batch *b,
                                         idx updates);

/* model_observe - forward pass of the blocks alone, and of the head if logits
 * or losses are read; tells the observer, whose taps are among those of
 * acts_request. Hidden states stay in x. The batch needs no targets, but for
 * losses. edits: NULL, or to be applied. */
void model_observe(const struct model *m, const real *w, struct acts *x,
                   const struct batch *b, const struct observer *observer,
                   const struct edits *edits);

/* model_observe_gradients - forward and backward pass of the batch's mean
 * cross-entropy, telling the observer of both; it does not read logits.
 * dw (table.total) += the gradient. x was planned for training, too. */
struct pass_loss model_observe_gradients(const struct model *m, const real *w,
                                         real *dw, struct acts *x,
                                         const struct batch *b,
                                         const struct observer *observer);

/* model_backward_loss - forward and backward pass over a batch, all of an
 * update or one of its micro-batches.
 * dw (table.total) += its part of the gradient of the update's objective.
 * of: the whole update. What comes back is this batch's part of the update's
 * means: they add up over its micro-batches. */
struct pass_loss model_backward_loss(const struct model *m, const real *w,
                                     real *dw, struct acts *x,
                                     const struct batch *b,
                                     struct batch_total of);

/* Nats of the targets of one sequence of the last pass (T); 0 where one does
 * not count. */
const real *acts_losses(const struct acts *x, const struct model *m,
                        idx sequence);

/* Residual stream after `depth` blocks (0: embedding) of the tokens of one
 * sequence: (T,C). */
const real *acts_hidden(const struct acts *x, const struct model *m, idx depth,
                        idx sequence);

/* Floating-point operations a token of one training step needs (forward and
 * backward): 6 x parameters in matrix products + 6 L T C of causal attention,
 * or 12 L D H D where it is running sums; C = H D */
double model_flops_per_token(const struct model *m, idx T);

#endif
