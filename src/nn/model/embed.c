/* embed.c - token and position embedding, forward and backward. */
#include "nn/model/pass.h"

#include <string.h>

enum { COLUMNS = 64 }; /* of the table a backward task owns */

/* Where token i of the batch stands, t-th of its sequence. */
static idx place_of(const struct pass *p, idx i, idx t)
{
    return p->batch->positions ? p->batch->positions[i] : t;
}

/* One row of the residual stream's start; registers come first. */
static void embed_row(const struct pass *p, real *x, idx r)
{
    const struct model *m = p->m;
    idx C = m->C, S = p->x->S, T = p->x->T;
    idx t = r % S - m->R, i = r / S * T + t;
    if (t < 0) {
        memcpy(x, p->w + m->register_w + (t + m->R) * C, (size_t)C * sizeof *x);
        return;
    }
    const real *token = p->w + m->token_w + p->batch->tokens[i] * C;
    const real *position = weight_at(p, m->position_w);
    if (!position)
        position = p->x->sinusoid;
    for (idx c = 0; c < C; c++)
        x[c] = token[c];
    if (!position)
        return;
    position += place_of(p, i, t) * C;
    for (idx c = 0; c < C; c++)
        x[c] += position[c];
}

void embed_forward(const struct pass *p)
{
    idx tiles = pass_tiles(p), C = p->m->C;
    real *x = pass_stream(p, 0);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        idx end = i * TILE_ROWS + tile_rows(p, i);
        for (idx r = i * TILE_ROWS; r < end; r++)
            embed_row(p, x + r * C, r);
    }
    pass_mark(p, PART_EMBED);
}

static void add_row(real *restrict to, const real *d, idx n)
{
#pragma omp simd
    for (idx c = 0; c < n; c++)
        to[c] += d[c];
}

/* Each task owns some columns of all tables and walks the rows in order, so
 * that repeated tokens add up in one order whatever the number of threads. */
void embed_backward(const struct pass *p)
{
    const struct model *m = p->m;
    idx C = m->C, T = p->x->T, S = p->x->S;
    real *dposition = grad_at(p, m->position_w);
    real *dregister = grad_at(p, m->register_w);
    const real *dx = p->x->back.dx[SUBLAYERS];
#pragma omp for schedule(static)
    for (idx c0 = 0; c0 < C; c0 += COLUMNS) {
        idx n = idx_min(COLUMNS, C - c0);
        for (idx r = 0; r < p->M; r++) {
            idx t = r % S - m->R;
            const real *d = dx + r * C + c0;
            if (t < 0) {
                add_row(dregister + (t + m->R) * C + c0, d, n);
                continue;
            }
            idx i = r / S * T + t;
            int32_t token = p->batch->tokens[i];
            add_row(p->dw + m->token_w + token * C + c0, d, n);
            if (dposition)
                add_row(dposition + place_of(p, i, t) * C + c0, d, n);
        }
    }
    pass_mark(p, PART_EMBED);
}
