/* pass_stages.c - stages within a pass: what each of them sees of a tile, and
 * the sums of their gradients. */
#include <string.h>

#include "nn/model/pass.h"

struct stage_rows pass_stage_rows(const struct pass *p, idx layer,
                                  const struct block_stage *s, idx tile)
{
    const struct block_params *b = &p->m->blocks[layer];
    struct acts *x = p->x;
    struct back_acts *k = &x->back;
    idx row0 = tile * TILE_ROWS, at = row0 * p->m->W;
    struct stage_rows r = {
        .block = model_stage_block(p->m, layer),
        .block_stage = s,
        .S = x->S,
        .row0 = row0,
        .R = tile_rows(p, tile),
        .gemm = products_gemm(x->way),
        .w = p->w,
        .qkv = pass_qkv(p, layer) + at,
        .first_qkv = pass_qkv(p, 0) + at,
        .rope = x->rope,
        .places = p->places,
        .scratch = pass_scratch(p) + pass_row_scratch(p->m),
    };
    bool has_projection = s->projection != NO_PROJECTION;
    idx of_row = has_projection ? row0 * b->projections[s->projection].n : 0;
    if (has_projection)
        r.projected = x->blocks[layer].projected[s->projection] + of_row;
    if (!p->dw)
        return r;
    r.partials = k->partials + tile * p->m->partials_n;
    if (has_projection)
        r.dprojected = k->dprojected[s->projection] + of_row;
    if (s->stage->adds_to_values)
        r.dv = k->dv + at;
    if (s->stage->reads_first_values)
        r.dfirst_v = k->dv_first + at;
    return r;
}

/* Input and output of stage i of a chain that starts with `first`. */
static void set_rows(struct stage_rows *r, const real *first, real *const *rows,
                     idx i)
{
    const real *in = i ? rows[i - 1] : first;
    r->in = in + r->row0 * r->block_stage->in_width;
    r->out = rows[i] + r->row0 * r->block_stage->out_width;
}

void stages_in_forward(const struct pass *p, idx layer, idx tile)
{
    const struct block_params *b = &p->m->blocks[layer];
    const struct block_acts *a = &p->x->blocks[layer];
    for (idx i = 0; i < b->n_in; i++) {
        struct stage_rows r = pass_stage_rows(p, layer, &b->in[i], tile);
        set_rows(&r, a->qkv, a->in, i);
        b->in[i].stage->forward(&r);
    }
}

void stages_out_forward(const struct pass *p, idx layer, idx tile)
{
    const struct block_params *b = &p->m->blocks[layer];
    const struct block_acts *a = &p->x->blocks[layer];
    for (idx i = 0; i < b->n_out; i++) {
        struct stage_rows r = pass_stage_rows(p, layer, &b->out[i], tile);
        set_rows(&r, a->mixed, a->out, i);
        b->out[i].stage->forward(&r);
    }
}

/* A stage backward, in one of two buffers of gradients, or from one to the
 * other. `turn` says which holds the gradient of its output. A tile's rows
 * begin where they would if all were `widest`, so that tiles stay apart
 * whichever stage each of them has come to. */
static void backward_one(struct stage_rows *r, real *const buffers[2],
                         int *turn, idx widest)
{
    const struct block_stage *s = r->block_stage;
    BUG_ON(s->in_width > widest || s->out_width > widest);
    r->dout = buffers[*turn] + r->row0 * widest;
    if (s->stage->moves_gradient)
        *turn = 1 - *turn;
    r->din = buffers[*turn] + r->row0 * widest;
    s->stage->backward(r);
}

/* Which buffer holds the gradient once stages n-1 .. i have worked on it. */
static int turns(const struct block_stage *stages, idx i, idx n)
{
    int count = 0;
    for (; i < n; i++)
        count += stages[i].stage->moves_gradient;
    return count % 2;
}

real *stages_dmixed(const struct pass *p, idx layer)
{
    const struct block_params *b = &p->m->blocks[layer];
    return p->x->back.dmixed[turns(b->out, 0, b->n_out)];
}

real *stages_dqkv(const struct pass *p, idx layer)
{
    const struct block_params *b = &p->m->blocks[layer];
    return p->x->back.dqkv[turns(b->in, 0, b->n_in)];
}

bool stages_cross(const struct pass *p, idx layer)
{
    const struct block_params *b = &p->m->blocks[layer];
    return b->n_in && b->in[0].stage->crosses_tiles;
}

void stages_out_backward(const struct pass *p, idx layer, idx tile)
{
    const struct block_params *b = &p->m->blocks[layer];
    const struct block_acts *a = &p->x->blocks[layer];
    int turn = 0;
    for (idx i = b->n_out - 1; i >= 0; i--) {
        struct stage_rows r = pass_stage_rows(p, layer, &b->out[i], tile);
        set_rows(&r, a->mixed, a->out, i);
        backward_one(&r, p->x->back.dmixed, &turn, p->m->H * p->m->E);
    }
}

void stages_in_backward(const struct pass *p, idx layer, idx tile,
                        bool crossing)
{
    const struct block_params *b = &p->m->blocks[layer];
    const struct block_acts *a = &p->x->blocks[layer];
    idx first = stages_cross(p, layer) ? 1 : 0;
    idx from = crossing ? 0 : b->n_in - 1, to = crossing ? 0 : first;
    int turn = crossing ? turns(b->in, 1, b->n_in) : 0;
    for (idx i = from; i >= to; i--) {
        struct stage_rows r = pass_stage_rows(p, layer, &b->in[i], tile);
        set_rows(&r, a->qkv, a->in, i);
        backward_one(&r, p->x->back.dqkv, &turn, p->m->W);
    }
}

/* Each task owns one tensor. */
void stages_grads(const struct pass *p, idx layer)
{
    const struct block_params *b = &p->m->blocks[layer];
    const real *partials = p->x->back.partials;
#pragma omp for schedule(dynamic, 1) nowait
    for (idx i = 0; i < (b->n_in + b->n_out) * STAGE_PARAMS_MAX; i++) {
        idx k = i / STAGE_PARAMS_MAX, j = i % STAGE_PARAMS_MAX;
        const struct block_stage *s =
            k < b->n_in ? &b->in[k] : &b->out[k - b->n_in];
        if (j < s->n_params)
            add_partials(p->dw + s->params[j].offset,
                         partials + s->params[j].at, pass_tiles(p),
                         p->m->partials_n, 0, s->params[j].n);
    }
}
