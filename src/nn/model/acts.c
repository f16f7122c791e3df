/* acts.c - memory of a pass: what is kept, planned from the settings. */
#include <math.h>

#include "kern/norm.h"
#include "nn/model/model.h"
#include "nn/model/pass.h"
#include "nn/model/unembed.h"
#include "nn/model/rope.h"

static struct attention attention_at(const struct model *m,
                                     const struct acts *x, idx layer)
{
    struct model_spec spec = model_layer(m, layer);
    struct attention at = attention_of(&spec, x->S, m->D);
    at.way = x->way;
    return at;
}

static idx stages_scratch(const struct stage_block *block,
                          const struct block_stage *stages, idx n)
{
    idx most = 0;
    for (idx i = 0; i < n; i++)
        if (stages[i].stage->scratch)
            most = idx_max(most, stages[i].stage->scratch(block));
    return most;
}

/* The most scratch any task of a pass needs. */
static idx scratch_reals(const struct model *m, const struct acts *x)
{
    idx most = 0, rows = pass_row_scratch(m);
    for (idx l = 0; l < m->L; l++) {
        const struct block_params *b = &m->blocks[l];
        struct attention at = attention_at(m, x, l);
        idx heads = attention_scratch(&at) + seen_scratch(m, x, l) +
                    edited_scratch(m, x);
        struct stage_block block = model_stage_block(m, l);
        idx stages = idx_max(stages_scratch(&block, b->in, b->n_in),
                             stages_scratch(&block, b->out, b->n_out));
        most = idx_max(most, idx_max(heads, rows + stages));
    }
    most = idx_max(most, loss_scratch(m, x));
    return idx_ceil_div(most, 16) * 16;
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

/* What the blocks' gradients need, which they share: the most of each. */
struct shared {
    idx widest; /* row between heads and output matrix */
    idx n_in, n_out, projected[PROJECTIONS_MAX];
    bool has_dv, has_dv_first;
};

static struct shared shared_of(const struct model *m)
{
    struct shared s = { .widest = m->H * m->E };
    for (idx l = 0; l < m->L; l++) {
        const struct block_params *b = &m->blocks[l];
        s.widest = idx_max(s.widest, b->O);
        s.n_in = idx_max(s.n_in, b->n_in);
        s.n_out = idx_max(s.n_out, b->n_out);
        for (idx i = 0; i < b->n_in; i++)
            s.has_dv_first |= b->in[i].stage->reads_first_values;
        for (idx i = 0; i < b->n_out; i++) {
            s.widest = idx_max(s.widest, b->out[i].out_width);
            s.has_dv |= b->out[i].stage->adds_to_values;
        }
        for (int i = 0; i < b->n_projections; i++)
            s.projected[i] = idx_max(s.projected[i], b->projections[i].n);
    }
    return s;
}

static void plan_back(struct acts *x, struct arena *arena,
                      const struct model *m)
{
    struct back_acts *k = &x->back;
    struct shared shared = shared_of(m);
    idx M = x->M, MC = M * m->C, tiles = idx_ceil_div(M, TILE_ROWS);
    const struct norm_place_choice *place = norm_place_of(m);
    bool is_behind = place->is_behind || place->is_behind_sum;
    /* Where matrices keep the gradients that they need, one stream does, but in
     * parallel, where attention reads the one at the end again */
    bool is_one = acts_keep_rounded(x) && !m->spec.model.parallel;
    for (int i = 0; i <= SUBLAYERS; i++)
        k->dx[i] = i && is_one ? k->dx[0] : arena_reals(arena, MC);
    for (int s = 0; is_behind && s < SUBLAYERS; s++)
        k->dsub[s] = arena_reals(arena, MC);
    if (!acts_keep_rounded(x))
        k->du = arena_reals(arena, M * m->U);
    for (int i = 0; i < PROJECTIONS_MAX; i++)
        k->dprojected[i] = arena_reals(arena, M * shared.projected[i]);
    k->dmixed[0] = arena_reals(arena, M * shared.widest);
    k->dmixed[1] = shared.n_out ? arena_reals(arena, M * shared.widest) : NULL;
    k->dqkv[0] = arena_reals(arena, M * m->W);
    k->dqkv[1] = shared.n_in ? arena_reals(arena, M * m->W) : NULL;
    if (shared.has_dv)
        k->dv = arena_reals(arena, M * m->W);
    if (shared.has_dv_first)
        k->dv_first = arena_reals(arena, M * m->W);
    k->head_grads = arena_reals(arena, x->B * m->H * m->head_grads_n);
    k->partials = arena_reals(arena, tiles * m->partials_n);
    for (int i = 0; i < NORM_SLOTS; i++) {
        k->dgain[i] = arena_reals(arena, tiles * pass_gains(m));
        if (norms[m->spec.model.norm].kernel->has_shift)
            k->dshift[i] = arena_reals(arena, tiles * m->C);
    }
}

/* Is what heads give read by a matrix alone, which keeps it rounded? */
static bool shares_mixed(const struct model *m, const struct acts *x, idx l)
{
    return acts_keep_rounded(x) && m->blocks[l].n_out == 0;
}

static void plan_mixed(struct acts *x, struct arena *arena,
                       const struct model *m)
{
    bool is_needed = false;
    for (idx l = 0; l < m->L; l++)
        is_needed |= shares_mixed(m, x, l);
    if (is_needed)
        x->mixed = arena_reals(arena, x->M * m->H * m->E);
}

static void plan_block(struct block_acts *k, struct arena *arena,
                       const struct model *m, const struct acts *x, idx l)
{
    const struct block_params *b = &m->blocks[l];
    const struct attention_options *a = &b->attention;
    bool has_value = a->bias == BIAS_KEY && a->bias_value != BIAS_VALUE_ZERO;
    const struct norm_place_choice *place = norm_place_of(m);
    idx M = x->M, C = m->C;
    bool is_behind = place->is_behind || place->is_behind_sum;
    bool keeps = !acts_keep_rounded(x);
    *k = (struct block_acts){ .attention = attention_at(m, x, l) };
    if (has_value)
        k->column_value = arena_reals(arena, m->E);
    for (int s = 0; s < SUBLAYERS; s++) {
        if (place->is_before && keeps)
            k->norm[s] = arena_reals(arena, M * C);
        k->stats[s] = arena_reals(arena, M * 2);
        k->behind_stats[s] = k->stats[s];
        if (is_behind)
            k->behind[s] = arena_reals(arena, M * C);
        if (place->is_behind)
            k->behind_stats[s] = arena_reals(arena, M * 2);
    }
    for (int i = 0; i < b->n_projections; i++)
        k->projected[i] = arena_reals(arena, M * b->projections[i].n);
    k->qkv = arena_reals(arena, M * m->W);
    plan_stages(k->in, arena, M, k->qkv, b->in, b->n_in);
    k->mixed =
        shares_mixed(m, x, l) ? x->mixed : arena_reals(arena, M * m->H * m->E);
    plan_stages(k->out, arena, M, k->mixed, b->out, b->n_out);
    k->u = arena_reals(arena, M * m->U);
    if (keeps)
        k->y = arena_reals(arena, M * m->F);
}

static void plan_tables(struct acts *x, struct arena *arena,
                        const struct model *m)
{
    if (m->spec.model.position == POSITION_ROPE)
        x->rope = arena_reals(arena, x->S * model_rope_width(&m->spec.model));
    if (m->spec.model.position == POSITION_SINUSOID)
        x->sinusoid = arena_reals(arena, x->T * m->C);
}

void acts_plan(struct acts *x, struct arena *arena, const struct model *m,
               const struct acts_request *r)
{
    idx S = m->R + r->T, M = r->B * S, C = m->C;
    BUG_ON(r->B < 1 || r->T < 1 || r->T > m->T || r->threads < 1);
    *x = (struct acts){ .B = r->B,
                        .T = r->T,
                        .S = S,
                        .M = M,
                        .threads = r->threads,
                        .is_training = r->is_training,
                        .reads = r->reads,
                        .writes = r->writes,
                        .way = r->way };
    if (m->R) {
        x->targets = arena_ints(arena, M);
        x->weights = arena_reals(arena, M);
        x->documents = arena_ints(arena, M);
        x->places = arena_ints(arena, M);
    }
    x->x = arena_reals(arena, (2 * m->L + 1) * M * C);
    plan_mixed(x, arena, m);
    x->blocks = arena_bytes(arena, (size_t)m->L * sizeof *x->blocks);
    for (idx l = 0; l < m->L; l++) {
        struct block_acts b;
        plan_block(&b, arena, m, x, l);
        if (x->blocks)
            x->blocks[l] = b;
    }
    if (m->final.gain != NO_PARAM && !acts_keep_rounded(x))
        x->final = arena_reals(arena, M * C);
    x->final_stats = arena_reals(arena, M * 2);
    loss_plan(x, arena, m);
    x->logits = arena_reals(arena, unembed_chunk_rows(M) * m->V);
    if ((r->reads | r->writes) & TAPS_OF_SUBLAYERS)
        x->sub = arena_reals(arena, M * C);
    if (r->writes & TAPS_OF_SUBLAYERS)
        x->sub_before = arena_reals(arena, M * C);
    if (r->is_training) {
        x->dfinal = arena_reals(arena, M * C);
        plan_back(x, arena, m);
    }
    plan_tables(x, arena, m);
    acts_plan_linears(x, arena, m);
    x->scratch_n = scratch_reals(m, x);
    x->scratch = arena_reals(arena, r->threads * x->scratch_n);
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

/* value (E), or NULL */
static void fill_column_value(real *value, const struct attention_options *a,
                              idx E)
{
    for (idx i = 0; value && i < E; i++) {
        double x =
            a->bias_value == BIAS_VALUE_UNIFORM ? 1 / sqrt((double)E) : i == 0;
        value[i] = (real)(a->bias_value_scale * x);
    }
}

static void fill_tables(struct acts *x, const struct model *m)
{
    struct rope_rates rates = rope_rates_of(&m->spec.model);
    if (x->rope)
        rope_table(x->rope, x->S, &rates);
    if (x->sinusoid)
        fill_sinusoid(x->sinusoid, x->T, m->C);
    for (idx l = 0; l < m->L; l++)
        fill_column_value(x->blocks[l].column_value, &m->blocks[l].attention,
                          m->E);
}

int acts_open(struct acts *x, struct arena *arena, const struct model *m,
              const struct acts_request *r, struct err *e)
{
    struct arena measure = { 0 };
    acts_plan(x, &measure, m, r);
    if (arena_open(arena, measure.used_bytes, e))
        return e->code;
    acts_plan(x, arena, m, r);
    fill_tables(x, m);
    return acts_open_linears(x, e);
}

void acts_watch(struct acts *x, const struct model *m, struct stopwatch *watch)
{
    x->watch = watch;
    for (idx l = 0; l < m->L; l++)
        x->blocks[l].attention.watch = watch;
}

const real *acts_losses(const struct acts *x, const struct model *m,
                        idx sequence)
{
    return x->loss + sequence * x->S + m->R;
}

const real *acts_hidden(const struct acts *x, const struct model *m, idx depth,
                        idx sequence)
{
    return x->x + (2 * depth * x->M + sequence * x->S + m->R) * m->C;
}
