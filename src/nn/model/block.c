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

const real *pass_attention_in(const struct pass *p, idx l, idx row0)
{
    return is_normed_before(p)
               ? pass_normed_rows(p, p->x->blocks[l].norm1, row0)
               : pass_stream(p, 2 * l) + row0 * p->m->C;
}

const real *pass_ffn_stream(const struct pass *p, idx l)
{
    return pass_stream(p, p->m->spec.model.parallel ? 2 * l : 2 * l + 1);
}

const real *pass_ffn_in(const struct pass *p, idx l, idx row0)
{
    return is_normed_before(p)
               ? pass_normed_rows(p, p->x->blocks[l].norm2, row0)
               : pass_ffn_stream(p, l) + row0 * p->m->C;
}

const real *pass_mixed(const struct pass *p, idx l)
{
    const struct block_params *b = &p->m->blocks[l];
    const struct block_acts *a = &p->x->blocks[l];
    return b->n_out ? a->out[b->n_out - 1] : a->mixed;
}

/* --- the steps of a block, a tile each ------------------------------------ */

static void attention_norm(const struct pass *p, idx l, idx tile)
{
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, C = p->m->C;
    if (is_normed_before(p))
        pass_norm_forward(p, p->m->blocks[l].norm1,
                          pass_normed_rows(p, a->norm1, r0), a->stats1 + r0 * 2,
                          pass_stream(p, 2 * l) + r0 * C, tile_rows(p, tile));
    pass_mark(p, PART_NORM);
}

/* Queries, keys, values and projections, and the stages before the heads. */
static void attention_matrices(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    const real *in = pass_attention_in(p, l, r0);
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
    const real *x_from, *y;
    real *x_to, *behind, *stats;
    struct norm_params norm;
    const struct linear *linear;
    idx row0;
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
    linear_forward(s->linear, p->w, s->row0, sum, s->y, R,
                   place->is_behind ? 0 : 1);
    if (!is_behind)
        return;
    pass_norm_forward(p, s->norm, s->x_to, s->stats, sum, R);
    for (idx i = 0; place->is_behind && i < R * C; i++)
        s->x_to[i] += s->x_from[i];
}

static struct residual attention_residual(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, C = m->C;
    return (struct residual){
        .x_from = pass_stream(p, 2 * l) + r0 * C,
        .y = pass_mixed(p, l) + r0 * b->O,
        .x_to = pass_stream(p, 2 * l + 1) + r0 * C,
        .behind = a->behind1 + r0 * C,
        .stats = (a->bstats1 ? a->bstats1 : a->stats1) + r0 * 2,
        .norm = norm_place_of(m)->is_behind_sum ? b->norm1 : b->behind1,
        .linear = a->linears.out,
        .row0 = r0,
    };
}

static struct residual ffn_residual(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    const struct block_params *b = &m->blocks[l];
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, C = m->C;
    return (struct residual){
        .x_from = pass_stream(p, 2 * l + 1) + r0 * C,
        .y = pass_rows(p, a->y, r0, m->F),
        .x_to = pass_stream(p, 2 * l + 2) + r0 * C,
        .behind = a->behind2 + r0 * C,
        .stats = (a->bstats2 ? a->bstats2 : a->stats2) + r0 * 2,
        .norm = norm_place_of(m)->is_behind_sum ? b->norm2 : b->behind2,
        .linear = a->linears.down,
        .row0 = r0,
    };
}

static void attention_add(const struct pass *p, idx l, idx tile)
{
    struct residual s = attention_residual(p, l, tile);
    residual_forward(p, &s, tile_rows(p, tile));
    pass_mark(p, PART_QKV);
}

static void ffn_norm(const struct pass *p, idx l, idx tile)
{
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, C = p->m->C;
    if (is_normed_before(p))
        pass_norm_forward(p, p->m->blocks[l].norm2,
                          pass_normed_rows(p, a->norm2, r0), a->stats2 + r0 * 2,
                          pass_ffn_stream(p, l) + r0 * C, tile_rows(p, tile));
    pass_mark(p, PART_NORM);
}

static void ffn_up(const struct pass *p, idx l, idx tile)
{
    const struct model *m = p->m;
    struct block_acts *a = &p->x->blocks[l];
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile);
    real *u = a->u + r0 * m->U;
    linear_forward(a->linears.up, p->w, r0, u, pass_ffn_in(p, l, r0), R, 0);
    ffns[m->spec.model.ffn].kernel->forward(pass_rows(p, a->y, r0, m->F), u, R,
                                            m->F);
}

static void ffn_add(const struct pass *p, idx l, idx tile)
{
    struct residual s = ffn_residual(p, l, tile);
    residual_forward(p, &s, tile_rows(p, tile));
    pass_mark(p, PART_FFN);
}

/* --- the same, stopping at taps ------------------------------------------- */

static void each_tile(const struct pass *p, idx l,
                      void (*step)(const struct pass *p, idx l, idx tile))
{
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++)
        step(p, l, i);
}

/* What the sublayer adds to the stream: R rows of acts.sub. */
static void sublayer(const struct pass *p, const struct residual *s, idx row0,
                     idx R)
{
    idx C = p->m->C;
    real *sub = p->x->sub + row0 * C;
    bool is_behind = norm_place_of(p->m)->is_behind;
    linear_forward(s->linear, p->w, s->row0, is_behind ? s->behind : sub, s->y,
                   R, 0);
    if (is_behind)
        pass_norm_forward(p, s->norm, sub, s->stats, s->behind, R);
}

/* Rows that edits changed are added anew; the others keep their bits, which
 * hang on the product being made onto the stream. */
static void add_edited(const struct pass *p, const struct residual *s, idx row0,
                       idx R)
{
    idx C = p->m->C;
    for (idx r = 0; r < R; r++) {
        const real *sub = p->x->sub + (row0 + r) * C;
        const real *before = p->x->sub_before + (row0 + r) * C;
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

static void tap_sublayer(const struct pass *p, enum tap tap, idx l,
                         struct residual (*of)(const struct pass *p, idx l,
                                               idx tile))
{
    idx tiles = pass_tiles(p);
    bool is_edited = pass_edits(p, tap, l);
    if (!is_edited && !pass_reads(p, tap))
        return;
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        idx row0 = i * TILE_ROWS, at = row0 * p->m->C, R = tile_rows(p, i);
        struct residual s = of(p, l, i);
        sublayer(p, &s, row0, R);
        if (is_edited)
            memcpy(p->x->sub_before + at, p->x->sub + at,
                   (size_t)(R * p->m->C) * sizeof(real));
    }
    edit_rows(p, tap, l);
    if (is_edited) {
#pragma omp for schedule(static)
        for (idx i = 0; i < tiles; i++) {
            struct residual s = of(p, l, i);
            add_edited(p, &s, i * TILE_ROWS, tile_rows(p, i));
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
    heads_forward(p, l);
    each_tile(p, l, stages_out_forward);
    edit_rows(p, TAP_MIXED, l);
    each_tile(p, l, attention_add);
    tap_sublayer(p, TAP_ATTENTION, l, attention_residual);
    edit_rows(p, TAP_MIDDLE, l);
    each_tile(p, l, ffn_norm);
    edit_rows(p, TAP_NORM2, l);
    each_tile(p, l, ffn_up);
    edit_rows(p, TAP_FFN_INNER, l);
    each_tile(p, l, ffn_add);
    tap_sublayer(p, TAP_FFN, l, ffn_residual);
    edit_rows(p, TAP_RESIDUAL, l + 1);
}

/* --- a block -------------------------------------------------------------- */

static void plain_block(const struct pass *p, idx l)
{
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static)
    for (idx i = 0; i < tiles; i++) {
        attention_norm(p, l, i);
        attention_matrices(p, l, i);
    }
    if (stages_cross(p, l))
        each_tile(p, l, stages_in_forward);
    heads_forward(p, l);
    /* nowait: the same tile of the next block is the same thread's */
#pragma omp for schedule(static) nowait
    for (idx i = 0; i < tiles; i++) {
        stages_out_forward(p, l, i);
        attention_add(p, l, i);
        ffn_norm(p, l, i);
        ffn_up(p, l, i);
        ffn_add(p, l, i);
        loss_hidden_forward(p, l + 1, i);
    }
}

void block_forward(const struct pass *p, idx l)
{
    bool stops = pass_edits_rows(p, l) || pass_reads(p, TAP_ATTENTION) ||
                 pass_reads(p, TAP_FFN);
    if (stops)
        tapped_block(p, l);
    else
        plain_block(p, l);
    tell_block(p, l);
}
