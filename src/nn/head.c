#include "nn/head.h"

#include "kern/norm.h"
#include "kern/xent.h"
#include "nn/linear.h"
#include "nn/pass.h"

enum { CHUNK_ROWS = 4 * TILE_ROWS };

idx head_chunk_rows(idx M)
{
    return idx_min(CHUNK_ROWS, M);
}

/* Final norm, logits and loss of one tile; with_grad: also the gradient of the
 * normed rows, and the logits become their gradient. */
static void head_tile(const struct pass *p, idx tile, real *logits,
                      bool with_grad)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C, V = m->V;
    const real *head = p->w + m->head_w;
    real *final = x->final + r0 * C;

    norms[m->options.norm]->forward(
        final, x->final_stats + r0 * 2, pass_stream(p, 2 * m->L) + r0 * C,
        weight_at(p, m->final_gain), weight_at(p, m->final_shift), R, C);
    linear_forward(logits, final, head, NULL, R, V, C, 0);
    if (!with_grad) {
        xent_forward(x->loss + r0, logits, x->targets + r0, R, V);
        return;
    }
    xent_backward(x->loss + r0, logits, x->targets + r0, R, V, p->scale);
    linear_backward(x->dfinal + r0 * C, logits, head, R, V, C);
}

static void final_norm_backward(const struct pass *p)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    struct back_acts *k = &x->back;
    idx C = m->C, tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        idx r0 = i * TILE_ROWS, R = tile_rows(p, i);
        for (idx j = 0; j < R * C; j++)
            k->dx_out[r0 * C + j] = 0;
        for (idx c = 0; c < C; c++)
            k->dgain1[i * C + c] = k->dshift1[i * C + c] = 0;
        norms[m->options.norm]->backward(
            k->dx_out + r0 * C, k->dgain1 + i * C, k->dshift1 + i * C,
            x->dfinal + r0 * C, pass_stream(p, 2 * m->L) + r0 * C,
            x->final_stats + r0 * 2, weight_at(p, m->final_gain), R, C);
    }
    pass_norm_grads(p, m->final_gain, m->final_shift, k->dgain1, k->dshift1);
#pragma omp barrier
}

void head_pass(const struct pass *p, bool with_grad)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    idx tiles = pass_tiles(p), per_chunk = CHUNK_ROWS / TILE_ROWS;
    /* chunks share tiles out differently than the blocks before did */
#pragma omp barrier
    for (idx t0 = 0; t0 < tiles; t0 += per_chunk) {
        idx n = idx_min(per_chunk, tiles - t0), r0 = t0 * TILE_ROWS;
#pragma omp for schedule(static)
        for (idx i = 0; i < n; i++)
            head_tile(p, t0 + i, x->logits + i * TILE_ROWS * m->V, with_grad);
        if (!with_grad)
            continue;
        struct linear_grad grad = {
            .dw = p->dw + m->head_w,
            .dy = x->logits,
            .x = x->final + r0 * m->C,
            .M = idx_min(CHUNK_ROWS, p->M - r0),
            .N = m->V,
            .K = m->C,
        };
        idx tasks = linear_grad_tasks(&grad);
#pragma omp for schedule(dynamic, 1)
        for (idx i = 0; i < tasks; i++)
            linear_grad_run(&grad, i);
    }
    if (with_grad)
        final_norm_backward(p);
    pass_mark(p, PART_HEAD);
}
