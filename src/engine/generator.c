#include "engine/generator.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

void generator_plan(struct generator *g, struct arena *arena,
                    const struct model *m, idx T,
                    const struct batch_rules *rules)
{
    *g = (struct generator){ .engine = NULL };
    batch_plan(&g->batch, arena, 1, T, rules);
    g->logits = arena_reals(arena, m->V);
    g->chance = arena_doubles(arena, m->V);
    g->order = arena_ints(arena, m->V);
}

void generator_open(struct generator *g, struct engine *engine,
                    const struct source *source)
{
    BUG_ON(engine->request.T != g->batch.T);
    g->engine = engine;
    g->source = source;
    for (idx l = 0; l < engine->m->L; l++)
        g->prefix = idx_max(g->prefix, engine->m->blocks[l].attention.prefix);
}

idx generator_front(const struct source *s)
{
    return s->bos != NO_TOKEN;
}

bool generator_ends(const struct source *s, int32_t token)
{
    return token == s->bos || token == s->eos;
}

/* Tokens at the front of a window that stay when it slides: a row's BOS. */
static idx front_kept(const struct generator *g)
{
    const struct source *s = g->source;
    return source_has_row_bos(s) && g->batch.tokens[0] == s->bos;
}

static void push(struct generator *g, int32_t token)
{
    int32_t *tokens = g->batch.tokens;
    if (g->n == g->batch.T) {
        idx kept = idx_min(front_kept(g), g->n - 1);
        memmove(tokens + kept, tokens + kept + 1,
                (size_t)(g->n - kept - 1) * sizeof *tokens);
        g->n--;
    }
    tokens[g->n++] = token;
}

int generator_begin(struct generator *g, const struct generator_options *o,
                    const int32_t *prompt, idx n, const char *what,
                    struct err *e)
{
    g->options = *o;
    g->n = g->n_said = 0;
    if (generator_front(g->source))
        push(g, g->source->bos);
    for (idx i = 0; i < n; i++)
        push(g, prompt[i]);
    if (g->n == 0)
        return err_set(e, ERR_DATA,
                       "%s: is empty, and the model knows no BOS (data.bos = "
                       "no) to begin with: give a text",
                       what);
    if (g->n < g->prefix)
        return err_set(e, ERR_DATA,
                       "%s: makes %td tokens, but the model was trained to go "
                       "on behind %td that all see (attention.prefix): give a "
                       "longer text",
                       what, g->n, g->prefix);
    return OK;
}

/* The window as a batch: one document, if anybody asks. */
static void fill(struct generator *g)
{
    struct batch *b = &g->batch;
    for (idx t = 0; t < b->T; t++) {
        if (t >= g->n)
            b->tokens[t] = 0; /* behind what is looked at, seen by none */
        b->targets[t] = 0;
        b->weights[t] = 0;
        if (b->documents)
            b->documents[t] = 0;
    }
    b->used[0] = (int32_t)g->n;
    batch_mark(b);
}

static int by_logit(const void *a, const void *b, void *context)
{
    const real *logits = context;
    int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;
    if (logits[i] != logits[j])
        return logits[i] > logits[j] ? -1 : 1;
    return i < j ? -1 : i > j;
}

static int32_t find_largest(const real *logits, idx V)
{
    idx best = 0;
    for (idx i = 1; i < V; i++)
        best = logits[i] > logits[best] ? i : best;
    return (int32_t)best;
}

/* Where the running sum of chances passes a uniform share of all of them. */
static int32_t draw(struct generator *g, idx V)
{
    real *logits = g->logits;
    const struct generator_options *o = &g->options;
    idx n = o->top_k ? idx_min(o->top_k, V) : V;
    double sum = 0, at = 0;
    real max = logits[find_largest(logits, V)];
    for (idx i = 0; i < V; i++)
        g->order[i] = (int32_t)i;
    if (n < V)
        qsort_r(g->order, (size_t)V, sizeof *g->order, by_logit, logits);
    for (idx i = 0; i < n; i++)
        sum += g->chance[i] =
            exp(((double)logits[g->order[i]] - (double)max) / o->temperature);
    struct rng r = rng_open(o->seed, RNG_SAY, 0, (uint64_t)g->n_said);
    double share = rng_uniform(&r) * sum;
    idx i = 0;
    while (i < n - 1 && (at += g->chance[i]) <= share)
        i++;
    return g->order[i];
}

int generator_next(int32_t *token, struct generator *g, struct err *e)
{
    idx V = g->engine->m->V;
    fill(g);
    engine_logits(g->engine, &g->batch, g->n - 1, g->logits);
    for (idx i = 0; i < V; i++)
        if (!isfinite(g->logits[i]))
            return err_set(e, ERR_DIVERGED,
                           "what may follow token %td has a logit of %g: use "
                           "another checkpoint",
                           g->n, (double)g->logits[i]);
    *token =
        g->options.temperature > 0 ? draw(g, V) : find_largest(g->logits, V);
    push(g, *token);
    g->n_said++;
    return OK;
}
