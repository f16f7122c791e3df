/* block.c - one block, forward: attention, then feed-forward. Where norms
 * stand (norm_place), with f one of the two:
 *
 *   pre       x + f(norm(x))              none  x + f(x)
 *   sandwich  x + norm'(f(norm(x)))       post  norm(x + f(x))
 *   behind    x + norm'(f(x))
 *
 * With parallel = yes the feed-forward reads the x of attention:
 * x + f(norm(x)) + g(norm2(x)), and the like.
 */
#include <string.h>

#include "nn/ffns.h"
#include "nn/model/linear.h"
#include "nn/model/pass.h"

static bool is_normed_before(const struct pass *p)
{
    return norm_place_of(p->m)->is_before;
}

const real *pass_sub_in(const struct pass *p, idx l, enum sublayer s, idx row0)
{
    return is_normed_before(p)
               ? pass_normed_rows(p, p->x->blocks[l].norm[s], row0)
               : pass_sub_stream(p, l, s) + row0 * p->m->C;
}

const real *pass_mixed(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    return b->n_out ? a->out[b->n_out - 1] : a->mixed;
}

/* --- the steps of a block, a tile each ------------------------------------ */

static void norm_in(const struct pass *p, idx l, enum sublayer s, idx tile)
{
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS;
    if (is_normed_before(p))
        pass_norm_forward(
            p, p->m->blocks[l].norm[s], pass_normed_rows(p, a->norm[s], r0),
            a->stats[s] + r0 * 2, pass_sub_stream(p, l, s) + r0 * p->m->C,
            tile_rows(p, tile));
    pass_mark(p, PART_NORM);
}

static void attention_norm(const struct pass *p, idx l, idx tile)
{
    norm_in(p, l, SUB_ATTENTION, tile);
}

static void ffn_norm(const struct pass *p, idx l, idx tile)
{
    norm_in(p, l, SUB_FFN, tile);
}

/* Queries, keys, values and projections, and the stages before the heads. */
static void attention_matrices(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    const real *in = pass_sub_in(p, l, SUB_ATTENTION, r0);
    linear_forward(a->linears.qkv, p->w, r0, a->qkv + r0 * m->W, in, R, 0);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection_params *q = &b->projections[i];
        linear_forward(&a->linears.projections[i], p->w, r0,
                       a->projected[i] + r0 * q->n, in, R, 0);
    }
    if (!stages_cross(p, l))
        stages_in_forward(p, l, tile);
    pass_mark(p, PART_QKV);
}

/* A residual addition, with the norm that stands behind it:
 * x_to = x_from + linear(y). */
struct residual {
    const real *x_from, *y; /* y: NULL where the linear has taken it */
    real *x_to, *behind, *stats;
    struct norm_params norm;
    const struct linear *linear;
    idx row0;
};

static struct residual residual_at(const struct pass *p, idx l, enum sublayer s,
                                   idx tile)
{
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    bool is_attention = s == SUB_ATTENTION;
    real *behind = a->behind[s], *stats = a->behind_stats[s];
    idx r0 = tile * TILE_ROWS, C = p->m->C;
    return (struct residual){
        .x_from = pass_stream(p, 2 * l + s) + r0 * C,
        .y = is_attention ? pass_mixed(p, l) + r0 * b->O
             : a->y       ? a->y + r0 * p->m->F
                          : NULL,
        .x_to = pass_stream(p, 2 * l + s + 1) + r0 * C,
        .behind = behind ? behind + r0 * C : NULL,
        .stats = stats ? stats + r0 * 2 : NULL,
        .norm = norm_place_of(p->m)->is_behind_sum ? b->norm[s] : b->behind[s],
        .linear = is_attention ? a->linears.out : a->linears.down,
        .row0 = r0,
    };
}

static void residual_forward(const struct pass *p, idx l, enum sublayer s,
                             idx tile)
{
    const struct norm_place_choice *place = norm_place_of(p->m);
    struct residual at = residual_at(p, l, s, tile);
    idx C = p->m->C, R = tile_rows(p, tile);
    bool is_behind = place->is_behind || place->is_behind_sum;
    real *sum = is_behind ? at.behind : at.x_to;
    if (at.y)
        linear_take_x(at.linear, at.row0, at.y, R);
    if (!place->is_behind)
        memcpy(sum, at.x_from, (size_t)(R * C) * sizeof(real));
    linear_y(at.linear, p->w, at.row0, sum, at.y, R, place->is_behind ? 0 : 1);
    if (!is_behind)
        return;
    pass_norm_forward(p, at.norm, at.x_to, at.stats, sum, R);
    for (idx i = 0; place->is_behind && i < R * C; i++)
        at.x_to[i] += at.x_from[i];
}

static void attention_add(const struct pass *p, idx l, idx tile)
{
    residual_forward(p, l, SUB_ATTENTION, tile);
    pass_mark(p, PART_QKV);
}

/* What the activation gives goes into the matrix behind it as soon as it is
 * there, a few rows at a time, where nobody else reads it. */
static void ffn_up(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, end = r0 + tile_rows(p, tile);
    linear_forward(a->linears.up, p->w, r0, a->u + r0 * m->U,
                   pass_sub_in(p, l, SUB_FFN, r0), end - r0, 0);
    for (idx r = r0; r < end; r += LINEAR_SUM_ROWS) {
        idx R = idx_min(LINEAR_SUM_ROWS, end - r);
        real *y = a->y ? a->y + r * m->F : pass_scratch(p);
        ffns[m->spec.model.ffn].kernel->forward(y, a->u + r * m->U, R, m->F);
        if (!a->y)
            linear_take_x(a->linears.down, r, y, R);
    }
}

static void ffn_add(const struct pass *p, idx l, idx tile)
{
    residual_forward(p, l, SUB_FFN, tile);
    pass_mark(p, PART_FFN);
}

/* --- the same, stopping at taps ------------------------------------------- */

static void each_tile(const struct pass *p, idx l,
                      void (*step)(const struct pass *p, idx l, idx tile))
{
    struct pass_part all = pass_whole(p);
    pass_each_tile(p, &all, l, step);
    pass_wait(&all);
}

/* What the sublayer adds to the stream: R rows of acts.sub. */
static void sublayer(const struct pass *p, const struct residual *s, idx R)
{
    idx C = p->m->C;
    real *sub = p->x->sub + s->row0 * C;
    bool is_behind = norm_place_of(p->m)->is_behind;
    linear_forward(s->linear, p->w, s->row0, is_behind ? s->behind : sub, s->y,
                   R, 0);
    if (is_behind)
        pass_norm_forward(p, s->norm, sub, s->stats, s->behind, R);
}

/* Rows that edits changed are added anew; the others keep their bits, which
 * depend on the product being made onto the stream. */
static void add_edited(const struct pass *p, const struct residual *s, idx R)
{
    idx C = p->m->C;
    for (idx r = 0; r < R; r++) {
        const real *sub = p->x->sub + (s->row0 + r) * C;
        const real *before = p->x->sub_before + (s->row0 + r) * C;
        bool is_post = norm_place_of(p->m)->is_behind_sum;
        real *sum = (is_post ? s->behind : s->x_to) + r * C;
        if (memcmp(sub, before, (size_t)C * sizeof *sub) == 0)
            continue;
        for (idx c = 0; c < C; c++)
            sum[c] = s->x_from[r * C + c] + sub[c];
        if (is_post)
            pass_norm_forward(p, s->norm, s->x_to + r * C, s->stats + r * 2,
                              sum, 1);
    }
}

static void tap_sublayer(const struct pass *p, idx l, enum sublayer s)
{
    idx tiles = pass_tiles(p);
    enum tap tap = s == SUB_ATTENTION ? TAP_ATTENTION : TAP_FFN;
    bool is_edited = pass_edits(p, tap, l);
    if (!is_edited && !pass_reads(p, tap))
        return;
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        idx row0 = i * TILE_ROWS, at = row0 * p->m->C, R = tile_rows(p, i);
        struct residual residual = residual_at(p, l, s, i);
        sublayer(p, &residual, R);
        if (is_edited)
            memcpy(p->x->sub_before + at, p->x->sub + at,
                   (size_t)(R * p->m->C) * sizeof(real));
    }
    edit_rows(p, tap, l);
    if (is_edited) {
#pragma omp for schedule(static)
        for (idx i = 0; i < tiles; i++) {
            struct residual residual = residual_at(p, l, s, i);
            add_edited(p, &residual, tile_rows(p, i));
        }
    }
    tell_rows(p, tap, l);
#pragma omp barrier
}

static void tapped_block(const struct pass *p, idx l)
{
    each_tile(p, l, attention_norm);
    edit_rows(p, TAP_NORM1, l);
    each_tile(p, l, attention_matrices);
    if (stages_cross(p, l))
        each_tile(p, l, stages_in_forward);
    struct pass_part all = pass_whole(p);
    heads_forward(p, &all, l);
    each_tile(p, l, stages_out_forward);
    edit_rows(p, TAP_MIXED, l);
    each_tile(p, l, attention_add);
    tap_sublayer(p, l, SUB_ATTENTION);
    edit_rows(p, TAP_MIDDLE, l);
    each_tile(p, l, ffn_norm);
    edit_rows(p, TAP_NORM2, l);
    each_tile(p, l, ffn_up);
    edit_rows(p, TAP_FFN_INNER, l);
    each_tile(p, l, ffn_add);
    tap_sublayer(p, l, SUB_FFN);
    edit_rows(p, TAP_RESIDUAL, l + 1);
}

/* --- a block -------------------------------------------------------------- */

static void to_heads(const struct pass *p, idx l, idx tile)
{
    attention_norm(p, l, tile);
    attention_matrices(p, l, tile);
}

static void from_heads(const struct pass *p, idx l, idx tile)
{
    stages_out_forward(p, l, tile);
    attention_add(p, l, tile);
    ffn_norm(p, l, tile);
    ffn_up(p, l, tile);
    ffn_add(p, l, tile);
    loss_hidden_forward(p, l + 1, tile);
}

/* Does not wait in the end: the same tile of the next block is the same
 * thread's. */
static void plain_block(const struct pass *p, const struct pass_part *part,
                        idx l)
{
    pass_each_tile(p, part, l, to_heads);
    pass_wait(part);
    if (stages_cross(p, l)) {
        pass_each_tile(p, part, l, stages_in_forward);
        pass_wait(part);
    }
    heads_forward(p, part, l);
    pass_each_tile(p, part, l, from_heads);
}

static void parts_of_block(const struct pass *p, idx l, idx parts)
{
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < parts; i++) {
        struct pass_part part = pass_part(p, i);
        plain_block(p, &part, l);
    }
}

void block_forward(const struct pass *p, idx l)
{
    bool stops = pass_edits_rows(p, l) || pass_reads(p, TAP_ATTENTION) ||
                 pass_reads(p, TAP_FFN);
    idx parts = pass_parts(p);
    struct pass_part all = pass_whole(p);
    if (stops)
        tapped_block(p, l);
    else if (parts)
        parts_of_block(p, l, parts);
    else
        plain_block(p, &all, l);
    tell_block(p, l);
}
