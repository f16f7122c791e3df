/* source_bigram.c - Bigram-Backcopy (Guo et al., 2024): the task on which a
 * sink appears within minutes.
 *
 * The last n_triggers tokens are triggers. After a trigger comes the token
 * before it again; after any other token a draw from a fixed bigram table,
 * P = softmax of N(0,1) logits by row, triggers made TRIGGER_WEIGHT times as
 * likely. The first token is none of the triggers, for a trigger there would
 * copy BOS and the sequence would degenerate into one repeated token.
 */
#include "data/source_bigram.h"

#include <math.h>

#include "data/source.h"

static const double TRIGGER_WEIGHT = 4;

static void fill_cdf(double *cdf, const struct source *s)
{
    const struct source_bigram *own = s->own;
    idx V = s->n_plain;
    for (idx row = 0; row < V; row++, cdf += V) {
        struct rng r = rng_open(s->task_seed, RNG_TASK, 0, (uint64_t)row);
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

static int open_bigram(struct source *s, const struct data_options *o,
                       struct err *e)
{
    idx V = s->n_plain, table = V * V;
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
    arena_bytes(&measure, sizeof(struct source_bigram));
    arena_doubles(&measure, table);
    arena_ints(&measure, s->n_sample);
    if (arena_open(&s->arena, measure.used_bytes, e))
        return e->code;
    struct source_bigram *own = s->own = arena_bytes(&s->arena, sizeof *own);
    double *cdf = arena_doubles(&s->arena, table);
    s->sample = arena_ints(&s->arena, s->n_sample);
    own->n_triggers = o->triggers;
    own->cdf = cdf;
    fill_cdf(cdf, s);
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

static void sample_bigram(const struct source *s, int32_t *out, idx n,
                          struct rng *r)
{
    const struct source_bigram *own = s->own;
    idx V = s->n_plain, first_trigger = V - own->n_triggers;
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
static void nats_bigram(const struct source *s, double *nats,
                        const int32_t *sample, idx n)
{
    const struct source_bigram *own = s->own;
    idx V = s->n_plain, first_trigger = V - own->n_triggers;
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

const struct source_kind source_bigram = {
    .text = { .name = "bigram-backcopy",
              .key = "[data] source = bigram-backcopy",
              .formula = "synthetic bigrams with triggers that copy the token "
                         "before them "
                         "(Guo et al., 2024); needs no file" },
    .open = open_bigram,
    .sample = sample_bigram,
    .nats = nats_bigram,
};
