/* linear.h - y = x w^T + b, its backward, and gradients as independent tasks.
 *
 * A linear is one matrix of a model, made ready for one library and precision
 * (kern/products.h): w (N,K) row-major, one row an output; b (N) or none. Plain
 * float32 products of OpenBLAS read x, dy and w where they lie. Otherwise
 * weights are packed or rounded when a pass begins (linear_pack), and with
 * bfloat16 forward and backward leave their rounded operands behind for the
 * gradient.
 *
 * The row functions run on the calling thread, one of those of the set, and
 * give each row the same bits however rows are shared out, as they are called
 * for tiles; tasks of one gradient touch separate outputs, so any thread may
 * run any of them, with the same bits.
 */
#ifndef SINKLAB_LINEAR_H
#define SINKLAB_LINEAR_H

#include "base/arena.h"
#include "base/base.h"
#include "kern/onednn.h"
#include "kern/products.h"

/* oneDNN's products are of fixed numbers of rows; others are put together. */
enum { LINEAR_ROWS = 5, LINEAR_SUMS = 6 };

/* c (R,.) = a (R,.) times the weights. */
struct linear_form {
    void *room; /* of the packed weights */
    struct onednn_packed *weights;
    const struct onednn_product *of[LINEAR_ROWS][2]; /* =, += */
};

struct linear {
    idx w, b; /* offsets in flat buffers of parameters; b < 0: none */
    idx N, K;
    struct product_way way;
    /* Rounded operands, NULL if none are. The rows of one call lie dense, from
     * row * x_step numbers on, or row * N. With shares_x another linear, which
     * is run first, rounds x. */
    void *x, *dy;
    idx x_step;
    bool shares_x, has_backward;
    real *rounded; /* (N,K) weights, where they are multiplied as float32 */
    struct linear_form forward, backward;
    const struct onednn_product *sums[LINEAR_SUMS][2]; /* a full task, the
                                                          last one */
};

/* What one is planned for. */
struct linear_request {
    idx w, b, N, K;
    struct product_way way;
    bool has_backward;
    void *x, *dy; /* room for rounded operands (linear_operand), or NULL */
    idx x_step;   /* K; or more, where others use the room in between */
    bool shares_x;
};

/* linear_operand - room for (M,n) numbers of a rounded operand; NULL where none
 * is rounded. linear_plan - place what a linear needs beside that. Measure
 * first. */
void *linear_operand(struct arena *arena, struct product_way way, idx M, idx n);
void linear_plan(struct linear *l, struct arena *arena,
                 const struct linear_request *r);

/* linear_open - make its products in the set, which is NULL where oneDNN makes
 * none. OK, ERR_MEMORY, ERR_TOOL. */
int linear_open(struct linear *l, struct onednn_set *set, struct err *e);

/* Is there anything to do before a pass? linear_pack does it, for the weights
 * in a flat buffer; by any thread. */
bool linear_packs(struct product_way way);
void linear_pack(const struct linear *l, const real *weights);

/* y (R,N) = beta y + x (R,K) w^T + b; beta 0 or 1. row: number of the first in
 * the rounded operand. */
void linear_forward(const struct linear *l, const real *weights, idx row,
                    real *y, const real *x, idx R, real beta);

/* dx (R,K) = dy (R,N) w. */
void linear_backward(const struct linear *l, const real *weights, idx row,
                     real *dx, const real *dy, idx R);

/* dw (N,K) += dy (M,N)^T x (M,K); db (N) += column sums of dy; both where a
 * flat buffer has them. dy, x: where forward and backward read them first;
 * x_row, dy_row: the first of the M rows in the rounded operands. */
struct linear_grad {
    const struct linear *l;
    real *gradients;
    const real *dy, *x;
    idx M, x_row, dy_row;
};

idx linear_grad_tasks(const struct linear_grad *g);
void linear_grad_run(const struct linear_grad *g, idx task);

#endif
