/* block.c - one block, forward: attention, then feed-forward. Where norms
 * stand (norm_place), with f one of the two:
 *
 *   pre       x + f(norm(x))              none  x + f(x)
 *   sandwich  x + norm'(f(norm(x)))       post  norm(x + f(x))
 */
#include <string.h>

#include "nn/ffns.h"
#include "nn/model/linear.h"
#include "nn/model/pass.h"

static bool is_normed_before(const struct pass *p)
{
    return norm_place_of(p->m)->is_before;
}

const real *pass_attention_in(const struct pass *p, idx l)
{
    return is_normed_before(p) ? p->x->blocks[l].norm1 : pass_stream(p, 2 * l);
}

const real *pass_ffn_in(const struct pass *p, idx l)
{
    return is_normed_before(p) ? p->x->blocks[l].norm2
                               : pass_stream(p, 2 * l + 1);
}

const real *pass_mixed(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    return b->n_out ? a->out[b->n_out - 1] : a->mixed;
}

/* norm1 -> queries, keys, values and projections -> stages, for one tile. */
static void attention_in(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;

    if (is_normed_before(p))
        pass_norm_forward(p, b->norm1, a->norm1 + r0 * C, a->stats1 + r0 * 2,
                          pass_stream(p, 2 * l) + r0 * C, R);
    pass_mark(p, PART_NORM);
    const real *in = pass_attention_in(p, l) + r0 * C;
    linear_forward(a->qkv + r0 * m->W, in, weight_at(p, b->qkv_w),
                   weight_at(p, b->qkv_b), R, m->W, C, 0);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection_params *q = &b->projections[i];
        linear_forward(a->projected[i] + r0 * q->n, in, weight_at(p, q->w),
                       weight_at(p, q->b), R, q->n, C, 0);
    }
    if (!stages_cross(p, l))
        stages_in_forward(p, l, tile);
    pass_mark(p, PART_QKV);
}

/* A residual addition, with the norm that stands behind it:
 * x_to = x_from + linear(y). */
struct residual {
    const real *x_from, *y;
    real *x_to, *behind, *stats;
    struct norm_params norm;
    idx w, b, K;
};

static void residual_forward(const struct pass *p, const struct residual *s,
                             idx R)
{
    const struct norm_place_choice *place = norm_place_of(p->m);
    idx C = p->m->C;
    size_t bytes = (size_t)(R * C) * sizeof(real);
    bool is_behind = place->is_behind || place->is_behind_sum;
    real *sum = is_behind ? s->behind : s->x_to;
    if (!place->is_behind)
        memcpy(sum, s->x_from, bytes);
    linear_forward(sum, s->y, weight_at(p, s->w), weight_at(p, s->b), R, C,
                   s->K, place->is_behind ? 0 : 1);
    if (!is_behind)
        return;
    pass_norm_forward(p, s->norm, s->x_to, s->stats, sum, R);
    for (idx i = 0; place->is_behind && i < R * C; i++)
        s->x_to[i] += s->x_from[i];
}

/* stages -> output matrix -> residual, for one tile. */
static void attention_out(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, C = m->C;
    stages_out_forward(p, l, tile);
    struct residual s = {
        .x_from = pass_stream(p, 2 * l) + r0 * C,
        .y = pass_mixed(p, l) + r0 * b->O,
        .x_to = pass_stream(p, 2 * l + 1) + r0 * C,
        .behind = a->behind1 + r0 * C,
        .stats = (a->bstats1 ? a->bstats1 : a->stats1) + r0 * 2,
        .norm = norm_place_of(m)->is_behind_sum ? b->norm1 : b->behind1,
        .w = b->out_w,
        .b = b->out_b,
        .K = b->O,
    };
    residual_forward(p, &s, tile_rows(p, tile));
    pass_mark(p, PART_QKV);
}

/* norm2 -> feed-forward -> residual, for one tile. */
static void ffn(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    real *u = a->u + r0 * m->U, *y = a->y + r0 * m->F;
    const real *x1 = pass_stream(p, 2 * l + 1) + r0 * C;
    if (is_normed_before(p))
        pass_norm_forward(p, b->norm2, a->norm2 + r0 * C, a->stats2 + r0 * 2,
                          x1, R);
    pass_mark(p, PART_NORM);
    linear_forward(u, pass_ffn_in(p, l) + r0 * C, weight_at(p, b->up_w),
                   weight_at(p, b->up_b), R, m->U, C, 0);
    ffns[m->spec.model.ffn].kernel->forward(y, u, R, m->F);
    struct residual s = {
        .x_from = x1,
        .y = y,
        .x_to = pass_stream(p, 2 * l + 2) + r0 * C,
        .behind = a->behind2 + r0 * C,
        .stats = (a->bstats2 ? a->bstats2 : a->stats2) + r0 * 2,
        .norm = norm_place_of(m)->is_behind_sum ? b->norm2 : b->behind2,
        .w = b->down_w,
        .b = b->down_b,
        .K = m->F,
    };
    residual_forward(p, &s, R);
    pass_mark(p, PART_FFN);
}

void block_forward(const struct pass *p, idx l)
{
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        attention_in(p, l, i);
    if (stages_cross(p, l)) {
#pragma omp for schedule(static)
        for (idx i = 0; i < tiles; i++)
            stages_in_forward(p, l, i);
    }
    heads_forward(p, l);
    /* nowait: the same tile of the next block is the same thread's */
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < tiles; i++) {
        attention_out(p, l, i);
        ffn(p, l, i);
        loss_hidden_forward(p, l + 1, i);
    }
}
