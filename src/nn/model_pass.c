/* model_pass.c - whole passes: the parallel regions and the mean loss. */
#include "nn/pass.h"

enum { COLUMNS = 64 }; /* of a norm's gradient a task owns */

void add_partials(real *sum, const real *partials, idx tiles, idx C, idx c0,
                  idx n)
{
    for (idx i = 0; i < tiles; i++) {
#pragma omp simd
        for (idx c = c0; c < c0 + n; c++)
            sum[c] += partials[i * C + c];
    }
}

void pass_norm_grads(const struct pass *p, idx gain, idx shift,
                     const real *dgain, const real *dshift)
{
    idx C = p->m->C, tiles = pass_tiles(p);
#pragma omp for schedule(static) nowait
    for (idx c0 = 0; c0 < C; c0 += COLUMNS) {
        idx n = idx_min(COLUMNS, C - c0);
        add_partials(p->dw + gain, dgain, tiles, C, c0, n);
        if (shift != NO_PARAM)
            add_partials(p->dw + shift, dshift, tiles, C, c0, n);
    }
}

/* In double and in row order: the same for any number of threads. */
static double mean_loss(const struct pass *p)
{
    double sum = 0;
    for (idx r = 0; r < p->M; r++)
        sum += (double)p->x->loss[r];
    return sum / (double)p->M;
}

static void forward_blocks(const struct pass *p)
{
    embed_forward(p);
    for (idx l = 0; l < p->m->L; l++)
        block_forward(p, l);
}

double model_forward_loss(const struct model *m, const real *w, struct acts *x,
                          idx B)
{
    BUG_ON(B < 1 || B > x->B);
    struct pass p = { .m = m, .x = x, .w = w, .B = B, .M = B * x->T };
#pragma omp parallel num_threads(x->threads)
    {
        forward_blocks(&p);
        head_pass(&p, false);
    }
    return mean_loss(&p);
}

void model_observe(const struct model *m, const real *w, struct acts *x, idx B,
                   const struct head_observer *observer)
{
    BUG_ON(B < 1 || B > x->B || !x->is_observing);
    struct pass p = {
        .m = m,
        .x = x,
        .w = w,
        .B = B,
        .M = B * x->T,
        .observer = observer,
    };
#pragma omp parallel num_threads(x->threads)
    forward_blocks(&p);
}

double model_backward_loss(const struct model *m, const real *w, real *dw,
                           struct acts *x, double share)
{
    BUG_ON(!x->is_training);
    struct pass p = {
        .m = m,
        .x = x,
        .w = w,
        .dw = dw,
        .B = x->B,
        .M = x->M,
        .scale = (real)(share / (double)x->M),
    };
#pragma omp parallel num_threads(x->threads)
    {
        forward_blocks(&p);
        head_pass(&p, true);
        for (idx l = m->L - 1; l >= 0; l--)
            block_backward(&p, l);
        embed_backward(&p);
    }
    return mean_loss(&p);
}
