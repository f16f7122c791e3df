#include "nn/model.h"

#include <stdlib.h>

#include "kern/activation.h"
#include "kern/gemm.h"
#include "kern/norm.h"
#include "nn/head.h"
#include "nn/rope.h"

static idx declare_bias(struct model *m, bool wanted, enum param_role role,
                        idx fan_in, idx n, const char *prefix, idx layer,
                        const char *name)
{
    if (!wanted)
        return NO_PARAM;
    if (layer < 0)
        return param_declare(&m->table, role, fan_in, 1, &n, "%s.%s", prefix,
                             name);
    return param_declare(&m->table, role, fan_in, 1, &n, "%s.%td.%s", prefix,
                         layer, name);
}

static idx declare_matrix(struct model *m, enum param_role role, idx N, idx K,
                          idx layer, const char *name)
{
    return param_declare(&m->table, role, K, 2, (idx[]){ N, K }, "block.%td.%s",
                         layer, name);
}

/* KEEP WITH: docs/FORMATS.md, names of tensors */
static void declare_block(struct model *m, idx l)
{
    struct block_params *b = &m->blocks[l];
    const struct model_options *o = &m->options;
    bool shift = norms[o->norm]->has_shift, bias = o->biases;
    idx C = m->C, F = m->F, U = m->U;
    enum param_role down =
        activations[o->ffn]->is_gated ? PARAM_GATED_OUT : PARAM_RESIDUAL;

    b->norm1_gain =
        declare_bias(m, true, PARAM_GAIN, C, C, "block", l, "norm1.gain");
    b->norm1_shift =
        declare_bias(m, shift, PARAM_SHIFT, C, C, "block", l, "norm1.shift");
    b->qkv_w =
        declare_matrix(m, PARAM_LINEAR, 3 * C, C, l, "attention.qkv.weight");
    b->qkv_b = declare_bias(m, bias, PARAM_BIAS, C, 3 * C, "block", l,
                            "attention.qkv.bias");
    b->column_key = NO_PARAM;
    if (m->attention.bias == BIAS_KEY)
        b->column_key = param_declare(&m->table, PARAM_COLUMN, m->D, 2,
                                      (idx[]){ m->H, m->D },
                                      "block.%td.attention.column_key", l);
    b->out_w =
        declare_matrix(m, PARAM_RESIDUAL, C, C, l, "attention.out.weight");
    b->out_b = declare_bias(m, bias, PARAM_BIAS, C, C, "block", l,
                            "attention.out.bias");
    b->norm2_gain =
        declare_bias(m, true, PARAM_GAIN, C, C, "block", l, "norm2.gain");
    b->norm2_shift =
        declare_bias(m, shift, PARAM_SHIFT, C, C, "block", l, "norm2.shift");
    b->up_w = declare_matrix(m, PARAM_LINEAR, U, C, l, "ffn.up.weight");
    b->up_b =
        declare_bias(m, bias, PARAM_BIAS, C, U, "block", l, "ffn.up.bias");
    b->down_w = declare_matrix(m, down, C, F, l, "ffn.down.weight");
    b->down_b =
        declare_bias(m, bias, PARAM_BIAS, F, C, "block", l, "ffn.down.bias");
}

int model_init(struct model *m, const struct model_options *o,
               const struct attention_options *a, idx V, struct err *e)
{
    *m = (struct model){ .options = *o, .attention = *a };
    if (model_options_check(o, a, e))
        return e->code;
    BUG_ON(V < 1);
    m->L = o->layers;
    m->C = o->width;
    m->H = o->heads;
    m->D = o->width / o->heads;
    m->F = model_ffn_width(o);
    m->U = activations[o->ffn]->is_gated ? 2 * m->F : m->F;
    m->V = V;
    m->T = o->context;
    m->blocks = calloc((size_t)m->L, sizeof *m->blocks);
    if (!m->blocks)
        return err_set(e, ERR_MEMORY, "out of memory");

    idx C = m->C;
    m->token_w = param_declare(&m->table, PARAM_EMBEDDING, C, 2,
                               (idx[]){ V, C }, "token.weight");
    m->position_w = NO_PARAM;
    if (o->position == POSITION_LEARNED)
        m->position_w = param_declare(&m->table, PARAM_EMBEDDING, C, 2,
                                      (idx[]){ m->T, C }, "position.weight");
    for (idx l = 0; l < m->L; l++)
        declare_block(m, l);
    m->final_gain =
        declare_bias(m, true, PARAM_GAIN, C, C, "final", -1, "gain");
    m->final_shift = declare_bias(m, norms[o->norm]->has_shift, PARAM_SHIFT, C,
                                  C, "final", -1, "shift");
    m->head_w = m->token_w;
    if (!o->tied_head)
        m->head_w = param_declare(&m->table, PARAM_LINEAR, C, 2,
                                  (idx[]){ V, C }, "head.weight");
    return OK;
}

void model_release(struct model *m)
{
    free(m->blocks);
    param_table_release(&m->table);
    *m = (struct model){ 0 };
}

/* The most scratch any task of a pass needs. */
static idx scratch_reals(const struct model *m, const struct acts *x)
{
    idx weights = x->is_observing ? x->T * (x->T + x->attention.n_extra) : 0;
    idx heads = attention_scratch(&x->attention) + weights;
    idx rows = TILE_ROWS * (m->F + m->C);
    return idx_ceil_div(idx_max(heads, rows), 16) * 16;
}

static void plan_back(struct acts *x, struct arena *arena,
                      const struct model *m)
{
    struct back_acts *k = &x->back;
    idx MC = x->M * m->C, tiles_C = idx_ceil_div(x->M, TILE_ROWS) * m->C;
    k->dx_out = arena_reals(arena, MC);
    k->dx_mid = arena_reals(arena, MC);
    k->dx_in = arena_reals(arena, MC);
    k->du = arena_reals(arena, x->M * m->U);
    k->dmixed = arena_reals(arena, MC);
    k->dqkv = arena_reals(arena, 3 * MC);
    k->dcolumn = arena_reals(arena, x->attention.n_extra * x->B * m->C);
    k->dgain1 = arena_reals(arena, tiles_C);
    k->dshift1 = arena_reals(arena, tiles_C);
    k->dgain2 = arena_reals(arena, tiles_C);
    k->dshift2 = arena_reals(arena, tiles_C);
}

void acts_plan(struct acts *x, struct arena *arena, const struct model *m,
               idx B, idx T, int threads, bool is_training, bool is_observing)
{
    idx M = B * T, C = m->C;
    BUG_ON(B < 1 || T < 1 || T > m->T || threads < 1);
    *x = (struct acts){ .B = B,
                        .T = T,
                        .M = M,
                        .threads = threads,
                        .is_training = is_training,
                        .is_observing = is_observing };
    x->attention = attention_of(&m->attention, T, m->D);
    x->tokens = arena_ints(arena, M);
    x->targets = arena_ints(arena, M);
    x->x = arena_reals(arena, (2 * m->L + 1) * M * C);
    x->blocks = arena_bytes(arena, (size_t)m->L * sizeof *x->blocks);
    for (idx l = 0; l < m->L; l++) {
        struct block_acts b = { 0 };
        b.norm1 = arena_reals(arena, M * C);
        b.stats1 = arena_reals(arena, M * 2);
        b.qkv = arena_reals(arena, M * 3 * C);
        b.mixed = arena_reals(arena, M * C);
        b.norm2 = arena_reals(arena, M * C);
        b.stats2 = arena_reals(arena, M * 2);
        b.u = arena_reals(arena, M * m->U);
        b.y = arena_reals(arena, M * m->F);
        if (x->blocks)
            x->blocks[l] = b;
    }
    x->final = arena_reals(arena, M * C);
    x->final_stats = arena_reals(arena, M * 2);
    x->loss = arena_reals(arena, M);
    x->logits = arena_reals(arena, head_chunk_rows(M) * m->V);
    if (is_training) {
        x->dfinal = arena_reals(arena, M * C);
        plan_back(x, arena, m);
    }
    if (m->options.position == POSITION_ROPE)
        x->rope = arena_reals(arena, T * m->D);
    x->scratch_n = scratch_reals(m, x);
    x->scratch = arena_reals(arena, threads * x->scratch_n);
}

int acts_open(struct acts *x, struct arena *arena, const struct model *m, idx B,
              idx T, int threads, bool is_training, bool is_observing,
              struct err *e)
{
    struct arena measure = { 0 };
    acts_plan(x, &measure, m, B, T, threads, is_training, is_observing);
    if (arena_open(arena, measure.used_bytes, e))
        return e->code;
    acts_plan(x, arena, m, B, T, threads, is_training, is_observing);
    if (x->rope)
        rope_table(x->rope, T, m->D);
    return OK;
}

const real *acts_hidden(const struct acts *x, const struct model *m, idx depth)
{
    return x->x + 2 * depth * x->M * m->C;
}

double model_flops_per_token(const struct model *m, idx T)
{
    double products = (double)m->V * (double)m->C; /* head */
    for (idx i = 0; i < m->table.count; i++) {
        const struct param *p = &m->table.rows[i];
        if (param_is_matrix(p) && p->role != PARAM_EMBEDDING &&
            p->offset != m->head_w)
            products += (double)p->n;
    }
    return 6 * products + 6 * (double)m->L * (double)T * (double)m->C;
}
