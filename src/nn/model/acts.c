/* acts.c - memory of a pass: what is kept, planned from the settings. */
#include <math.h>

#include "kern/norm.h"
#include "nn/model/model.h"
#include "nn/model/pass.h"
#include "nn/model/unembed.h"
#include "nn/model/rope.h"

/* The most scratch any task of a pass needs. */
static idx scratch_reals(const struct model *m, const struct acts *x)
{
    const struct attention *at = &x->attention;
    idx heads = attention_scratch(at), rows = pass_row_scratch(m);
    idx stages = 0;
    if (x->is_observing)
        heads += heads_sight(m, x->S);
    const struct block_params *b = &m->blocks[0];
    for (idx i = 0; i < b->n_in; i++)
        if (b->in[i].stage->scratch)
            stages = idx_max(stages, b->in[i].stage->scratch(m));
    for (idx i = 0; i < b->n_out; i++)
        if (b->out[i].stage->scratch)
            stages = idx_max(stages, b->out[i].stage->scratch(m));
    return idx_ceil_div(idx_max(heads, rows + stages), 16) * 16;
}

static void plan_stages(real **rows, struct arena *arena, idx M, real *in,
                        const struct block_stage *stages, idx n)
{
    for (idx i = 0; i < n; i++) {
        if (!stages[i].stage->is_in_place)
            in = arena_reals(arena, M * stages[i].out_width);
        rows[i] = in;
    }
}

static idx widest(const struct model *m)
{
    const struct block_params *b = &m->blocks[0];
    idx n = idx_max(m->H * m->E, m->O);
    for (idx i = 0; i < b->n_out; i++)
        n = idx_max(n, b->out[i].out_width);
    return n;
}

static void plan_back(struct acts *x, struct arena *arena,
                      const struct model *m)
{
    struct back_acts *k = &x->back;
    const struct block_params *b = &m->blocks[0];
    idx M = x->M, MC = M * m->C, tiles = idx_ceil_div(M, TILE_ROWS);
    bool is_behind = m->options.norm_place == PLACE_POST ||
                     m->options.norm_place == PLACE_SANDWICH;
    k->dx_out = arena_reals(arena, MC);
    k->dx_mid = arena_reals(arena, MC);
    k->dx_in = arena_reals(arena, MC);
    if (is_behind) {
        k->dffn = arena_reals(arena, MC);
        k->dattention = arena_reals(arena, MC);
    }
    k->du = arena_reals(arena, M * m->U);
    for (int i = 0; i < SIDES; i++)
        k->dsides[i] = arena_reals(arena, M * b->sides[i].n);
    k->dmixed[0] = arena_reals(arena, M * widest(m));
    k->dmixed[1] = b->n_out ? arena_reals(arena, M * widest(m)) : NULL;
    k->dqkv[0] = arena_reals(arena, M * m->W);
    k->dqkv[1] = b->n_in ? arena_reals(arena, M * m->W) : NULL;
    if (m->attention.exclusive)
        k->dv = arena_reals(arena, M * m->W);
    if (m->attention.value_residual)
        k->dv_first = arena_reals(arena, M * m->W);
    k->head_grads = arena_reals(arena, x->B * m->H * m->head_grads_n);
    k->partials = arena_reals(arena, tiles * m->partials_n);
    for (int i = 0; i < NORM_SLOTS; i++) {
        k->dgain[i] = arena_reals(arena, tiles * pass_gains(m));
        k->dshift[i] = arena_reals(arena, tiles * m->C);
    }
}

static void plan_block(struct block_acts *k, struct arena *arena,
                       const struct model *m, const struct acts *x)
{
    const struct block_params *b = &m->blocks[0];
    idx M = x->M, C = m->C, place = m->options.norm_place;
    bool is_before = place == PLACE_PRE || place == PLACE_SANDWICH;
    bool is_behind = place == PLACE_POST || place == PLACE_SANDWICH;
    *k = (struct block_acts){ 0 };
    if (is_before)
        k->norm1 = arena_reals(arena, M * C);
    k->stats1 = arena_reals(arena, M * 2);
    for (int i = 0; i < SIDES; i++)
        if (b->sides[i].n)
            k->sides[i] = arena_reals(arena, M * b->sides[i].n);
    k->qkv = arena_reals(arena, M * m->W);
    plan_stages(k->in, arena, M, k->qkv, b->in, b->n_in);
    k->mixed = arena_reals(arena, M * m->H * m->E);
    plan_stages(k->out, arena, M, k->mixed, b->out, b->n_out);
    if (is_behind) {
        k->behind1 = arena_reals(arena, M * C);
        k->bstats1 = arena_reals(arena, M * 2);
    }
    if (is_before)
        k->norm2 = arena_reals(arena, M * C);
    k->stats2 = arena_reals(arena, M * 2);
    k->u = arena_reals(arena, M * m->U);
    k->y = arena_reals(arena, M * m->F);
    if (is_behind) {
        k->behind2 = arena_reals(arena, M * C);
        k->bstats2 = arena_reals(arena, M * 2);
    }
}

static void plan_tables(struct acts *x, struct arena *arena,
                        const struct model *m)
{
    const struct attention_options *a = &m->attention;
    bool has_value = a->bias == BIAS_KEY && a->bias_value != BIAS_VALUE_ZERO;
    if (m->options.position == POSITION_ROPE)
        x->rope = arena_reals(arena, x->S * m->D);
    if (m->options.position == POSITION_SINUSOID)
        x->sinusoid = arena_reals(arena, x->T * m->C);
    if (has_value)
        x->column_value = arena_reals(arena, m->E);
}

void acts_plan(struct acts *x, struct arena *arena, const struct model *m,
               idx B, idx T, int threads, bool is_training, bool is_observing)
{
    idx S = m->R + T, M = B * S, C = m->C;
    BUG_ON(B < 1 || T < 1 || T > m->T || threads < 1);
    *x = (struct acts){ .B = B,
                        .T = T,
                        .S = S,
                        .M = M,
                        .threads = threads,
                        .is_training = is_training,
                        .is_observing = is_observing };
    x->attention = attention_of(&m->options, &m->attention, S, m->D);
    x->tokens = arena_ints(arena, M);
    x->targets = arena_ints(arena, M);
    x->scored = T;
    if (m->attention.prefix > 1)
        x->scored = idx_max(1, T - m->attention.prefix + 1);
    x->row_targets = m->R || x->scored < T ? arena_ints(arena, M) : x->targets;
    if (m->attention.document_token >= 0)
        x->documents = arena_ints(arena, M);
    x->x = arena_reals(arena, (2 * m->L + 1) * M * C);
    x->blocks = arena_bytes(arena, (size_t)m->L * sizeof *x->blocks);
    for (idx l = 0; l < m->L; l++) {
        struct block_acts b;
        plan_block(&b, arena, m, x);
        if (x->blocks)
            x->blocks[l] = b;
    }
    if (m->final.gain != NO_PARAM)
        x->final = arena_reals(arena, M * C);
    x->final_stats = arena_reals(arena, M * 2);
    x->loss = arena_reals(arena, M);
    x->logits = arena_reals(arena, head_chunk_rows(M) * m->V);
    if (is_training) {
        x->dfinal = arena_reals(arena, M * C);
        plan_back(x, arena, m);
    }
    plan_tables(x, arena, m);
    x->scratch_n = scratch_reals(m, x);
    x->scratch = arena_reals(arena, threads * x->scratch_n);
}

/* All sines of a position, then all cosines, as the study's code has them
 * (arXiv 2410.10781); rate 10000^(-2i/C). */
static void fill_sinusoid(real *table, idx T, idx C)
{
    idx half = C - C / 2;
    for (idx t = 0; t < T; t++)
        for (idx c = 0; c < C; c++) {
            idx i = c < half ? c : c - half;
            double angle = (double)t * pow(10000, -2 * (double)i / (double)C);
            table[t * C + c] = (real)(c < half ? sin(angle) : cos(angle));
        }
}

static void fill_tables(struct acts *x, const struct model *m)
{
    const struct attention_options *a = &m->attention;
    if (x->rope)
        rope_table(x->rope, x->S, m->D);
    if (x->sinusoid)
        fill_sinusoid(x->sinusoid, x->T, m->C);
    for (idx i = 0; x->column_value && i < m->E; i++) {
        double value = a->bias_value == BIAS_VALUE_UNIFORM
                           ? 1 / sqrt((double)m->E)
                           : i == 0;
        x->column_value[i] = (real)(a->bias_value_scale * value);
    }
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
    fill_tables(x, m);
    return OK;
}

const real *acts_hidden(const struct acts *x, const struct model *m, idx depth,
                        idx sequence)
{
    return x->x + (2 * depth * x->M + sequence * x->S + m->R) * m->C;
}
