#include "metric/consequences.h"

#include <math.h>
#include <string.h>

struct intervention_shape consequences_shape(const struct model *m, idx T)
{
    return (struct intervention_shape){ T, T + m->R, m->L, m->C, m->D };
}

struct consequences_request
consequences_asked(const struct metric_choice *c,
                   const struct intervention_shape *shape)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    struct consequences_request r = { .options = c->metrics, .T = shape->T };
    r.n_sequences = idx_ceil_div(c->metrics->loss_tokens, shape->T);
    while (metric_next_asked(&n, &at, c)) {
        if (!n.metric->under)
            continue;
        const struct intervention *v = intervention_done(n.metric->under);
        r.n++;
        r.reads |= v->reads;
        r.writes |= intervention_writes(v);
        r.changes = r.changes || v->change;
        if (v->room)
            r.room_n = idx_max(r.room_n, v->room(shape));
        if (!v->learning.n)
            continue;
        r.learns = true;
        r.learned_n = idx_max(r.learned_n, v->learning.n(shape));
    }
    return r;
}

int consequences_check(const struct metric_choice *c, idx T, struct err *e)
{
    const struct intervention_shape shape = { .T = T };
    struct consequences_request r = consequences_asked(c, &shape);
    const struct metrics_options *o = c->metrics;
    if (r.reads & READS_SINK_KEY && o->sink_key > T)
        return err_set(e, ERR_CONFIG,
                       "metrics.sink_key = %td: sequences have model.context = "
                       "%td keys: ask for one of them",
                       o->sink_key, T);
    /* the usual one may be larger than a small context: it was not asked for */
    if (r.reads & READS_CACHE && o->cache > T && o->cache != CACHE_USUAL)
        return err_set(e, ERR_CONFIG,
                       "metrics.cache = %td: sequences have model.context = "
                       "%td keys, so nothing would be forgotten: ask for less",
                       o->cache, T);
    if (r.reads & READS_KEPT && o->kept >= o->cache)
        return err_set(e, ERR_CONFIG,
                       "metrics.kept = %td of metrics.cache = %td: leave at "
                       "least one for the query's own key",
                       o->kept, o->cache);
    return OK;
}

static void plan(struct consequences *c, struct arena *arena,
                 const struct model *m, int threads,
                 const struct batch_rules *rules)
{
    const struct consequences_request *r = &c->request;
    batch_plan(&c->batch, arena, r->n_sequences, r->T, rules);
    c->weight = arena_doubles(arena, r->n_sequences);
    c->plain_nats = arena_doubles(arena, r->n_sequences);
    c->nats = arena_doubles(arena, r->n_sequences);
    c->shared = arena_reals(arena, idx_max(1, r->processes) * c->B * r->T);
    c->work.room = arena_doubles(arena, threads * r->room_n);
    c->work.notes = arena_doubles(arena, c->B * r->T);
    if (r->learns) {
        batch_plan(&c->other, arena, INTERVENTION_LEARNS_FROM, r->T, rules);
        c->work.records = arena_doubles(arena, c->B * r->learned_n);
        c->work.learned = arena_doubles(arena, r->learned_n);
    }
    if (r->changes)
        c->kept = arena_reals(arena, m->table.total);
}

static struct consequences consequences_of(const struct model *m, idx B,
                                           const struct consequences_request *r)
{
    return (struct consequences){
        .request = *r,
        .B = B,
        .work = { .m = m,
                  .options = r->options,
                  .T = r->T,
                  .room_n = r->room_n,
                  .learned_n = r->learned_n },
    };
}

size_t consequences_bytes(const struct model *m, idx B, int threads,
                          const struct consequences_request *r,
                          const struct batch_rules *rules)
{
    struct consequences c = consequences_of(m, B, r);
    struct arena measure = { 0 };
    if (r->n)
        plan(&c, &measure, m, threads, rules);
    return measure.used_bytes;
}

int consequences_open(struct consequences *c, struct engine *engine,
                      const struct consequences_request *r,
                      const struct batch_rules *rules, struct err *e)
{
    const struct engine_request *of = &engine->request;
    struct arena measure = { 0 };
    *c = consequences_of(engine->m, of->B, r);
    c->engine = engine;
    if (!r->n)
        return OK;
    BUG_ON(r->T != of->T || r->writes & ~of->writes);
    plan(c, &measure, engine->m, of->threads, rules);
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    plan(c, &c->arena, engine->m, of->threads, rules);
    return OK;
}

void consequences_release(struct consequences *c)
{
    arena_release(&c->arena);
    *c = (struct consequences){ 0 };
}

/* Nats of the targets of a pass from sequence `first` on, if there is one. */
static void measure(struct consequences *c, real *nats, idx first)
{
    idx n = c->batch.B, T = c->batch.T;
    if (first >= n)
        return;
    struct batch part = batch_part(&c->batch, first, idx_min(c->B, n - first));
    engine_loss(c->engine, &part);
    for (idx b = 0; b < part.B; b++)
        memcpy(nats + b * T, engine_losses(c->engine, b),
               (size_t)T * sizeof *nats);
}

/* Nats a target over all sequences, by the targets' weights; of_sequence
 * (n_sequences): of all targets of each. Passes are dealt out, one a process,
 * and their targets counted in order. */
static int loss(double *mean, struct consequences *c, double *of_sequence,
                struct err *e)
{
    double sum = 0, weight = 0;
    idx n = c->batch.B, T = c->batch.T, own = ranks_own(c->ranks);
    idx round = ranks_n(c->ranks) * c->B;
    size_t bytes = (size_t)(c->B * T) * sizeof *c->shared;
    for (idx first = 0; first < n; first += round) {
        measure(c, c->shared + own * c->B * T, first + own * c->B);
        if (ranks_gather(c->ranks, c->shared, bytes, e))
            return e->code;
        for (idx i = 0; i < idx_min(round, n - first) * T; i++) {
            idx sequence = first + i / T;
            double w = (double)c->batch.weights[first * T + i];
            double one = w * (double)c->shared[i];
            if (i % T == 0)
                c->weight[sequence] = of_sequence[sequence] = 0;
            c->weight[sequence] += w;
            of_sequence[sequence] += one;
            sum += one;
            weight += w;
        }
    }
    *mean = weight > 0 ? sum / weight : NAN;
    return OK;
}

int consequences_start(struct consequences *c, struct ranks *ranks,
                       struct err *e)
{
    BUG_ON(ranks_n(ranks) > idx_max(1, c->request.processes));
    c->ranks = ranks;
    c->judged = NULL;
    return loss(&c->plain, c, c->plain_nats, e);
}

static void change(struct consequences *c, const struct intervention *v)
{
    real *w = engine_download(c->engine).weights;
    size_t bytes = (size_t)c->engine->m->table.total * sizeof *w;
    memcpy(c->kept, w, bytes);
    v->change(w, c->engine->m);
    engine_upload(c->engine);
}

static void put_back(struct consequences *c)
{
    real *w = engine_download(c->engine).weights;
    size_t bytes = (size_t)c->engine->m->table.total * sizeof *w;
    memcpy(w, c->kept, bytes);
    engine_upload(c->engine);
}

/* ---- what is done ------------------------------------------------------ */

static void edit(struct consequences *c, const struct intervention_edit *edits,
                 idx layer, idx head)
{
    struct err e = { 0 };
    idx n = 0;
    for (; n < INTERVENTION_EDITS_MAX && edits[n].edit; n++)
        c->edits[n] = (struct tap_edit){ edits[n].tap, layer, head,
                                         edits[n].edit, &c->work };
    int refused = engine_edit(c->engine, c->edits, n, &e);
    BUG_ON(refused); /* intervention_is_there says so */
}

/* In the order of sequences, whoever recorded them. */
static void learn(struct consequences *c, const struct intervention *v)
{
    const struct intervention_shape shape =
        consequences_shape(c->engine->m, c->request.T);
    edit(c, v->learning.edits, -1, -1);
    for (idx first = 0; first < c->other.B; first += c->B) {
        struct batch part =
            batch_part(&c->other, first, idx_min(c->B, c->other.B - first));
        engine_loss(c->engine, &part);
        for (idx b = 0; b < part.B; b++)
            v->learning.learn(c->work.learned,
                              c->work.records + b * c->work.learned_n,
                              v->learning.n(&shape), first + b);
    }
}

int consequences_cost(double *cost, struct consequences *c,
                      const struct intervention *v, idx layer, idx head,
                      struct err *e)
{
    double with = NAN;
    if (v->learning.n)
        learn(c, v);
    edit(c, v->edits, layer, head);
    if (v->change)
        change(c, v);
    int rc = loss(&with, c, c->nats, e);
    if (v->change)
        put_back(c);
    engine_edit(c->engine, NULL, 0, ERR_IGNORED);
    *cost = with - c->plain;
    return rc;
}

double consequences_error(const struct consequences *c, double cost)
{
    double n = 0, weight = 0, squares = 0;
    for (idx i = 0; i < c->batch.B; i++) {
        double rise = c->nats[i] - c->plain_nats[i], w = c->weight[i];
        squares += (rise - cost * w) * (rise - cost * w);
        weight += w;
        n += w > 0;
    }
    return n < 2 ? NAN : sqrt(squares * n / (n - 1)) / weight;
}

/* Of a whole model, and its error: two columns of one measurement. */
static int judge(double *value, struct consequences *c,
                 const struct intervention *of, struct err *e)
{
    const struct intervention *v = intervention_done(of);
    if (c->judged != v) {
        c->judged = NULL;
        if (consequences_cost(&c->cost, c, v, -1, -1, e))
            return e->code;
        c->error = consequences_error(c, c->cost);
        c->judged = v;
    }
    *value = of->error_of ? c->error : c->cost;
    return OK;
}

int consequences_measure(double *value, struct consequences *c,
                         const struct metric *m, struct err *e)
{
    const struct model *of = c->engine->m;
    idx ndim = metric_ndim(m), layers = ndim > 0 ? of->L : 1;
    idx heads = ndim > 1 ? of->views : 1;
    bool is_there = intervention_is_there(m->under, of);
    BUG_ON(ndim > 0 && m->axes[0] != OVER_LAYER);
    BUG_ON(ndim > 1 && m->axes[1] != OVER_HEAD);
    if (is_there && ndim == 0)
        return judge(value, c, m->under, e);
    for (idx i = 0; i < layers * heads; i++) {
        idx layer = i / heads, head = ndim > 1 ? i % heads : -1;
        value[i] = NAN;
        if (is_there &&
            consequences_cost(&value[i], c, m->under, layer, head, e))
            return e->code;
    }
    return OK;
}
