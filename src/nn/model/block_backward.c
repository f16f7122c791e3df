/* block_backward.c - one block, backward: gradients of its input, then of its
 * weights. */
#include <string.h>

#include "nn/ffns.h"
#include "nn/model/linear.h"
#include "nn/model/pass.h"

/* A residual addition (block.c), backward. */
struct residual_back {
    const real *dx_to;   /* in */
    const real *dx_skip; /* of what skips the sublayer: dx_to, and what else
                            reached it */
    real *dx_from;       /* out, written: the gradient of that */
    real *dsub;          /* out: of the linear's output; dx_to if no norm is
                          behind */
    const real *behind, *stats;
    struct norm_params norm;
    enum norm_slot slot;
};

/* Returns the gradient of the linear's output. */
static const real *residual_backward(const struct pass *p,
                                     const struct residual_back *s, idx tile)
{
    const struct norm_place_choice *place = norm_place_of(p->m);
    idx R = tile_rows(p, tile);
    size_t bytes = (size_t)(R * p->m->C) * sizeof(real);
    if (!place->is_behind && !place->is_behind_sum) {
        memcpy(s->dx_from, s->dx_skip, bytes);
        return s->dx_to;
    }
    memset(s->dsub, 0, bytes);
    pass_norm_backward(p, s->norm, s->slot, tile, s->dsub, s->dx_to, s->behind,
                       s->stats, R);
    memcpy(s->dx_from, place->is_behind_sum ? s->dsub : s->dx_skip, bytes);
    return s->dsub;
}

/* dx (R,C) += the gradient dy of what a sublayer read: through its norm, or as
 * it stands. */
static void into_stream(const struct pass *p, struct norm_params norm,
                        enum norm_slot slot, idx tile, real *dx, const real *dy,
                        const real *x, const real *stats)
{
    const struct norm_place_choice *place = norm_place_of(p->m);
    idx R = tile_rows(p, tile);
    if (place->is_before) {
        pass_norm_backward(p, norm, slot, tile, dx, dy, x, stats, R);
        return;
    }
#pragma omp simd
    for (idx i = 0; i < R * p->m->C; i++)
        dx[i] += dy[i];
}

/* The gradient of the sum that attention is added to. In parallel, what the
 * feed-forward read is at the block's start: its share in dx_mid passes by
 * attention. */
static const real *attention_dx(const struct pass *p)
{
    const struct back_acts *k = &p->x->back;
    return p->m->spec.model.parallel ? k->dx_out : k->dx_mid;
}

/* From the block's end to its middle, for one tile:
 * dx_out -> dy -> du -> dnorm2 -> dx_mid. */
static void ffn_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    bool is_post = norm_place_of(m)->is_behind_sum;
    real *du = k->du + r0 * m->U;
    real *dy = pass_scratch(p), *dnorm2 = dy + TILE_ROWS * m->F;
    struct residual_back s = {
        .dx_to = k->dx_out + r0 * C,
        .dx_skip = k->dx_out + r0 * C,
        .dx_from = k->dx_mid + r0 * C,
        .dsub = k->dffn + r0 * C,
        .behind = a->behind2 + r0 * C,
        .stats = (a->bstats2 ? a->bstats2 : a->stats2) + r0 * 2,
        .norm = is_post ? b->norm2 : b->behind2,
        .slot = is_post ? SLOT_2 : SLOT_BEHIND_2,
    };
    const real *dsub = residual_backward(p, &s, tile);
    linear_backward(a->linears.down, p->w, r0, dy, dsub, R);
    ffns[m->spec.model.ffn].kernel->backward(du, a->u + r0 * m->U, dy, R, m->F);
    linear_backward(a->linears.up, p->w, r0, dnorm2, du, R);
    pass_mark(p, PART_FFN);
    into_stream(p, b->norm2, SLOT_2, tile, k->dx_mid + r0 * C, dnorm2,
                pass_ffn_stream(p, l) + r0 * C, a->stats2 + r0 * 2);
    pass_mark(p, PART_NORM);
}

/* From the middle to the heads' outputs: dx_mid -> dmixed; what skips
 * attention is left in dx_in. */
static void attention_out_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, C = m->C;
    bool is_post = norm_place_of(m)->is_behind_sum;
    struct residual_back s = {
        .dx_to = attention_dx(p) + r0 * C,
        .dx_skip = k->dx_mid + r0 * C,
        .dx_from = k->dx_in + r0 * C,
        .dsub = k->dattention + r0 * C,
        .behind = a->behind1 + r0 * C,
        .stats = (a->bstats1 ? a->bstats1 : a->stats1) + r0 * 2,
        .norm = is_post ? b->norm1 : b->behind1,
        .slot = is_post ? SLOT_1 : SLOT_BEHIND_1,
    };
    const real *dsub = residual_backward(p, &s, tile);
    linear_backward(a->linears.out, p->w, r0, k->dmixed[0] + r0 * m->H * m->E,
                    dsub, tile_rows(p, tile));
    memset(k->partials + tile * m->partials_n, 0,
           (size_t)m->partials_n * sizeof(real));
    if (k->dv)
        memset(k->dv + r0 * m->W, 0,
               (size_t)(tile_rows(p, tile) * m->W) * sizeof(real));
    stages_out_backward(p, l, tile);
    pass_mark(p, PART_QKV);
}

/* Values that stages behind the heads used too. */
static void add_to_values(const struct pass *p, idx tile)
{
    const struct model *m = p->m;
    idx r0 = tile * TILE_ROWS, v = (m->H + m->K) * m->D;
    for (idx r = r0; r < r0 + tile_rows(p, tile); r++)
        for (idx c = v; c < m->W; c++)
            p->x->back.dqkv[0][r * m->W + c] += p->x->back.dv[r * m->W + c];
}

/* From what heads read to what the matrix gave, but for a stage that needs
 * all tiles. */
static void attention_in_backward(const struct pass *p, idx l, idx tile)
{
    if (p->x->back.dv)
        add_to_values(p, tile);
    stages_in_backward(p, l, tile, false);
}

/* From queries, keys, values, projections to the block's start, a tile. */
static void qkv_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), C = m->C;
    real *dnorm1 = pass_scratch(p), *more = dnorm1 + R * C;

    if (stages_cross(p, l))
        stages_in_backward(p, l, tile, true);
    else
        attention_in_backward(p, l, tile);
    linear_backward(a->linears.qkv, p->w, r0, dnorm1,
                    stages_dqkv(p, l) + r0 * m->W, R);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection_params *q = &b->projections[i];
        linear_backward(&a->linears.projections[i], p->w, r0, more,
                        k->dprojected[i] + r0 * q->n, R);
        for (idx j = 0; j < R * C; j++)
            dnorm1[j] += more[j];
    }
    pass_mark(p, PART_QKV);
    into_stream(p, b->norm1, SLOT_1, tile, k->dx_in + r0 * C, dnorm1,
                pass_stream(p, 2 * l) + r0 * C, a->stats1 + r0 * 2);
    pass_mark(p, PART_NORM);
}

/* All matrices' gradients, as one list of tasks. */
static void matrix_grads(const struct pass *p, idx l)
{
    enum { MATRICES = 4 + PROJECTIONS_MAX };
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    const struct back_acts *k = &p->x->back;
    const struct norm_place_choice *place = norm_place_of(m);
    bool is_behind = place->is_behind || place->is_behind_sum;
    const real *dffn = is_behind ? k->dffn : k->dx_out;
    const real *dattention = is_behind ? k->dattention : attention_dx(p);
    const real *in = pass_attention_in(p, l, 0);
    idx end[MATRICES], total = 0;
    struct linear_grad grads[MATRICES] = {
        { .l = a->linears.up, .dy = k->du, .x = pass_ffn_in(p, l, 0) },
        { .l = a->linears.qkv, .dy = stages_dqkv(p, l), .x = in },
        { .l = a->linears.down, .dy = dffn, .x = a->y },
        { .l = a->linears.out, .dy = dattention, .x = pass_mixed(p, l) },
    };
    int n = 4;
    for (int i = 0; i < b->n_projections; i++)
        grads[n++] = (struct linear_grad){ .l = &a->linears.projections[i],
                                           .dy = k->dprojected[i],
                                           .x = in };
    for (int i = 0; i < n; i++) {
        grads[i].gradients = p->dw;
        grads[i].M = p->M;
    }
    for (int i = 0; i < n; i++)
        end[i] = total += linear_grad_tasks(&grads[i]);
#pragma omp for schedule(dynamic, 1) nowait
    for (idx task = 0; task < total; task++) {
        int i = 0;
        while (task >= end[i])
            i++;
        linear_grad_run(&grads[i], task - (i ? end[i - 1] : 0));
    }
}

void block_backward(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    struct back_acts *k = &p->x->back;
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        loss_hidden_backward(p, l + 1, i, k->dx_out + i * TILE_ROWS * p->m->C);
        ffn_backward(p, l, i);
        attention_out_backward(p, l, i);
    }
    heads_backward(p, l, stages_dmixed(p, l), k->dqkv[0]);
    tell_head_gradients(p, l, k->dqkv[0]);
    if (stages_cross(p, l)) {
#pragma omp for schedule(static)
        for (idx i = 0; i < tiles; i++)
            attention_in_backward(p, l, i);
    }
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        qkv_backward(p, l, i);
    pass_mark(p, PART_WAIT);
    matrix_grads(p, l);
    heads_grads(p, l);
    stages_grads(p, l);
    pass_norm_grads(p, b->norm1, SLOT_1);
    pass_norm_grads(p, b->norm2, SLOT_2);
    pass_norm_grads(p, b->behind1, SLOT_BEHIND_1);
    pass_norm_grads(p, b->behind2, SLOT_BEHIND_2);
    pass_mark(p, PART_GRADS);
#pragma omp barrier
#pragma omp single
    {
        real *start = k->dx_in;
        k->dx_in = k->dx_out;
        k->dx_out = start;
    }
}
