/* corpus_bigram.c - Bigram-Backcopy (Guo et al., 2024): the task on which a
 * sink appears within minutes.
 *
 * The last n_triggers tokens are triggers. After a trigger comes the token
 * before it again; after any other token a draw from a fixed bigram table,
 * P = softmax of N(0,1) logits by row, triggers made TRIGGER_WEIGHT times as
 * likely. The first token is none of the triggers, for a trigger there would
 * copy BOS and the sequence would degenerate into one repeated token.
 */
#include "data/corpus_bigram.h"

#include <math.h>

#include "data/corpus.h"
#include "data/options.h"

static const double TRIGGER_WEIGHT = 4;

static void fill_cdf(double *cdf, const struct corpus *c)
{
    const struct bigram *own = c->own;
    idx V = c->n_plain;
    for (idx row = 0; row < V; row++, cdf += V) {
        struct rng r = rng_open(c->task_seed, RNG_TASK, 0, (uint64_t)row);
        double sum = 0;
        for (idx v = 0; v < V; v++) {
            double weight = exp(rng_normal(&r));
            sum += v < V - own->n_triggers ? weight : TRIGGER_WEIGHT * weight;
            cdf[v] = sum;
        }
        for (idx v = 0; v < V; v++)
            cdf[v] /= sum;
    }
}

static int open_bigram(struct corpus *c, const struct data_options *o,
                       struct err *e)
{
    idx V = c->n_plain = o->vocab, table = V * V;
    if (o->triggers >= V)
        return err_set(e, ERR_DATA,
                       "[data] triggers = %td leaves no plain token of vocab "
                       "= %td: want at most vocab - 1",
                       o->triggers, V);
    if (V > 8192)
        return err_set(e, ERR_DATA,
                       "[data] vocab = %td: bigram-backcopy keeps a table of "
                       "vocab x vocab, so it takes at most 8192",
                       V);
    struct arena measure = { 0 };
    arena_bytes(&measure, sizeof(struct bigram));
    arena_doubles(&measure, table);
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    struct bigram *own = c->own = arena_bytes(&c->arena, sizeof *own);
    double *cdf = arena_doubles(&c->arena, table);
    own->n_triggers = o->triggers;
    own->cdf = cdf;
    fill_cdf(cdf, c);
    return OK;
}

/* The first token whose cumulative probability exceeds a uniform draw. */
static int32_t next_token(const double *cdf, idx V, struct rng *r)
{
    double u = rng_uniform(r);
    idx low = 0, high = V - 1;
    while (low < high) {
        idx middle = (low + high) / 2;
        if (cdf[middle] > u)
            high = middle;
        else
            low = middle + 1;
    }
    return (int32_t)low;
}

static void draw_bigram(const struct corpus *c, int32_t *out, idx n,
                        struct rng *r)
{
    const struct bigram *own = c->own;
    idx V = c->n_plain, first_trigger = V - own->n_triggers;
    for (idx t = 0; t < n; t++) {
        if (t == 0)
            out[t] = (int32_t)rng_below(r, first_trigger);
        else if (out[t - 1] >= first_trigger)
            out[t] = out[t - 2]; /* out[0] is no trigger, so t >= 2 */
        else
            out[t] = next_token(own->cdf + out[t - 1] * V, V, r);
    }
}

/* A copy is certain. No token that comes has probability 0: a draw lies in its
 * interval of the table. */
static void nats_bigram(const struct corpus *c, double *nats,
                        const int32_t *sample, idx n)
{
    const struct bigram *own = c->own;
    idx V = c->n_plain, first_trigger = V - own->n_triggers;
    for (idx t = 0; t < n; t++) {
        if (t == 0) {
            nats[t] = log((double)first_trigger);
            continue;
        }
        const double *cdf = own->cdf + sample[t - 1] * V;
        idx v = sample[t];
        if (sample[t - 1] >= first_trigger)
            nats[t] = 0;
        else
            nats[t] = -log(v ? cdf[v] - cdf[v - 1] : cdf[v]);
    }
}

const struct corpus_kind corpus_bigram = {
    .text = { .name = "bigram-backcopy",
              .key = "[data] source = bigram-backcopy",
              .formula = "synthetic bigrams with triggers that copy the token "
                         "before them "
                         "(Guo et al., 2024); needs no file" },
    .open = open_bigram,
    .draw = draw_bigram,
    .nats = nats_bigram,
};
