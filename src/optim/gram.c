#include "optim/gram.h"

enum { ROWS = 64 };

static void mirror(real *c, idx n)
{
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j < i; j++)
            c[j * n + i] = c[i * n + j];
}

void gram_rows(const struct gemm *by, real *c, const real *x, idx R, idx K,
               real alpha, real beta)
{
    for (idx i = 0; i < R; i += ROWS) {
        idx n = idx_min(ROWS, R - i);
        by->nt(c + i * R, R, x + i * K, K, x, K, n, i + n, K, alpha, beta);
    }
    mirror(c, R);
}

void gram_columns(const struct gemm *by, real *c, const real *x, idx R, idx K,
                  real alpha, real beta)
{
    for (idx i = 0; i < K; i += ROWS) {
        idx n = idx_min(ROWS, K - i);
        by->tn(c + i * K, K, x + i, K, x, K, n, i + n, R, alpha, beta);
    }
    mirror(c, K);
}

void gram_product(const struct gemm *by, real *c, const real *a, const real *b,
                  idx n)
{
    for (idx i = 0; i < n; i += ROWS) {
        idx rows = idx_min(ROWS, n - i);
        by->nn(c + i * n, n, a + i * n, n, b, n, rows, i + rows, n, 1, 0);
    }
    mirror(c, n);
}
