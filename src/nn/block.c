/* block.c - one block, forward: attention, then feed-forward. */
#include <string.h>

#include "kern/activation.h"
#include "kern/norm.h"
#include "nn/linear.h"
#include "nn/pass.h"
#include "nn/rope.h"

/* norm1 -> queries, keys, values -> positions, for one tile of rows. */
static void attention_in(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    const real *x = pass_stream(p, 2 * l) + r0 * C;
    real *norm1 = a->norm1 + r0 * C, *qkv = a->qkv + r0 * 3 * C;

    norms[m->options.norm]->forward(norm1, a->stats1 + r0 * 2, x,
                                    weight_at(p, b->norm1_gain),
                                    weight_at(p, b->norm1_shift), R, C);
    pass_mark(p, PART_NORM);
    linear_forward(qkv, norm1, weight_at(p, b->qkv_w), weight_at(p, b->qkv_b),
                   R, 3 * C, C, 0);
    if (p->x->rope)
        rope_rows(qkv, 3 * C, p->x->rope, r0, R, p->x->T, 2 * m->H, m->D, 1);
    pass_mark(p, PART_QKV);
}

struct head pass_head(const struct pass *p, idx l, idx sequence, idx h)
{
    const struct model *m = p->m;
    const real *qkv = p->x->blocks[l].qkv + sequence * p->x->T * 3 * m->C;
    const real *keys = weight_at(p, m->blocks[l].column_key);
    return (struct head){
        .q = qkv + h * m->D,
        .k = qkv + m->C + h * m->D,
        .v = qkv + 2 * m->C + h * m->D,
        .column_key = keys ? keys + h * m->D : NULL,
        .ld_qkv = 3 * m->C,
        .ld_o = m->C,
    };
}

static void one_head(const struct pass *p, idx l, idx sequence, idx h)
{
    const struct model *m = p->m;
    struct acts *x = p->x;
    struct head head = pass_head(p, l, sequence, h);
    real *o = x->blocks[l].mixed + sequence * x->T * m->C + h * m->D;
    real *scratch = pass_scratch(p), *weights = NULL;
    if (p->observer)
        weights = scratch + attention_scratch(&x->attention);
    attention_forward(&x->attention, o, &head, weights, scratch);
    if (p->observer) {
        struct head_view view = {
            .layer = l,
            .head = h,
            .sequence = sequence,
            .T = x->T,
            .D = m->D,
            .n_extra = x->attention.n_extra,
            .weights = weights,
            .q = head.q,
            .k = head.k,
            .v = head.v,
            .ld_qkv = head.ld_qkv,
        };
        p->observer->see(p->observer->context, &view);
    }
}

/* heads -> residual -> norm2 -> feed-forward -> residual, for one tile. */
static void attention_out_and_ffn(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    const struct activation *f = activations[m->options.ffn];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    size_t bytes = (size_t)(R * C) * sizeof(real);
    const real *x0 = pass_stream(p, 2 * l) + r0 * C;
    real *x1 = pass_stream(p, 2 * l + 1) + r0 * C;
    real *x2 = pass_stream(p, 2 * l + 2) + r0 * C;
    real *norm2 = a->norm2 + r0 * C, *u = a->u + r0 * m->U;
    real *y = a->y + r0 * m->F;

    memcpy(x1, x0, bytes);
    linear_forward(x1, a->mixed + r0 * C, weight_at(p, b->out_w),
                   weight_at(p, b->out_b), R, C, C, 1);
    pass_mark(p, PART_QKV);
    norms[m->options.norm]->forward(norm2, a->stats2 + r0 * 2, x1,
                                    weight_at(p, b->norm2_gain),
                                    weight_at(p, b->norm2_shift), R, C);
    pass_mark(p, PART_NORM);
    linear_forward(u, norm2, weight_at(p, b->up_w), weight_at(p, b->up_b), R,
                   m->U, C, 0);
    f->forward(y, u, R, m->F);
    memcpy(x2, x1, bytes);
    linear_forward(x2, y, weight_at(p, b->down_w), weight_at(p, b->down_b), R,
                   C, m->F, 1);
    pass_mark(p, PART_FFN);
}

void block_forward(const struct pass *p, idx l)
{
    idx tiles = pass_tiles(p), H = p->m->H;
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        attention_in(p, l, i);
#pragma omp for schedule(static)
    for (idx i = 0; i < p->B * H; i++)
        one_head(p, l, i / H, i % H);
        /* nowait: the same tile of the next block is the same thread's */
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < tiles; i++)
        attention_out_and_ffn(p, l, i);
}
