/* pass.h - what the parts of one forward or backward pass share.
 *
 * The functions below that take a pass run inside one parallel region, called
 * by every thread of the team: their loops are divided by `omp for`, over tiles
 * of TILE_ROWS rows, (sequence, head) pairs or gradient tasks. Those that take
 * a tile, or a part that is one thread's own, run on one thread, within a loop
 * that is divided already, and must meet no `omp for` or barrier. Who does what
 * depends on the number of threads, what is added to what never does. Only
 * model_pass.c opens the region.
 */
#ifndef SINKLAB_PASS_H
#define SINKLAB_PASS_H

#include <omp.h>

#include "kern/gemm.h"
#include "nn/attention/head_terms.h"
#include "nn/model/linear.h"
#include "nn/model/model.h"
#include "nn/norms.h"

struct pass {
    const struct model *m;
    struct acts *x;
    const real *w;
    real *dw; /* backward only */
    const struct batch *batch;
    const int32_t *targets, *documents; /* (M) the batch's, by row; or NULL */
    const int32_t *places;              /* (M) of rows; NULL: r % S */
    const real *weights;                /* (M) of the targets */
    idx B, M;                           /* of this pass: M = B * x->S rows */
    double weight;  /* of all targets that the mean is over */
    real scale;     /* of the gradient of a target's loss: 1 / weight */
    real row_share; /* 1 / rows that the mean is over */
    const struct observer *observer; /* NULL: nobody reads */
    struct edits edits;
    idx n_terms; /* of the loss: the model's, or 0: none is asked for */
    double factors[LOSS_TERMS_MAX]; /* by row of loss_terms, as they are now */
    double part;                    /* of the update's sequences */
};

static inline idx pass_tiles(const struct pass *p)
{
    return idx_ceil_div(p->M, TILE_ROWS);
}

/* Rows of a tile that exist. */
static inline idx tile_rows(const struct pass *p, idx tile)
{
    return idx_min(TILE_ROWS, p->M - tile * TILE_ROWS);
}

static inline real *pass_scratch(const struct pass *p)
{
    return p->x->scratch + omp_get_thread_num() * p->x->scratch_n;
}

static inline void pass_mark(const struct pass *p, enum part part)
{
    stopwatch_mark(p->x->watch, part);
}

/* A tensor in a flat buffer, NULL if this model does not have it. */
static inline const real *weight_at(const struct pass *p, idx offset)
{
    return offset == NO_PARAM ? NULL : p->w + offset;
}

static inline real *grad_at(const struct pass *p, idx offset)
{
    return offset == NO_PARAM ? NULL : p->dw + offset;
}

/* Residual stream number i of 0 .. 2L. */
static inline real *pass_stream(const struct pass *p, idx i)
{
    return p->x->x + i * p->x->M * p->m->C;
}

/* The stream that a sublayer or its norm reads: in parallel, both that of the
 * block's start. */
static inline real *pass_sub_stream(const struct pass *p, idx layer,
                                    enum sublayer s)
{
    return pass_stream(p, 2 * layer + (p->m->spec.model.parallel ? 0 : s));
}

/* sum (C) += the partial sums (rows, ld); columns c0 .. c0+n-1. */
void add_partials(real *sum, const real *partials, idx rows, idx ld, idx c0,
                  idx n);

/* Where this model's norms stand. */
static inline const struct norm_place_choice *
norm_place_of(const struct model *m)
{
    return &norm_places[m->spec.model.norm_place];
}

/* Learned numbers in a norm's gain. */
static inline idx pass_gains(const struct model *m)
{
    return norm_gain_numbers(norms[m->spec.model.norm].kernel, m->C);
}

/* y (R,C) = norm of x, statistics kept; for rows of one tile. */
void pass_norm_forward(const struct pass *p, struct norm_params n, real *y,
                       real *stats, const real *x, idx R);

/* dx (R,C) += through the norm; its own gradients' partial sums are written. */
void pass_norm_backward(const struct pass *p, struct norm_params n,
                        enum norm_slot slot, idx tile, real *dx, const real *dy,
                        const real *x, const real *stats, idx R);

/* Gradients of a norm's gain and shift from their per-tile partial sums, by
 * all threads; nothing if the model has no such norm. */
void pass_norm_grads(const struct pass *p, struct norm_params n,
                     enum norm_slot slot);

/* Scratch of row tasks, in front of the stages': what the activation gives, or
 * its gradient (F), then a tile's rows (C) or, before these are there,
 * LINEAR_SUM_ROWS rows of du (U). */
static inline idx pass_row_scratch(const struct model *m)
{
    return TILE_ROWS * idx_max(m->F, m->C) +
           idx_max(TILE_ROWS * m->C, LINEAR_SUM_ROWS * m->U);
}

/* Rows that only a matrix reads, which keeps them rounded: whether a tile of
 * them lies in scratch until then, and where they lie from row0 on, which is a
 * tile's first row. Normed rows stand behind what the activation gives. */
static inline bool acts_keep_rounded(const struct acts *x)
{
    return x->way.rounds && x->is_training && !x->reads && !x->writes;
}

static inline real *pass_normed_rows(const struct pass *p, real *kept, idx row0)
{
    idx C = p->m->C, behind = TILE_ROWS * idx_max(p->m->F, C);
    return kept ? kept + row0 * C : pass_scratch(p) + behind;
}

/* What a sublayer's first matrix reads, from a tile's first row on: normed, or
 * the stream. */
const real *pass_sub_in(const struct pass *p, idx layer, enum sublayer s,
                        idx row0);

/* Rows that heads read, and what the output matrix reads. */
const real *pass_qkv(const struct pass *p, idx layer);
const real *pass_mixed(const struct pass *p, idx layer);

/* Queries, keys and values of one head of one sequence. The map's numbers are
 * gathered in `numbers`. */
struct head pass_head(const struct pass *p, idx layer, idx sequence, idx h,
                      real numbers[MAP_LEARNED_MAX]);

/* --- taps: what is read (taps_read.c) and changed (taps_write.c) on the way --
 *
 * By every thread, as the rest; those of rows wait for each other first if
 * there is anything to do. */

static inline bool pass_reads(const struct pass *p, enum tap tap)
{
    return p->observer && p->observer->reads & TAP_BIT(tap);
}

/* Rows (M,n) at a tap, of one sequence S after the other; n 0: there are none.
 * layer: as struct tap_rows has it. */
struct tap_place {
    real *x;
    idx n;
};
struct tap_place pass_tap(const struct pass *p, enum tap tap, idx layer);

/* Tell the observer of rows, if it reads them. */
void tell_rows(const struct pass *p, enum tap tap, idx layer);
/* All that a block left where it can be told behind it. */
void tell_block(const struct pass *p, idx layer);
/* Of a chunk of logits (R,V): those of rows row0 .. row0+R-1 of the pass. */
void tell_logits(const struct pass *p, const real *logits, idx row0, idx R);
/* Queries, keys and values of a layer with their gradients, dqkv (M,W). */
void tell_head_gradients(const struct pass *p, idx layer, const real *dqkv);

/* What is read of one head of one sequence, in scratch behind attention's. */
struct seen_head {
    idx layer, sequence, h;
    real *weights, *folded, *mass, *pair; /* NULL: not needed */
    real *scores, *pair_out;
};
/* Reals of scratch that this takes. */
idx seen_scratch(const struct model *m, const struct acts *x, idx layer);
struct seen_head seen_head_of(const struct pass *p, idx layer, idx sequence,
                              idx h, real *scratch);
/* Tell of it, once it is filled; o (S,E): what it gives. */
void tell_head(const struct pass *p, const struct seen_head *s,
               const struct head *head, const real *o);

bool pass_edits(const struct pass *p, enum tap tap, idx layer);
/* Is there an edit between the layer's start and end that works on rows? */
bool pass_edits_rows(const struct pass *p, idx layer);
void edit_rows(const struct pass *p, enum tap tap, idx layer);

/* Edits of one head: of what it reads, in copies; of scores and weights, as
 * attention comes to them; of what it gives. */
struct edited_head {
    const struct pass *p;
    idx layer, sequence, h;
    bool edits_scores, edits_weights;
};
idx edited_scratch(const struct model *m, const struct acts *x);
struct edited_head edit_head_inputs(const struct pass *p, idx layer,
                                    idx sequence, idx h, struct head *head,
                                    real *scratch);
void edit_head_scores(void *edited_head, idx t, struct span keys, real *key0);
void edit_head_weights(void *edited_head, idx t, struct span keys, real *key0);
void edit_head_output(const struct edited_head *e, real *o, idx ld);

/* Whole tiles and the sequences whose rows they are (pass_parts.c): those that
 * one thread takes through a block alone, so that what a step leaves is in its
 * cache for the next; or all, shared out anew in each loop. */
struct pass_part {
    idx tile, n_tiles, sequence, n_sequences;
    bool is_own; /* of the calling thread */
};

/* Into how many parts a pass falls; 0: sharing its loops out is as good, or it
 * stops between steps, for taps. */
idx pass_parts(const struct pass *p);
struct pass_part pass_part(const struct pass *p, idx i);
struct pass_part pass_whole(const struct pass *p);

/* A step of a block for each tile of a part. The threads of a whole do not wait
 * for each other at the end: pass_wait is for that, and does nothing in a part
 * of one thread's own. */
void pass_each_tile(const struct pass *p, const struct pass_part *part,
                    idx layer,
                    void (*step)(const struct pass *p, idx layer, idx tile));
void pass_wait(const struct pass_part *part);

/* A head at a time, heads that share values by one thread (heads.c). Shared out
 * as tiles are, but the threads of a whole do wait. */
void heads_forward(const struct pass *p, const struct pass_part *part,
                   idx layer);
/* From stages_dmixed (M,H*E) to back.dqkv[0] (M,W), dprojected, head_grads. */
void heads_backward(const struct pass *p, const struct pass_part *part,
                    idx layer);
/* The heads' own tensors: sums over sequences, in their order. */
void heads_grads(const struct pass *p, idx layer);

/* What a stage sees of a tile (pass_stages.c), but for its input and output. */
struct stage_rows pass_stage_rows(const struct pass *p, idx layer,
                                  const struct block_stage *s, idx tile);

/* Stages of one tile. */
void stages_in_forward(const struct pass *p, idx layer, idx tile);
void stages_out_forward(const struct pass *p, idx layer, idx tile);
/* From back.dmixed[0], gradient of what the output matrix reads, to
 * stages_dmixed, that of the heads' output. In both a tile's rows lie dense
 * from row0 * H*E on, the widest there are. */
void stages_out_backward(const struct pass *p, idx layer, idx tile);
/* From back.dqkv[0] to stages_dqkv. crossing: only the stage that crosses
 * tiles, or only the others. */
void stages_in_backward(const struct pass *p, idx layer, idx tile,
                        bool crossing);
real *stages_dmixed(const struct pass *p, idx layer);
real *stages_dqkv(const struct pass *p, idx layer);
bool stages_cross(const struct pass *p, idx layer);
/* Sums of the tiles' partial sums. */
void stages_grads(const struct pass *p, idx layer);

/* Matrices made ready (acts_linears.c): place what they need, make their
 * products; and, when a pass begins, pack the weights, by all threads. */
void acts_plan_linears(struct acts *x, struct arena *arena,
                       const struct model *m);
int acts_open_linears(struct acts *x, struct err *e);
void pass_pack(const struct pass *p);

void embed_forward(const struct pass *p);
void embed_backward(const struct pass *p); /* from back.dx[SUBLAYERS] */

void block_forward(const struct pass *p, idx layer);
/* back.dx[SUBLAYERS] in: gradient at the block's end; out: at its start (it and
 * dx[0] take turns, swapped by one thread, where they are two). */
void block_backward(const struct pass *p, idx layer);

/* Room for what a pass loses, and scratch that a tile needs; the loss of a
 * tile's rows from their logits (R,V), which with_grad become the gradient of
 * the objective; the means of a whole pass (loss.c). */
void loss_plan(struct acts *x, struct arena *arena, const struct model *m);
idx loss_scratch(const struct model *m, const struct acts *x);
void loss_tile(const struct pass *p, idx tile, real *logits, bool with_grad);
struct pass_loss loss_mean(const struct pass *p);

/* Terms of hidden states (loss_hidden.c), for the rows of a tile behind block
 * `depth`: their values; dx (R,C) += their gradient. */
void loss_hidden_forward(const struct pass *p, idx depth, idx tile);
void loss_hidden_backward(const struct pass *p, idx depth, idx tile, real *dx);

/* Terms of a head's rows (loss_heads.c): what attention is to do about them;
 * NULL: nothing. They live in *t. Behind the rows the means are closed. */
const struct head_terms *loss_head_forward(struct head_terms *t,
                                           const struct pass *p, idx layer,
                                           idx sequence, idx head);
void loss_head_close(const struct pass *p, idx layer, idx sequence, idx head);
const struct head_terms *loss_head_backward(struct head_terms *t,
                                            const struct pass *p, idx layer,
                                            idx sequence, idx head);
/* What the pass gives to the mean of term k. */
double loss_heads_mean(const struct pass *p, idx k);

/* Terms of weights (loss_params.c): room for their parts; their sums, and with
 * gradient dw += theirs, by all threads; what the pass gives to term k. */
idx loss_params_parts(const struct model *m);
void loss_params_pass(const struct pass *p);
double loss_params_sum(const struct pass *p, idx k);

/* Final norm, logits and loss; with_grad: also the gradients of all three, and
 * back.dx[SUBLAYERS], the gradient at the last block's end. */
void unembed_pass(const struct pass *p, bool with_grad);
/* Logits (V) of one row, by one thread. */
void unembed_row(const struct pass *p, real *logits, idx row);

#endif
