#include "metric/consequences.h"

#include <math.h>
#include <string.h>

struct consequences_request consequences_asked(const struct metric_choice *c,
                                               idx T)
{
    struct metric_name n;
    struct metric_cursor at = { 0 };
    struct consequences_request r = { .options = c->metrics, .T = T };
    r.n_sequences = idx_ceil_div(c->metrics->loss_tokens, T);
    while (metric_next_asked(&n, &at, c)) {
        const struct intervention *v = n.metric->under;
        if (!v)
            continue;
        r.n++;
        r.reads |= v->options;
        r.writes |= intervention_writes(v);
        r.changes = r.changes || v->change;
        if (v->room)
            r.room_n = idx_max(r.room_n, v->room(T));
    }
    return r;
}

int consequences_check(const struct metric_choice *c, idx T, struct err *e)
{
    struct consequences_request r = consequences_asked(c, T);
    const struct metrics_options *o = c->metrics;
    if (r.reads & READS_SINK_KEY && o->sink_key > T)
        return err_set(e, ERR_CONFIG,
                       "metrics.sink_key = %td: sequences have model.context = "
                       "%td keys: ask for one of them",
                       o->sink_key, T);
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
    c->work.room = arena_doubles(arena, threads * r->room_n);
    c->work.notes = arena_doubles(arena, c->B * r->T);
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
                  .room_n = r->room_n },
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

/* Nats a target over all sequences, by the targets' weights. */
static double loss(struct consequences *c)
{
    double sum = 0, weight = 0;
    idx n = c->batch.B, T = c->batch.T;
    for (idx first = 0; first < n; first += c->B) {
        struct batch part =
            batch_part(&c->batch, first, idx_min(c->B, n - first));
        engine_loss(c->engine, &part);
        for (idx i = 0; i < part.B * T; i++) {
            const real *nats = engine_losses(c->engine, i / T);
            sum += (double)part.weights[i] * (double)nats[i % T];
            weight += (double)part.weights[i];
        }
    }
    return weight > 0 ? sum / weight : NAN;
}

void consequences_start(struct consequences *c)
{
    c->plain = loss(c);
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

double consequences_cost(struct consequences *c, const struct intervention *v,
                         idx layer, idx head)
{
    struct tap_edit list[INTERVENTION_EDITS_MAX];
    struct err e = { 0 };
    idx n = 0;
    for (; n < INTERVENTION_EDITS_MAX && v->edits[n].edit; n++)
        list[n] = (struct tap_edit){ v->edits[n].tap, layer, head,
                                     v->edits[n].edit, &c->work };
    int refused = engine_edit(c->engine, list, n, &e);
    BUG_ON(refused); /* intervention_is_there says so */
    if (v->change)
        change(c, v);
    double cost = loss(c) - c->plain;
    if (v->change)
        put_back(c);
    engine_edit(c->engine, NULL, 0, &e);
    return cost;
}

void consequences_measure(double *value, struct consequences *c,
                          const struct metric *m)
{
    const struct model *of = c->engine->m;
    idx ndim = metric_ndim(m), layers = ndim > 0 ? of->L : 1;
    idx heads = ndim > 1 ? of->views : 1;
    bool is_there = intervention_is_there(m->under, of);
    BUG_ON(ndim > 0 && m->axes[0] != OVER_LAYER);
    BUG_ON(ndim > 1 && m->axes[1] != OVER_HEAD);
    for (idx l = 0; l < layers; l++)
        for (idx h = 0; h < heads; h++)
            value[l * heads + h] =
                is_there ? consequences_cost(c, m->under, ndim > 0 ? l : -1,
                                             ndim > 1 ? h : -1)
                         : NAN;
}
