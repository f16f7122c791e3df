/* block_backward.c - one block, backward: gradients of its input, then of its
 * weights. */
#include <string.h>

#include "nn/ffns.h"
#include "nn/model/linear.h"
#include "nn/model/pass.h"

/* The gradient (M,C) of the sum that a sublayer is added to. In parallel both
 * are added to one: what the feed-forward read is at the block's start, so its
 * share in the middle's passes by attention. */
static const real *sum_dx(const struct pass *p, enum sublayer s)
{
    return p->x->back.dx[p->m->spec.model.parallel ? SUBLAYERS : s + 1];
}

/* The gradient (M,C) of what a sublayer's last matrix gave. */
static const real *sub_dx(const struct pass *p, enum sublayer s)
{
    const real *behind_norm = p->x->back.dsub[s];
    return behind_norm ? behind_norm : sum_dx(p, s);
}

/* A residual addition (block.c), backward: from the gradient behind the
 * sublayer to sub_dx, and to that of the stream in front of it, as far as it
 * skips the sublayer; for rows of one tile. */
static void residual_backward(const struct pass *p, idx l, enum sublayer s,
                              idx tile)
{
    const struct norm_place_choice *place = norm_place_of(p->m);
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    struct back_acts *k = &p->x->back;
    idx R = tile_rows(p, tile), r0 = tile * TILE_ROWS, C = p->m->C;
    size_t bytes = (size_t)(R * C) * sizeof(real);
    bool is_post = place->is_behind_sum;
    const real *dx_skip = k->dx[s + 1] + r0 * C;
    if (place->is_behind || is_post) {
        real *dsub = k->dsub[s] + r0 * C;
        memset(dsub, 0, bytes);
        pass_norm_backward(p, is_post ? b->norm[s] : b->behind[s],
                           (is_post ? SLOT_NORM : SLOT_BEHIND) + s, tile, dsub,
                           sum_dx(p, s) + r0 * C, a->behind[s] + r0 * C,
                           a->behind_stats[s] + r0 * 2, R);
        if (is_post)
            dx_skip = dsub;
    }
    if (k->dx[s] + r0 * C != dx_skip)
        memcpy(k->dx[s] + r0 * C, dx_skip, bytes);
}

/* Gradient of the stream in front of a sublayer += that of what the sublayer
 * read, dy (R,C): through its norm, or as it stands. */
static void into_stream(const struct pass *p, idx l, enum sublayer s, idx tile,
                        const real *dy)
{
    idx R = tile_rows(p, tile), r0 = tile * TILE_ROWS, C = p->m->C;
    real *dx = p->x->back.dx[s] + r0 * C;
    if (norm_place_of(p->m)->is_before) {
        pass_norm_backward(p, p->m->blocks[l].norm[s], SLOT_NORM + s, tile, dx,
                           dy, pass_sub_stream(p, l, s) + r0 * C,
                           p->x->blocks[l].stats[s] + r0 * 2, R);
        return;
    }
#pragma omp simd
    for (idx i = 0; i < R * C; i++)
        dx[i] += dy[i];
}

/* From the block's end to its middle, for one tile:
 * dx[2] -> dy -> du -> dnorm -> dx[1]. The matrix in front takes du over a few
 * rows at a time, while they are in the cache; where it rounds them, and nobody
 * else asks, they are kept nowhere else. */
static void ffn_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    real *dy = pass_scratch(p), *dnorm = dy + TILE_ROWS * m->F;
    real *du = p->x->back.du ? p->x->back.du + r0 * m->U : NULL;
    residual_backward(p, l, SUB_FFN, tile);
    linear_backward(a->linears.down, p->w, r0, dy,
                    sub_dx(p, SUB_FFN) + r0 * m->C, R);
    for (idx r = 0; r < R; r += LINEAR_SUM_ROWS) {
        idx n = idx_min(LINEAR_SUM_ROWS, R - r);
        real *some = du ? du + r * m->U : dnorm; /* free until linear_dx */
        ffns[m->spec.model.ffn].kernel->backward(some, a->u + (r0 + r) * m->U,
                                                 dy + r * m->F, n, m->F);
        linear_take_dy(a->linears.up, r0 + r, some, n);
    }
    linear_dx(a->linears.up, p->w, r0, dnorm, du, R);
    pass_mark(p, PART_FFN);
    into_stream(p, l, SUB_FFN, tile, dnorm);
    pass_mark(p, PART_NORM);
}

/* From the middle to the heads' outputs: dx[1] -> dmixed; what skips attention
 * is left in dx[0]. */
static void attention_out_backward(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    struct back_acts *k = &p->x->back;
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    residual_backward(p, l, SUB_ATTENTION, tile);
    linear_backward(p->x->blocks[l].linears.out, p->w, r0,
                    k->dmixed[0] + r0 * m->H * m->E,
                    sub_dx(p, SUB_ATTENTION) + r0 * m->C, R);
    memset(k->partials + tile * m->partials_n, 0,
           (size_t)m->partials_n * sizeof(real));
    if (k->dv)
        memset(k->dv + r0 * m->W, 0, (size_t)(R * m->W) * sizeof(real));
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
    real *dnorm = pass_scratch(p), *more = dnorm + R * C;

    if (stages_cross(p, l))
        stages_in_backward(p, l, tile, true);
    else
        attention_in_backward(p, l, tile);
    linear_backward(a->linears.qkv, p->w, r0, dnorm,
                    stages_dqkv(p, l) + r0 * m->W, R);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection_params *q = &b->projections[i];
        linear_backward(&a->linears.projections[i], p->w, r0, more,
                        k->dprojected[i] + r0 * q->n, R);
        for (idx j = 0; j < R * C; j++)
            dnorm[j] += more[j];
    }
    pass_mark(p, PART_QKV);
    into_stream(p, l, SUB_ATTENTION, tile, dnorm);
    pass_mark(p, PART_NORM);
}

/* All matrices' gradients, as one list of tasks. What is mostly the longest
 * comes first, so that threads end at about one time. */
static void matrix_grads(const struct pass *p, idx l)
{
    enum { MATRICES = 4 + PROJECTIONS_MAX };
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    const struct back_acts *k = &p->x->back;
    const real *in = pass_sub_in(p, l, SUB_ATTENTION, 0);
    idx end[MATRICES], total = 0;
    struct linear_grad grads[MATRICES] = {
        { .l = a->linears.down, .dy = sub_dx(p, SUB_FFN), .x = a->y },
        { .l = a->linears.up, .dy = k->du, .x = pass_sub_in(p, l, SUB_FFN, 0) },
        { .l = a->linears.qkv, .dy = stages_dqkv(p, l), .x = in },
        { .l = a->linears.out,
          .dy = sub_dx(p, SUB_ATTENTION),
          .x = pass_mixed(p, l) },
    };
    int n = 4;
    for (int i = 0; i < b->n_projections; i++)
        grads[n++] = (struct linear_grad){ .l = &a->linears.projections[i],
                                           .dy = k->dprojected[i],
                                           .x = in };
    for (int i = 0; i < n; i++) {
        grads[i].gradients = p->dw;
        grads[i].M = p->M;
        grads[i].blocks = p->x->threads > 1 ? 1 : 2;
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

static void end_to_heads(const struct pass *p, idx l, idx tile)
{
    loss_hidden_backward(p, l + 1, tile,
                         p->x->back.dx[SUBLAYERS] + tile * TILE_ROWS * p->m->C);
    ffn_backward(p, l, tile);
    attention_out_backward(p, l, tile);
}

/* From the gradient of what a block gave to that of what it read. */
static void rows_backward(const struct pass *p, const struct pass_part *part,
                          idx l)
{
    pass_each_tile(p, part, l, end_to_heads);
    pass_wait(part);
    heads_backward(p, part, l);
    BUG_ON(part->is_own && p->observer); /* who tells of rows shares a loop */
    tell_head_gradients(p, l, p->x->back.dqkv[0]);
    if (stages_cross(p, l)) {
        pass_each_tile(p, part, l, attention_in_backward);
        pass_wait(part);
    }
    pass_each_tile(p, part, l, qkv_backward);
    pass_wait(part);
}

void block_backward(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    struct back_acts *k = &p->x->back;
    idx parts = pass_parts(p);
    struct pass_part all = pass_whole(p);
    if (!parts)
        rows_backward(p, &all, l);
#pragma omp for schedule(static)
    for (idx i = 0; i < parts; i++) {
        struct pass_part part = pass_part(p, i);
        rows_backward(p, &part, l);
    }
    pass_mark(p, PART_WAIT);
    matrix_grads(p, l);
    heads_grads(p, l);
    stages_grads(p, l);
    for (int s = 0; s < SUBLAYERS; s++) {
        pass_norm_grads(p, b->norm[s], SLOT_NORM + s);
        pass_norm_grads(p, b->behind[s], SLOT_BEHIND + s);
    }
    pass_mark(p, PART_GRADS);
#pragma omp barrier
#pragma omp single
    {
        real *start = k->dx[0];
        k->dx[0] = k->dx[SUBLAYERS];
        k->dx[SUBLAYERS] = start;
    }
}
