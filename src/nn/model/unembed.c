#include "nn/model/unembed.h"

#include <string.h>

#include "nn/model/linear.h"
#include "nn/model/pass.h"

enum { CHUNK_ROWS = 4 * TILE_ROWS };

idx unembed_chunk_rows(idx M)
{
    return idx_min(CHUNK_ROWS, M);
}

/* What unembedding reads, from row r0 on, which is a tile's first or alone: the
 * last block's end, normed if there is a final norm. */
static real *unembed_in(const struct pass *p, idx r0)
{
    const struct model *m = p->m;
    return m->final.gain != NO_PARAM ? pass_normed_rows(p, p->x->final, r0)
                                     : pass_stream(p, 2 * m->L) + r0 * m->C;
}

/* Final norm, logits and loss of one tile; with_grad: also the gradient of the
 * normed rows, and the logits become their gradient. */
static void unembed_tile(const struct pass *p, idx tile, real *logits,
                         bool with_grad)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    idx chunk_row = r0 % CHUNK_ROWS;

    if (m->final.gain != NO_PARAM)
        pass_norm_forward(p, m->final, unembed_in(p, r0),
                          x->final_stats + r0 * 2,
                          pass_stream(p, 2 * m->L) + r0 * C, R);
    linear_forward(x->unembed, p->w, r0, logits, unembed_in(p, r0), R, 0);
    if (!pass_reads(p, TAP_LOGITS) || pass_reads(p, TAP_LOSS))
        loss_tile(p, tile, logits, with_grad);
    if (with_grad)
        linear_backward(x->unembed, p->w, chunk_row, x->dfinal + r0 * C, logits,
                        R);
}

static void final_norm_backward(const struct pass *p)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    idx C = m->C, tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        idx r0 = i * TILE_ROWS, R = tile_rows(p, i);
        real *dx = x->back.dx[SUBLAYERS] + r0 * C;
        size_t bytes = (size_t)(R * C) * sizeof *dx;
        if (m->final.gain == NO_PARAM) {
            memcpy(dx, x->dfinal + r0 * C, bytes);
            continue;
        }
        memset(dx, 0, bytes);
        pass_norm_backward(p, m->final, SLOT_FINAL, i, dx, x->dfinal + r0 * C,
                           pass_stream(p, 2 * m->L) + r0 * C,
                           x->final_stats + r0 * 2, R);
    }
    pass_norm_grads(p, m->final, SLOT_FINAL);
#pragma omp barrier
}

void unembed_pass(const struct pass *p, bool with_grad)
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
            unembed_tile(p, t0 + i, x->logits + i * TILE_ROWS * m->V,
                         with_grad);
        if (!with_grad) {
            tell_logits(p, x->logits, r0, idx_min(CHUNK_ROWS, p->M - r0));
            continue;
        }
        struct linear_grad grad = {
            .l = x->unembed,
            .gradients = p->dw,
            .dy = x->logits,
            .x = unembed_in(p, r0),
            .M = idx_min(CHUNK_ROWS, p->M - r0),
            .x_row = r0,
        };
        idx tasks = linear_grad_tasks(&grad);
#pragma omp for schedule(dynamic, 1)
        for (idx i = 0; i < tasks; i++)
            linear_grad_run(&grad, i);
    }
    tell_rows(p, TAP_LOSS, 0);
    if (with_grad)
        final_norm_backward(p);
    pass_mark(p, PART_UNEMBED);
}

void unembed_row(const struct pass *p, real *logits, idx row)
{
    const struct model *m = p->m;
    if (m->final.gain != NO_PARAM)
        pass_norm_forward(p, m->final, unembed_in(p, row),
                          p->x->final_stats + row * 2,
                          pass_stream(p, 2 * m->L) + row * m->C, 1);
    linear_forward(p->x->unembed, p->w, row, logits, unembed_in(p, row), 1, 0);
}
