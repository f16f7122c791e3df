#include "optim/basis.h"

#include <math.h>
#include <string.h>

#include "optim/update_sums.h"

enum { PANEL = 32, PASSES = 3, START_STEPS = 10 };

idx basis_room(idx n)
{
    return n * n + PANEL * n + n;
}

/* Rows of a panel (B,n) among themselves; its first row is row `first`. */
static void orthonormalise_panel(real *p, idx B, idx n, idx first)
{
    for (idx i = 0; i < B; i++) {
        real *x = p + i * n;
        for (idx j = 0; j < i; j++) {
            real share = (real)sum_products(x, p + j * n, n);
            for (idx k = 0; k < n; k++)
                x[k] -= share * p[j * n + k];
        }
        double norm = sqrt(sum_squares(x, n));
        if (!(norm > 0)) { /* any direction will do: the next pass turns it */
            memset(x, 0, (size_t)n * sizeof *x);
            x[first + i] = 1;
            norm = 1;
        }
        real scale = (real)(1 / norm);
        for (idx k = 0; k < n; k++)
            x[k] *= scale;
    }
}

/* Rows of q (n,n), from the first on; room (PANEL, n). Three passes, as after
 * one of a row that lay among those before it only rounding is left. */
static void orthonormalise(const struct gemm *by, real *q, idx n, real *room)
{
    for (idx i = 0; i < n; i += PANEL) {
        real *p = q + i * n;
        idx B = idx_min(PANEL, n - i);
        for (int pass = 0; pass < PASSES; pass++) {
            if (i > 0) {
                by->nt(room, i, p, n, q, n, B, i, n, 1, 0);
                by->nn(p, n, room, i, q, n, B, n, i, -1, 1);
            }
            orthonormalise_panel(p, B, n, i);
        }
    }
}

void basis_start(const struct gemm *by, real *q, const real *a, idx n,
                 real *room)
{
    double trace = 0;
    for (idx i = 0; i < n; i++)
        trace += (double)a[i * n + i];
    real shift = (real)(trace > 0 ? 0.1 * trace / (double)n : 1);
    memset(q, 0, (size_t)(n * n) * sizeof *q);
    for (idx i = 0; i < n; i++)
        q[i * n + i] = 1;
    for (int step = 0; step < START_STEPS; step++) {
        memcpy(room, q, (size_t)(n * n) * sizeof *q);
        by->nn(q, n, room, n, a, n, n, n, n, 1, shift);
        orthonormalise(by, q, n, room);
    }
}

/* Stable. */
static void sort_falling(int32_t *order, real *value, idx n)
{
    for (idx i = 0; i < n; i++) {
        real v = value[i];
        idx at = i;
        for (; at > 0 && value[at - 1] < v; at--) {
            value[at] = value[at - 1];
            order[at] = order[at - 1];
        }
        value[at] = v;
        order[at] = (int32_t)i;
    }
}

void basis_refine(const struct gemm *by, real *q, int32_t *order, const real *a,
                  idx n, real *room)
{
    real *aq = room, *value = room + n * n + PANEL * n;
    by->nn(aq, n, q, n, a, n, n, n, n, 1, 0);
    for (idx i = 0; i < n; i++)
        value[i] = (real)sum_products(q + i * n, aq + i * n, n);
    sort_falling(order, value, n);
    for (idx i = 0; i < n; i++)
        memcpy(q + i * n, aq + order[i] * n, (size_t)n * sizeof *q);
    orthonormalise(by, q, n, room);
}
