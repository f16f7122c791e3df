#include "nn/model/linear.h"

#include "kern/gemm.h"

enum {
    TASK_OUTPUTS = 128, /* rows of dw a task; a constant for fixed bits */
    SUM_ROWS = 64,      /* rows a partial column sum covers */
};

void linear_forward(real *y, const real *x, const real *w, const real *b, idx R,
                    idx N, idx K, real beta)
{
    gemm_nt(y, N, x, K, w, K, R, N, K, 1, beta);
    if (!b)
        return;
    for (idx r = 0; r < R; r++) {
#pragma omp simd
        for (idx n = 0; n < N; n++)
            y[r * N + n] += b[n];
    }
}

void linear_backward(real *dx, const real *dy, const real *w, idx R, idx N,
                     idx K)
{
    gemm_nn(dx, K, dy, N, w, K, R, K, N, 1, 0);
}

idx linear_grad_tasks(const struct linear_grad *g)
{
    return idx_ceil_div(g->N, TASK_OUTPUTS);
}

/* db (N) += sums over M rows of dy, whose rows are ld apart. Partial sums of
 * SUM_ROWS rows keep the float error small. */
static void column_sums(real *db, const real *dy, idx ld, idx M, idx N)
{
    for (idx m0 = 0; m0 < M; m0 += SUM_ROWS) {
        real part[TASK_OUTPUTS] = { 0 };
        for (idx m = m0; m < idx_min(m0 + SUM_ROWS, M); m++) {
#pragma omp simd
            for (idx n = 0; n < N; n++)
                part[n] += dy[m * ld + n];
        }
        for (idx n = 0; n < N; n++)
            db[n] += part[n];
    }
}

void linear_grad_run(const struct linear_grad *g, idx task)
{
    idx n0 = task * TASK_OUTPUTS, n = idx_min(TASK_OUTPUTS, g->N - n0);
    gemm_tn(g->dw + n0 * g->K, g->K, g->dy + n0, g->N, g->x, g->K, n, g->K,
            g->M, 1, 1);
    if (g->db)
        column_sums(g->db + n0, g->dy + n0, g->N, g->M, n);
}
