/* gate.h - a sigmoid gate on the heads' outputs, one for each number or one for
 * each head (Qiu et al., arXiv 2505.06708), and the context-aware scale of An
 * et al. (arXiv 2502.06415), which is one for each head times 2.
 *
 * Cannot fail, any thread.
 */
#ifndef SINKLAB_GATE_H
#define SINKLAB_GATE_H

#include "base/base.h"

struct gate {
    idx R;         /* rows */
    idx n;         /* gates in a row: numbers or heads */
    idx width;     /* neighbouring numbers that share a gate: 1, or D */
    real factor;   /* 1; 2 makes a gate of z = 0 do nothing */
    const real *x; /* (R,n*width), rows ld_x apart; backward: not read */
    idx ld_x;
    const real *z; /* (R,n), rows ld_z apart */
    idx ld_z;      /* 0: z (n) for every row, a gate that knows no input */
};

/* gate_forward - y (R,n*width) out, rows ld_y apart; may be x.
 * y[r,i,d] = factor sigmoid(z[r,i]) x[r,i,d] */
void gate_forward(real *y, idx ld_y, const struct gate *g);

/* gate_backward - d (R,n*width), rows ld_d apart, in: gradient of y, out: of x.
 * dz (R,n) out, rows ld_dz apart; with ld_z 0 instead: dz (n) += the sum over
 * rows. y (R,n*width) in: forward's, rows ld_y apart.
 * dx[r,i,d] = factor sigmoid(z[r,i]) dy[r,i,d]
 * dz[r,i] = (1 - sigmoid(z[r,i])) sum_d dy[r,i,d] y[r,i,d] */
void gate_backward(real *restrict d, idx ld_d, real *restrict dz, idx ld_dz,
                   const real *y, idx ld_y, const struct gate *g);

#endif
