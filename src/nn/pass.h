/* pass.h - what the parts of one forward or backward pass share.
 *
 * The functions below that take a pass run inside one parallel region, called
 * by every thread of the team: their loops are divided by `omp for`, over tiles
 * of TILE_ROWS rows, (sequence, head) pairs or gradient tasks, none of which
 * depend on the number of threads. Only model_pass.c opens the region.
 */
#ifndef SINKLAB_PASS_H
#define SINKLAB_PASS_H

#include <omp.h>

#include "kern/gemm.h"
#include "nn/model.h"

struct pass {
    const struct model *m;
    struct acts *x;
    const real *w;
    real *dw;   /* backward only */
    idx B, M;   /* of this pass: M = B * x->T rows */
    real scale; /* of the loss's gradient: share / M */
    const struct head_observer *observer;
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
    laps_mark(p->x->attention.laps, part);
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

/* sum (C) += the partial sums (tiles,C); columns c0 .. c0+n-1. */
void add_partials(real *sum, const real *partials, idx tiles, idx C, idx c0,
                  idx n);

/* Gradients of a norm's gain and shift from their per-tile partial sums, by
 * all threads. */
void pass_norm_grads(const struct pass *p, idx gain, idx shift,
                     const real *dgain, const real *dshift);

/* Queries, keys and values of one head of one sequence. */
struct head pass_head(const struct pass *p, idx layer, idx sequence, idx h);

void embed_forward(const struct pass *p);
void embed_backward(const struct pass *p); /* from back.dx_out */

void block_forward(const struct pass *p, idx layer);
/* back.dx_out in: gradient at the block's end; out: at its start (it and
 * dx_in take turns, swapped by one thread). */
void block_backward(const struct pass *p, idx layer);

/* Final norm, head and loss; with_grad: also the gradients of all three, and
 * back.dx_out, the gradient at the last block's end. */
void head_pass(const struct pass *p, bool with_grad);

#endif
