/* model_pass.c - whole passes: the parallel regions and the mean loss. */
#include "nn/model/pass.h"

#include <string.h>

#include "nn/norms.h"

enum { COLUMNS = 64 }; /* of a norm's gradient a task owns */

void add_partials(real *sum, const real *partials, idx rows, idx ld, idx c0,
                  idx n)
{
    for (idx i = 0; i < rows; i++) {
#pragma omp simd
        for (idx c = c0; c < c0 + n; c++)
            sum[c] += partials[i * ld + c];
    }
}

void pass_norm_forward(const struct pass *p, struct norm_params n, real *y,
                       real *stats, const real *x, idx R)
{
    norms[p->m->options.norm].kernel->forward(
        y, stats, x, weight_at(p, n.gain), weight_at(p, n.shift), R, p->m->C);
}

void pass_norm_backward(const struct pass *p, struct norm_params n,
                        enum norm_slot slot, idx tile, real *dx, const real *dy,
                        const real *x, const real *stats, idx R)
{
    struct back_acts *k = &p->x->back;
    idx C = p->m->C, gains = pass_gains(p->m);
    real *dgain = k->dgain[slot] + tile * gains;
    real *dshift = k->dshift[slot] + tile * C;
    memset(dgain, 0, (size_t)gains * sizeof *dgain);
    memset(dshift, 0, (size_t)C * sizeof *dshift);
    norms[p->m->options.norm].kernel->backward(dx, dgain, dshift, dy, x, stats,
                                               weight_at(p, n.gain), R, C);
}

static void norm_grad(const struct pass *p, idx offset, const real *partials,
                      idx n)
{
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static) nowait
    for (idx c0 = 0; c0 < n; c0 += COLUMNS)
        add_partials(p->dw + offset, partials, tiles, n, c0,
                     idx_min(COLUMNS, n - c0));
}

void pass_norm_grads(const struct pass *p, struct norm_params n,
                     enum norm_slot slot)
{
    struct back_acts *k = &p->x->back;
    if (n.gain != NO_PARAM)
        norm_grad(p, n.gain, k->dgain[slot], pass_gains(p->m));
    if (n.shift != NO_PARAM)
        norm_grad(p, n.shift, k->dshift[slot], p->m->C);
}

/* In double and in row order: the same for any number of threads. */
static double mean_loss(const struct pass *p)
{
    double sum = 0;
    for (idx r = 0; r < p->M; r++)
        sum += (double)p->x->loss[r];
    return sum / (double)(p->B * p->x->scored);
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
    struct pass p = { .m = m, .x = x, .w = w, .B = B, .M = B * x->S };
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
        .M = B * x->S,
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
        .scale = (real)(share / (double)(x->B * x->scored)),
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
