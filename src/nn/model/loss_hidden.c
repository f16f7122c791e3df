/* loss_hidden.c - terms of the loss that are of hidden states, tapped where a
 * block hands them on. */
#include "nn/model/pass.h"

static struct loss_hidden row_at(const struct pass *p, idx depth, idx r)
{
    return (struct loss_hidden){
        .C = p->m->C,
        .depth = depth,
        .L = p->m->L,
        .x = pass_stream(p, 2 * depth) + r * p->m->C,
        .options = &p->m->spec.loss,
    };
}

void loss_hidden_forward(const struct pass *p, idx depth, idx tile)
{
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        const struct loss_term *term = loss_terms[k];
        real *values = p->x->terms[k];
        for (idx r = r0; term->of_hidden && r < r0 + R; r++) {
            struct loss_hidden row = row_at(p, depth, r);
            real value =
                p->weights[r] == 0 ? 0 : term->of_hidden(&row, NULL, 0);
            values[r] = depth == 1 ? value : values[r] + value;
        }
    }
}

void loss_hidden_backward(const struct pass *p, idx depth, idx tile, real *dx)
{
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        const struct loss_term *term = loss_terms[k];
        for (idx r = 0; term->of_hidden && r < R; r++) {
            struct loss_hidden row = row_at(p, depth, r0 + r);
            real share = p->scale * p->weights[r0 + r] * (real)p->factors[k];
            if (share != 0)
                term->of_hidden(&row, dx + r * p->m->C, share);
        }
    }
}
