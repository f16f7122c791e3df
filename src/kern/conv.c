#include "kern/conv.h"

/* Channels whose sums are kept at hand. */
enum { BLOCK = 64 };

static idx block_at(const struct conv *c, idx d0)
{
    return idx_min(BLOCK, c->D - d0);
}

static void forward_row(real *restrict y, const struct conv *c, idx t, idx h,
                        idx d0)
{
    const real *x = c->x + t * c->ld_x + h * c->D + d0;
    idx taps = idx_min(c->K, c->before + t + 1), n = block_at(c, d0);
    real sum[BLOCK];
    for (idx i = 0; i < n; i++)
        sum[i] = c->b ? c->b[d0 + i] : 0;
    for (idx k = 0; k < taps; k++) {
        const real *earlier = x - k * c->ld_x, *w = c->w + k * c->D + d0;
#pragma omp simd
        for (idx i = 0; i < n; i++)
            sum[i] += w[i] * earlier[i];
    }
    for (idx i = 0; i < n; i++)
        y[i] = sum[i];
}

void conv_forward(real *restrict y, idx ld_y, const struct conv *c)
{
    BUG_ON(c->K < 1 || c->K > CONV_TAPS_MAX);
    for (idx t = 0; t < c->T; t++)
        for (idx h = 0; h < c->H; h++)
            for (idx d0 = 0; d0 < c->D; d0 += BLOCK)
                forward_row(y + t * ld_y + h * c->D + d0, c, t, h, d0);
}

/* Sums over time and heads first, then one addition to dw and db. */
static void filter_grads(real *restrict dw, real *restrict db, const real *dy,
                         idx ld_dy, const struct conv *c, idx d0)
{
    idx n = block_at(c, d0);
    real sum[CONV_TAPS_MAX][BLOCK] = { 0 }, sum_b[BLOCK] = { 0 };
    for (idx t = 0; t < c->T; t++) {
        idx taps = idx_min(c->K, c->before + t + 1);
        for (idx h = 0; h < c->H; h++) {
            idx column = h * c->D + d0;
            const real *g = dy + t * ld_dy + column;
            for (idx k = 0; k < taps; k++) {
                const real *x = c->x + (t - k) * c->ld_x + column;
#pragma omp simd
                for (idx i = 0; i < n; i++)
                    sum[k][i] += g[i] * x[i];
            }
            for (idx i = 0; i < n; i++)
                sum_b[i] += g[i];
        }
    }
    for (idx i = 0; i < n; i++) {
        for (idx k = 0; k < c->K; k++)
            dw[k * c->D + d0 + i] += sum[k][i];
        if (db)
            db[d0 + i] += sum_b[i];
    }
}

static void backward_row(real *restrict dx, const real *dy, idx ld_dy,
                         const struct conv *c, idx t, idx d0)
{
    idx taps = idx_min(c->K, c->T - t + c->after), n = block_at(c, d0);
    real sum[BLOCK] = { 0 };
    for (idx k = 0; k < taps; k++) {
        const real *later = dy + k * ld_dy, *w = c->w + k * c->D + d0;
#pragma omp simd
        for (idx i = 0; i < n; i++)
            sum[i] += w[i] * later[i];
    }
    for (idx i = 0; i < n; i++)
        dx[i] = sum[i];
}

void conv_backward(real *restrict dx, idx ld_dx, real *restrict dw,
                   real *restrict db, const real *dy, idx ld_dy,
                   const struct conv *c)
{
    BUG_ON(c->K < 1 || c->K > CONV_TAPS_MAX);
    for (idx d0 = 0; d0 < c->D; d0 += BLOCK) {
        filter_grads(dw, db, dy, ld_dy, c, d0);
        for (idx t = 0; t < c->T; t++)
            for (idx h = 0; h < c->H; h++) {
                idx column = h * c->D + d0;
                backward_row(dx + t * ld_dx + column, dy + t * ld_dy + column,
                             ld_dy, c, t, d0);
            }
    }
}
