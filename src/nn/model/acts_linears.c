/* acts_linears.c - the matrices of a pass, made ready: what a library and a
 * precision need beside the activations. */
#include "nn/model/pass.h"
#include "nn/model/unembed.h"

/* What is taken over of gradients of what matrices give: rounded rows and sums.
 * All blocks share it. */
struct taken_dy {
    void *rounded;
    real *sums;
};

struct shared_dy {
    struct taken_dy up, qkv, down, out, projected[PROJECTIONS_MAX];
};

/* What a linear is planned from, but for itself. */
struct linears_plan {
    struct acts *x;
    struct arena *arena;
    void *x_shared; /* without gradients one operand does for all */
    idx x_shared_step;
    idx n; /* planned so far */
};

static idx widest_in(const struct model *m)
{
    idx widest = idx_max(m->C, m->F);
    for (idx l = 0; l < m->L; l++)
        widest = idx_max(widest, m->blocks[l].O);
    return widest;
}

static struct linear *plan_one(struct linears_plan *p, idx w, idx b, idx N,
                               idx K, struct taken_dy dy,
                               const struct linear *of_x)
{
    struct acts *x = p->x;
    struct linear l;
    struct linear_request r = { .w = w,
                                .b = b,
                                .N = N,
                                .K = K,
                                .way = x->way,
                                .has_backward = x->is_training,
                                .dy = dy.rounded,
                                .dy_sums = dy.sums,
                                .x = p->x_shared,
                                .x_step = p->x_shared_step,
                                .shares_x = of_x && x->way.rounds };
    if (x->is_training) {
        r.x_step = x->way.rounds ? K : 0;
        r.x = of_x ? of_x->x : linear_operand(p->arena, x->way, x->M, K);
    }
    linear_plan(&l, p->arena, &r);
    idx at = p->n++;
    if (!x->linears)
        return NULL;
    x->linears[at] = l;
    return &x->linears[at];
}

static struct taken_dy plan_taken(const struct linears_plan *p, idx n,
                                  bool has_bias)
{
    const struct acts *x = p->x;
    return (struct taken_dy){
        .rounded = linear_operand(p->arena, x->way, x->M, n),
        .sums = has_bias ? linear_sums(p->arena, x->M, n) : NULL,
    };
}

/* Of the blocks' matrices, which have a bias in any of them? */
struct biased {
    bool up, qkv, down, out, projected[PROJECTIONS_MAX];
};

static struct biased biased_of(const struct model *m)
{
    struct biased any = { .up = false };
    for (idx l = 0; l < m->L; l++) {
        const struct block_params *b = &m->blocks[l];
        any.up |= b->up_b != NO_PARAM;
        any.qkv |= b->qkv_b != NO_PARAM;
        any.down |= b->down_b != NO_PARAM;
        any.out |= b->out_b != NO_PARAM;
        for (int i = 0; i < b->n_projections; i++)
            any.projected[i] |= b->projections[i].b != NO_PARAM;
    }
    return any;
}

static void plan_shared(struct shared_dy *dy, struct linears_plan *p,
                        const struct model *m)
{
    struct acts *x = p->x;
    idx widest[PROJECTIONS_MAX] = { 0 };
    struct biased has = biased_of(m);
    *dy = (struct shared_dy){ .up = { NULL, NULL } };
    if (!x->is_training) {
        p->x_shared_step = x->way.rounds ? widest_in(m) : 0;
        p->x_shared = linear_operand(p->arena, x->way, x->M, p->x_shared_step);
        return;
    }
    dy->up = plan_taken(p, m->U, has.up);
    dy->qkv = plan_taken(p, m->W, has.qkv);
    dy->down = plan_taken(p, m->C, has.down);
    dy->out = plan_taken(p, m->C, has.out);
    for (idx l = 0; l < m->L; l++)
        for (int i = 0; i < m->blocks[l].n_projections; i++)
            widest[i] = idx_max(widest[i], m->blocks[l].projections[i].n);
    for (int i = 0; i < PROJECTIONS_MAX; i++)
        if (widest[i])
            dy->projected[i] = plan_taken(p, widest[i], has.projected[i]);
}

static void plan_block(struct linears_plan *p, const struct model *m, idx l,
                       const struct shared_dy *dy)
{
    const struct block_params *b = &m->blocks[l];
    struct block_linears k = { .up = NULL };
    k.qkv = plan_one(p, b->qkv_w, b->qkv_b, m->W, m->C, dy->qkv, NULL);
    for (int i = 0; i < b->n_projections; i++) {
        const struct projection_params *q = &b->projections[i];
        struct linear *one =
            plan_one(p, q->w, q->b, q->n, m->C, dy->projected[i], k.qkv);
        if (i == 0)
            k.projections = one;
    }
    k.out = plan_one(p, b->out_w, b->out_b, m->C, b->O, dy->out, NULL);
    k.up = plan_one(p, b->up_w, b->up_b, m->U, m->C, dy->up, NULL);
    k.down = plan_one(p, b->down_w, b->down_b, m->C, m->F, dy->down, NULL);
    if (p->x->blocks)
        p->x->blocks[l].linears = k;
}

void acts_plan_linears(struct acts *x, struct arena *arena,
                       const struct model *m)
{
    struct linears_plan p = { .x = x, .arena = arena };
    struct shared_dy dy;
    struct taken_dy logits = { NULL, NULL };
    x->n_linears = 1 + 4 * m->L;
    for (idx l = 0; l < m->L; l++)
        x->n_linears += m->blocks[l].n_projections;
    x->linears = arena_bytes(arena, (size_t)x->n_linears * sizeof *x->linears);
    if (x->way.is_onednn)
        x->scratch_onednn =
            arena_bytes(arena, (size_t)x->threads * ONEDNN_SCRATCH_BYTES);
    plan_shared(&dy, &p, m);
    for (idx l = 0; l < m->L; l++)
        plan_block(&p, m, l, &dy);
    if (x->is_training)
        logits.rounded =
            linear_operand(arena, x->way, unembed_chunk_rows(x->M), m->V);
    x->unembed = plan_one(&p, m->unembed_w, NO_PARAM, m->V, m->C, logits, NULL);
}

int acts_open_linears(struct acts *x, struct err *e)
{
    if (!x->way.is_onednn)
        return OK;
    x->set = onednn_open(x->threads, x->scratch_onednn);
    if (!x->set)
        return err_memory(e, NULL);
    for (idx i = 0; i < x->n_linears; i++)
        if (linear_open(&x->linears[i], x->set, e))
            return e->code;
    return OK;
}

void acts_close(struct acts *x)
{
    onednn_close(x->set);
    x->set = NULL;
}

void pass_pack(const struct pass *p)
{
    const struct acts *x = p->x;
    if (!linear_packs(x->way))
        return;
#pragma omp for schedule(dynamic, 1)
    for (idx i = 0; i < x->n_linears; i++)
        linear_pack(&x->linears[i], p->w);
    pass_mark(p, PART_PACK);
}
