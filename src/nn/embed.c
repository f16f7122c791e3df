/* embed.c - token and position embedding, forward and backward. */
#include "nn/pass.h"

enum { COLUMNS = 64 }; /* of the table a backward task owns */

void embed_forward(const struct pass *p)
{
    const struct model *m = p->m;
    idx C = m->C, T = p->x->T;
    const real *token = p->w + m->token_w;
    const real *position = weight_at(p, m->position_w);
    real *x = pass_stream(p, 0);
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < tiles; i++) {
        idx end = i * TILE_ROWS + tile_rows(p, i);
        for (idx r = i * TILE_ROWS; r < end; r++) {
            const real *row = token + p->x->tokens[r] * C;
            for (idx c = 0; c < C; c++)
                x[r * C + c] = row[c];
            for (idx c = 0; position && c < C; c++)
                x[r * C + c] += position[r % T * C + c];
        }
    }
    pass_mark(p, PART_EMBED);
}

/* Each task owns some columns of both tables and walks the rows in order, so
 * that repeated tokens add up in one order whatever the number of threads. */
void embed_backward(const struct pass *p)
{
    const struct model *m = p->m;
    idx C = m->C, T = p->x->T;
    real *dtoken = p->dw + m->token_w;
    real *dposition = grad_at(p, m->position_w);
    const real *dx = p->x->back.dx_out;
#pragma omp for schedule(static)
    for (idx c0 = 0; c0 < C; c0 += COLUMNS) {
        idx n = idx_min(COLUMNS, C - c0);
        for (idx r = 0; r < p->M; r++) {
            const real *d = dx + r * C + c0;
            real *to = dtoken + p->x->tokens[r] * C + c0;
#pragma omp simd
            for (idx c = 0; c < n; c++)
                to[c] += d[c];
            if (!dposition)
                continue;
            to = dposition + r % T * C + c0;
#pragma omp simd
            for (idx c = 0; c < n; c++)
                to[c] += d[c];
        }
    }
    pass_mark(p, PART_EMBED);
}
