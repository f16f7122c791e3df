/* linear.h - y = x w^T + b, its backward, and gradients as independent tasks.
 *
 * A linear is one matrix of a model, made ready for one library and precision
 * (kern/products.h): w (N,K) row-major, one row an output; b (N) or none. Plain
 * float32 products of OpenBLAS read x, dy and w where they lie. Otherwise
 * weights are packed or rounded when a pass begins (linear_pack), and with
 * bfloat16 x and dy are taken over, rounded, before a product reads them, and
 * stay for the gradient. That of b is made of sums that are taken of dy then,
 * while its rows are in the cache.
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

/* Rows of dy that a partial sum covers, few, which keeps float errors small;
 * and that activations are worked on at a time, so that they stay in the cache
 * until they are taken over. */
enum { LINEAR_SUM_ROWS = 64 };

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
    real *dy_sums; /* (parts,N), LINEAR_SUM_ROWS rows each */
    real *rounded; /* (N,K) weights, where they are multiplied as float32 */
    real *packed;  /* those of our own forward product, or NULL */
    struct linear_form forward, backward;
    const struct onednn_product *sums[LINEAR_SUMS][2]; /* a full task, the
                                                          last one */
};

/* What one is planned for. */
struct linear_request {
    idx w, b, N, K;
    struct product_way way;
    bool has_backward;
    void *x, *dy;  /* room for rounded operands (linear_operand), or NULL */
    real *dy_sums; /* room (linear_sums); for the gradient of a bias */
    idx x_step;    /* K; or more, where others use the room in between */
    bool shares_x;
};

/* linear_operand - room for (M,n) numbers of a rounded operand; NULL where none
 * is rounded. linear_sums - room for sums of M rows of dy, n wide. linear_plan
 * - place what a linear needs beside that. Measure first. */
void *linear_operand(struct arena *arena, struct product_way way, idx M, idx n);
real *linear_sums(struct arena *arena, idx M, idx n);
void linear_plan(struct linear *l, struct arena *arena,
                 const struct linear_request *r);

/* linear_open - make its products in the set, which is NULL where oneDNN makes
 * none. OK, ERR_MEMORY, ERR_TOOL. */
int linear_open(struct linear *l, struct onednn_set *set, struct err *e);

/* Is there anything to do before a pass? linear_pack does it, for the weights
 * in a flat buffer; by any thread. */
bool linear_packs(struct product_way way);
void linear_pack(const struct linear *l, const real *weights);

/* Take over x (R,K) or dy (R,N), which are rows number `row` and on: what the
 * products below, and gradients, need of them. That may be a part of the rows
 * of a product, where x_step is K. Of dy row is a multiple of LINEAR_SUM_ROWS,
 * as R is unless the pass ends there. */
void linear_take_x(const struct linear *l, idx row, const real *x, idx R);
void linear_take_dy(const struct linear *l, idx row, const real *dy, idx R);

/* y (R,N) = beta y + x (R,K) w^T + b; beta 0 or 1. x is read only where none is
 * rounded. linear_forward takes it first. */
void linear_y(const struct linear *l, const real *weights, idx row, real *y,
              const real *x, idx R, real beta);
void linear_forward(const struct linear *l, const real *weights, idx row,
                    real *y, const real *x, idx R, real beta);

/* dx (R,K) = dy (R,N) w. dy is read only where none is rounded. linear_backward
 * takes it first. */
void linear_dx(const struct linear *l, const real *weights, idx row, real *dx,
               const real *dy, idx R);
void linear_backward(const struct linear *l, const real *weights, idx row,
                     real *dx, const real *dy, idx R);

/* dw (N,K) += dy (M,N)^T x (M,K); db (N) += column sums of dy; both where a
 * flat buffer has them, behind linear_take_dy. dy, x: where it was taken from,
 * read only where none is rounded; x_row, dy_row: the first of the M rows among
 * those taken. */
struct linear_grad {
    const struct linear *l;
    real *gradients;
    const real *dy, *x;
    idx M, x_row, dy_row;
    idx blocks; /* of outputs that a task takes, 0 is 1: more read x less often,
                   and leave less to share out. Bits do not depend on it */
};

idx linear_grad_tasks(const struct linear_grad *g);
void linear_grad_run(const struct linear_grad *g, idx task);

#endif
