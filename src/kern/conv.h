/* conv.h - causal convolution over time, each channel with a filter of its own
 * (Sugiharto et al., arXiv 2308.03429): a token's queries, keys and values mix
 * with those of the few tokens before it.
 *
 * The filters are those of one head and serve all heads. A call works on some
 * rows of a sequence and reads their neighbours: forward the K-1 rows before
 * them, backward those behind them, as far as they are of the same sequence;
 * what is outside of it counts as 0. Cannot fail, any thread.
 */
#ifndef SINKLAB_CONV_H
#define SINKLAB_CONV_H

#include "base/base.h"

enum { CONV_TAPS_MAX = 32 };

struct conv {
    idx T, H, D;   /* rows; H heads of D, side by side */
    idx K;         /* taps, 1..CONV_TAPS_MAX; tap 0 is the row itself */
    idx before;    /* rows of the sequence in front of x */
    idx after;     /* backward: behind the last row of dy */
    const real *x; /* (T,H*D), rows ld_x apart */
    idx ld_x;
    const real *w; /* (K,D) */
    const real *b; /* (D); NULL: none */
};

/* conv_forward - y (T,H*D) out, rows ld_y apart; must not overlap x, which
 * backward needs.
 * y[t,h,d] = b[d] + sum_{i < K} w[i,d] x[t-i,h,d], 0 in front of the sequence
 * A row's bits do not depend on which rows are worked on with it. */
void conv_forward(real *restrict y, idx ld_y, const struct conv *c);

/* conv_backward - dx (T,H*D) out, rows ld_dx apart; dy (T,H*D) in, rows ld_dy
 * apart; dx must not overlap dy. dw (K,D), db (D) += theirs; db NULL if there
 * is no b.
 * dx[t,h,d] = sum_{i < K} w[i,d] dy[t+i,h,d], 0 behind the sequence
 * dw[i,d] += sum_{t,h} dy[t,h,d] x[t-i,h,d],  db[d] += sum_{t,h} dy[t,h,d] */
void conv_backward(real *restrict dx, idx ld_dx, real *restrict dw,
                   real *restrict db, const real *dy, idx ld_dy,
                   const struct conv *c);

#endif
