/* cpu.c - the engine of CPU threads: numbers lie in the host's memory, so that
 * nothing is moved. */
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"
#include "kern/gemm.h"
#include "kern/onednn.h"
#include "kern/team.h"
#include "engine/tree_sum.h"
#include "optim/optim.h"

struct cpu {
    struct arena numbers; /* weights, gradients, optimizer slots */
    real *w, *dw;         /* (table.total); dw only where gradients are taken:
                             zero between two updates */
    struct tree_sum tree; /* dw is its sum */
    struct optim optim;
    idx *stretches; /* (n + 1) where each process's begin, of optim; NULL: not
                       shared out */
    real *taken;    /* room for states of other processes; NULL: none */
    struct arena acts_arena, seen_arena;
    struct acts acts, seen; /* of losses, of observations */
    struct edits edits;
};

/* Do processes share the optimizer's state? */
static bool is_sharded(const struct engine_request *r)
{
    return r->shards_state && ranks_n(r->ranks) > 1;
}

static struct product_way way_of(const struct engine_request *r)
{
    return products_way((enum products)r->products,
                        (enum precision)r->precision);
}

static void plan_optim(struct cpu *c, struct arena *arena,
                       const struct model *m, const struct engine_request *r)
{
    int n = is_sharded(r) ? ranks_n(r->ranks) : 1;
    tree_plan(&c->tree, arena, c->dw, m->table.total, r->leaves, r->ranks,
              r->threads);
    optim_plan_part(&c->optim, arena, r->optim, &m->table, r->threads,
                    n > 1 ? ranks_own(r->ranks) : 0, n);
    c->optim.gemm = products_gemm(way_of(r));
    c->stretches = NULL;
    if (n > 1)
        c->stretches =
            arena_bytes(arena, (size_t)(n + 1) * sizeof *c->stretches);
}

/* Each process adds up the gradient of what it updates. */
static void share_out(struct cpu *c, const struct engine_request *r)
{
    for (int i = 0; c->stretches && i <= ranks_n(r->ranks); i++) {
        c->tree.cuts[i] = i ? optim_cut(&c->optim, i) : 0;
        c->stretches[i] = i ? optim_cut_stretches(&c->optim, i) : 0;
    }
}

static void plan_numbers(struct cpu *c, struct arena *arena,
                         const struct model *m, const struct engine_request *r)
{
    c->w = arena_reals(arena, m->table.total);
    if (r->optim || r->reads & TAPS_OF_GRADIENTS)
        c->dw = arena_reals(arena, m->table.total);
    if (r->optim)
        plan_optim(c, arena, m, r);
    if (r->watches_updates)
        optim_plan_watch(&c->optim, arena);
}

static struct acts_request of_losses(const struct engine_request *r)
{
    return (struct acts_request){ .B = r->B,
                                  .T = r->T,
                                  .threads = r->threads,
                                  .is_training = r->optim,
                                  .writes = r->writes,
                                  .way = way_of(r) };
}

static struct acts_request of_observations(const struct engine_request *r)
{
    return (struct acts_request){ .B = r->seen_B,
                                  .T = r->seen_T,
                                  .threads = r->threads,
                                  .is_training = r->reads & TAPS_OF_GRADIENTS,
                                  .reads = r->reads,
                                  .writes = r->writes,
                                  .way = way_of(r) };
}

/* What engine_take_states takes: the state less this process's part of it. */
static size_t taken_bytes(const struct model *m, const struct engine_request *r)
{
    struct optim s;
    struct arena whole = { 0 }, own = { 0 };
    if (!is_sharded(r) || ranks_own(r->ranks) != 0)
        return 0;
    optim_plan(&s, &whole, r->optim, &m->table, r->threads);
    optim_plan_part(&s, &own, r->optim, &m->table, r->threads, 0,
                    ranks_n(r->ranks));
    return whole.used_bytes - own.used_bytes;
}

size_t engine_bytes(const struct model *m, const struct engine_request *r)
{
    struct cpu c;
    struct arena all = { 0 };
    plan_numbers(&c, &all, m, r);
    struct acts_request losses = of_losses(r), seen = of_observations(r);
    acts_plan(&c.acts, &all, m, &losses);
    if (r->seen_B)
        acts_plan(&c.seen, &all, m, &seen);
    return all.used_bytes + taken_bytes(m, r);
}

size_t engine_mapped_bytes(const struct engine_request *r)
{
    bool is_asked = products_want_onednn((enum products)r->products);
    return gemm_bytes(r->threads) + team_bytes(r->threads) +
           (is_asked ? onednn_bytes() : 0);
}

int engine_start(int threads, const char *setting, struct err *e)
{
    int rc = team_start(threads, setting, e);
    return rc ? rc : gemm_start(threads, setting, e);
}

int engine_start_products(const struct engine_request *r, struct err *e)
{
    return products_start((enum products)r->products, e);
}

struct engine_products engine_products(int products, int precision)
{
    struct product_way way =
        products_way((enum products)products, (enum precision)precision);
    return (
        struct engine_products){ product_library(way), product_precision(way),
                                 product_remark((enum products)products, way) };
}

struct engine_library engine_library(void)
{
    return (struct engine_library){ .name = gemm_library(),
                                    .core = gemm_core(),
                                    .threading = gemm_threading(),
                                    .pinned_core = gemm_pinned_core() };
}

int engine_threads(void)
{
    return omp_get_max_threads();
}

int engine_open(struct engine *g, const struct model *m,
                const struct engine_request *r, struct err *e)
{
    struct arena measure = { 0 };
    *g = (struct engine){ .m = m, .request = *r };
    struct cpu *c = g->cpu = calloc(1, sizeof *c);
    if (!c)
        return err_memory(e, NULL);
    plan_numbers(c, &measure, m, r);
    if (arena_open(&c->numbers, measure.used_bytes, e))
        return e->code;
    plan_numbers(c, &c->numbers, m, r);
    share_out(c, r);
    struct acts_request losses = of_losses(r), seen = of_observations(r);
    if (acts_open(&c->acts, &c->acts_arena, m, &losses, e))
        return e->code;
    if (r->seen_B)
        acts_open(&c->seen, &c->seen_arena, m, &seen, e);
    return e->code;
}

void engine_release(struct engine *g)
{
    struct cpu *c = g->cpu;
    if (c) {
        engine_drop_states(g);
        acts_close(&c->seen);
        acts_close(&c->acts);
        arena_release(&c->seen_arena);
        arena_release(&c->acts_arena);
        arena_release(&c->numbers);
    }
    free(c);
    *g = (struct engine){ 0 };
}

void engine_watch(struct engine *g, struct stopwatch *watch)
{
    acts_watch(&g->cpu->acts, g->m, watch);
}

struct pass_loss engine_loss(struct engine *g, const struct batch *b)
{
    struct cpu *c = g->cpu;
    return model_forward_loss(g->m, c->w, &c->acts, b, &c->edits);
}

void engine_logits(struct engine *g, const struct batch *b, idx place,
                   real *logits)
{
    struct cpu *c = g->cpu;
    model_logits(g->m, c->w, &c->acts, b, place, &c->edits, logits);
}

int engine_edit(struct engine *g, const struct tap_edit *list, idx n,
                struct err *e)
{
    struct edits edits = { list, n };
    g->cpu->edits = (struct edits){ 0 };
    for (idx i = 0; i < n; i++)
        BUG_ON(!(g->request.writes & TAP_BIT(list[i].tap)));
    if (model_check_edits(g->m, &edits, e))
        return e->code;
    g->cpu->edits = edits;
    return OK;
}

const real *engine_losses(const struct engine *g, idx sequence)
{
    return acts_losses(&g->cpu->acts, g->m, sequence);
}

struct pass_loss engine_backward(struct engine *g, const struct batch *b,
                                 struct batch_total of)
{
    struct cpu *c = g->cpu;
    struct pass_loss loss =
        model_backward_loss(g->m, optim_trained(&c->optim, c->w),
                            tree_leaf(&c->tree), &c->acts, b, of);
    tree_add(&c->tree);
    return loss;
}

/* What each process knows of its stretches, to all. */
static int spread_stretches(struct engine *g, double *of, struct err *e)
{
    return ranks_spread(g->request.ranks, of, g->cpu->stretches, sizeof *of, e);
}

int engine_share_gradients(struct engine *g, struct err *e)
{
    struct cpu *c = g->cpu;
    if (tree_add_up(&c->tree, e))
        return e->code;
    if (!is_sharded(&g->request))
        return tree_spread(&c->tree, c->dw, e);
    optim_norm_parts(&c->optim, c->dw);
    return spread_stretches(g, c->optim.partial, e);
}

int engine_share_weights(struct engine *g, struct update_sums *sums,
                         struct err *e)
{
    struct cpu *c = g->cpu;
    struct optim *s = &c->optim;
    if (!is_sharded(&g->request))
        return OK;
    if (tree_spread(&c->tree, c->w, e) ||
        (s->trained && tree_spread(&c->tree, s->trained, e)))
        return e->code;
    if (!sums)
        return OK;
    if (spread_stretches(g, s->watch.change, e) ||
        spread_stretches(g, s->watch.weights, e))
        return e->code;
    optim_sums(s, sums, &g->m->table);
    return OK;
}

double engine_grad_norm(struct engine *g)
{
    return is_sharded(&g->request)
               ? optim_norm_of_parts(&g->cpu->optim)
               : optim_grad_norm(&g->cpu->optim, g->cpu->dw);
}

void engine_step(struct engine *g, idx step, double lr, double grad_norm)
{
    struct cpu *c = g->cpu;
    optim_step(&c->optim, c->w, c->dw, step, lr, grad_norm);
}

void engine_step_watched(struct engine *g, struct update_sums *sums, idx step,
                         double lr, double grad_norm)
{
    struct cpu *c = g->cpu;
    optim_step_watched(&c->optim, sums, &g->m->table, c->w, c->dw, step, lr,
                       grad_norm);
}

void engine_observe(struct engine *g, const struct batch *b,
                    const struct observer *observer)
{
    struct cpu *c = g->cpu;
    model_observe(g->m, c->w, &c->seen, b, observer, &c->edits);
}

struct pass_loss engine_observe_gradients(struct engine *g,
                                          const struct batch *b,
                                          const struct observer *observer)
{
    struct cpu *c = g->cpu;
    BUG_ON(c->edits.n || !c->dw);
    struct pass_loss loss =
        model_observe_gradients(g->m, c->w, c->dw, &c->seen, b, observer);
    memset(c->dw, 0, (size_t)g->m->table.total * sizeof *c->dw);
    return loss;
}

const real *engine_hidden(const struct engine *g, idx depth, idx sequence)
{
    return acts_hidden(&g->cpu->seen, g->m, depth, sequence);
}

struct engine_numbers engine_download(struct engine *g)
{
    struct cpu *c = g->cpu;
    struct engine_numbers n = { .weights = c->w };
    if (g->request.optim) {
        n.n_states = c->optim.n_states;
        n.states = c->optim.states;
    }
    return n;
}

void engine_upload(struct engine *g)
{
    if (g->request.optim)
        optim_look(&g->cpu->optim, g->cpu->w);
}

/* ---- of several processes ------------------------------------------------ */

/* Values of state i between its owner and process 0. */
static int move_state(struct engine *g, idx i, bool to_owner, struct err *e)
{
    const struct optim_state *x = &g->cpu->optim.states[i];
    int own = ranks_own(g->request.ranks);
    if (x->owner == 0 || (own != 0 && own != x->owner))
        return OK;
    struct ranks_message m = { own == 0 ? x->owner : 0, (own == 0) == to_owner,
                               x->values, (size_t)x->n * sizeof(real) };
    return ranks_move(g->request.ranks, &m, 1, e);
}

int engine_take_states(struct engine *g, bool gather, struct err *e)
{
    struct optim *s = &g->cpu->optim;
    idx n = 0;
    if (!is_sharded(&g->request))
        return OK;
    bool takes = ranks_own(g->request.ranks) == 0 && !g->cpu->taken;
    for (idx i = 0; i < s->n_states; i++)
        n += s->states[i].values ? 0 : s->states[i].n;
    if (takes) {
        g->cpu->taken = calloc((size_t)n + 1, sizeof(real));
        if (!g->cpu->taken)
            err_set(e, ERR_MEMORY,
                    "out of memory for the optimizer's whole state, which "
                    "process 0 gathers to save it");
    }
    real *at = g->cpu->taken;
    for (idx i = 0; at && takes && i < s->n_states; i++)
        if (!s->states[i].values) {
            s->states[i].values = at;
            at += s->states[i].n;
        }
    if (ranks_agree(g->request.ranks, false, e))
        return e->code;
    for (idx i = 0; gather && i < s->n_states; i++)
        if (move_state(g, i, false, e))
            return e->code;
    return OK;
}

void engine_drop_states(struct engine *g)
{
    struct optim *s = &g->cpu->optim;
    for (idx i = 0; g->cpu->taken && i < s->n_states; i++)
        if (s->states[i].owner != s->part)
            s->states[i].values = NULL;
    free(g->cpu->taken);
    g->cpu->taken = NULL;
}

int engine_hand_out(struct engine *g, bool with_states, struct err *e)
{
    struct cpu *c = g->cpu;
    struct ranks *r = g->request.ranks;
    size_t bytes = (size_t)g->m->table.total * sizeof(real);
    if (ranks_n(r) == 1)
        return OK;
    if (ranks_broadcast(r, 0, c->w, bytes, e))
        return e->code;
    for (idx i = 0; with_states && i < c->optim.n_states; i++) {
        const struct optim_state *x = &c->optim.states[i];
        bytes = (size_t)x->n * sizeof(real);
        if (is_sharded(&g->request)
                ? move_state(g, i, true, e)
                : ranks_broadcast(r, 0, x->values, bytes, e))
            return e->code;
    }
    engine_upload(g);
    return c->optim.trained && is_sharded(&g->request)
               ? tree_spread(&c->tree, c->optim.trained, e)
               : OK;
}
