/* model.h - a GPT-style language model: what it is made of, what it remembers
 * between forward and backward, and the three things one can ask of it.
 *
 *   x0 = token embedding (+ position)                          (M,C), M = B*T
 *   for each block:  x = x + out(attention(norm1(x)))
 *                    x = x + down(f(up(norm2(x))))
 *   logits = head(norm(x));  loss = mean cross-entropy with the targets
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
#include "nn/attention.h"
#include "nn/options.h"
#include "nn/param.h"

enum { NO_PARAM = -1 }; /* offset of a tensor this model does not have */

/* Offsets of a block's tensors in the flat buffers. */
struct block_params {
    idx norm1_gain, norm1_shift; /* (C) */
    idx qkv_w, qkv_b;            /* (3C,C), (3C): queries, keys, values */
    idx column_key;              /* (H,D): the extra column's keys */
    idx out_w, out_b;            /* (C,C), (C) */
    idx norm2_gain, norm2_shift; /* (C) */
    idx up_w, up_b;              /* (U,C), (U); U = F, or 2F if gated */
    idx down_w, down_b;          /* (C,F), (C) */
};

struct model {
    struct model_options options;
    struct attention_options attention;
    idx L, C, H, D, F, U, V, T; /* T: the longest sequence */
    struct param_table table;
    struct block_params *blocks; /* (L) */
    idx token_w, position_w;     /* (V,C), (T,C) */
    idx final_gain, final_shift; /* (C) */
    idx head_w;                  /* (V,C); = token_w if tied */
};

/* What one head computed, for metrics. Row r of a tensor with leading
 * dimension ld starts at r * ld. */
struct head_view {
    idx layer, head, sequence; /* sequence within the batch */
    idx T, D, n_extra;
    const real *weights;   /* (T, n_extra + T), extra column first */
    const real *q, *k, *v; /* (T,D), positions applied */
    idx ld_qkv;
};

/* Called once a (layer, sequence, head), from any thread, in any order. */
struct head_observer {
    void (*see)(void *context, const struct head_view *view);
    void *context;
};

/* What a block keeps for backward. Residual streams are kept apart. */
struct block_acts {
    real *norm1, *stats1; /* (M,C), (M,2) */
    real *qkv;            /* (M,3C), positions applied to q and k */
    real *mixed;          /* (M,C), heads side by side */
    real *norm2, *stats2; /* (M,C), (M,2) */
    real *u;              /* (M,U) before the activation */
    real *y;              /* (M,F) after it */
};

/* Gradients on their way back; shared by all blocks. */
struct back_acts {
    real *dx_out, *dx_mid, *dx_in; /* (M,C) at a block's end, middle, start */
    real *du;                      /* (M,U) */
    real *dmixed;                  /* (M,C) */
    real *dqkv;                    /* (M,3C) */
    real *dcolumn;                 /* (B,H,D) */
    real *dgain1, *dshift1;        /* (tiles,C) partial sums of norm1, norm2 */
    real *dgain2, *dshift2;
};

/* Everything a pass over up to B sequences of T tokens works on. */
struct acts {
    idx B, T, M; /* planned; a pass may use fewer sequences */
    int threads;
    bool is_training, is_observing;
    int32_t *tokens, *targets; /* (M), filled by the caller */
    real *x;                   /* (2L+1, M, C) residual stream: x0, after
                                  attention 0, after block 0, ... */
    struct block_acts *blocks; /* (L) */
    real *final, *final_stats; /* (M,C), (M,2) */
    real *loss;                /* (M) nats of each target */
    real *logits;              /* (head rows, V) */
    real *dfinal;              /* (M,C) */
    struct back_acts back;
    real *rope; /* (T,D), or NULL */
    struct attention attention;
    real *scratch; /* (threads, scratch_n) */
    idx scratch_n;
};

/* model_init - declare the parameters of a model with V tokens.
 * OK or ERR_CONFIG (model_options_check). Release in any state. */
int model_init(struct model *m, const struct model_options *o,
               const struct attention_options *a, idx V, struct err *e);
void model_release(struct model *m);

/* acts_plan - place buffers for B sequences of T <= m->T tokens; run it on a
 * measuring arena first. is_observing: keep room for whole weight matrices. */
void acts_plan(struct acts *x, struct arena *arena, const struct model *m,
               idx B, idx T, int threads, bool is_training, bool is_observing);

/* acts_open - measure, allocate, place, fill constant tables. OK, ERR_MEMORY */
int acts_open(struct acts *x, struct arena *arena, const struct model *m, idx B,
              idx T, int threads, bool is_training, bool is_observing,
              struct err *e);

/* model_forward_loss - forward pass over the first B sequences of x->tokens;
 * fills x->loss. Returns the mean loss over them, nats a token. */
double model_forward_loss(const struct model *m, const real *w, struct acts *x,
                          idx B);

/* model_observe - forward pass of the blocks alone, telling the observer of
 * every head; hidden states stay in x. x was planned as observing. */
void model_observe(const struct model *m, const real *w, struct acts *x, idx B,
                   const struct head_observer *observer);

/* model_backward_loss - forward and backward pass over x->B sequences.
 * dw (table.total) += share * gradient of the mean loss. Returns that loss.
 * share: 1 / number of micro-batches that make an update. */
double model_backward_loss(const struct model *m, const real *w, real *dw,
                           struct acts *x, double share);

/* Residual stream after `depth` blocks (0: embedding): (M,C). */
const real *acts_hidden(const struct acts *x, const struct model *m, idx depth);

/* Floating-point operations a token of one training step needs (forward and
 * backward): 6 x parameters in matrix products + 6 L T C of causal
 * attention. */
double model_flops_per_token(const struct model *m, idx T);

#endif
