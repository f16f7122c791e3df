/* linear.h - y = x w^T + b, its backward, and gradients as independent tasks.
 *
 * w (N,K) row-major, one row an output; b (N) or NULL. The row functions run on
 * the calling thread; tasks of one gradient touch separate outputs, so any
 * thread may run any of them, with the same bits.
 */
#ifndef SINKLAB_LINEAR_H
#define SINKLAB_LINEAR_H

#include "base/base.h"

/* y (R,N) = beta y + x (R,K) w^T + b; beta 0 or 1. */
void linear_forward(real *y, const real *x, const real *w, const real *b, idx R,
                    idx N, idx K, real beta);

/* dx (R,K) = dy (R,N) w */
void linear_backward(real *dx, const real *dy, const real *w, idx R, idx N,
                     idx K);

/* dw (N,K) += dy (M,N)^T x (M,K); db (N) += column sums of dy. */
struct linear_grad {
    real *dw, *db; /* db may be NULL */
    const real *dy, *x;
    idx M, N, K;
};

idx linear_grad_tasks(const struct linear_grad *g);
void linear_grad_run(const struct linear_grad *g, idx task);

#endif
