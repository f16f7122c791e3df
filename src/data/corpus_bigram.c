/* corpus_bigram.c - Bigram-Backcopy (Guo et al., 2024): the task on which a
 * sink appears within minutes.
 *
 * The last n_triggers tokens are triggers. After a trigger comes the token
 * before it again; after any other token a draw from a fixed bigram table:
 * P = softmax of N(0,1) logits by row, triggers made TRIGGER_WEIGHT times as
 * likely. The first token is none of the triggers, for a trigger there would
 * copy BOS and the sequence would degenerate into one repeated token. It is
 * uniform.
 *
 * Or the table is that of a text, as in the paper: tokens are the bytes that
 * occur, the most frequent last, so that they are the triggers; P is how often
 * one comes after another, and the first token is as frequent as in the text. A
 * byte that has nothing behind it, for it is the last one, is followed by any
 * token as frequently as it comes.
 */
#include "data/corpus_bigram.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "data/bigram_text.h"
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

/* What comes to pass with weights (n): cumulative, the last is 1. */
static void fill_weighted(double *cdf, idx n, const uint64_t *weights,
                          const unsigned char *at)
{
    double sum = 0;
    for (idx v = 0; v < n; v++)
        cdf[v] = sum += (double)weights[at[v]];
    for (idx v = 0; v < n; v++)
        cdf[v] /= sum;
}

static void fill_counted(double *cdf, double *first, const struct corpus *c,
                         const struct bigram_text *b)
{
    const struct bigram *own = c->own;
    idx V = c->n_plain;
    for (idx row = 0; row < V; row++, cdf += V) {
        const uint64_t *after = b->pair[b->byte[row]];
        bool is_followed = false;
        for (int v = 0; v < BYTES; v++)
            is_followed = is_followed || after[v];
        fill_weighted(cdf, V, is_followed ? after : b->count, b->byte);
    }
    fill_weighted(first, V - own->n_triggers, b->count, b->byte);
}

/* Of a drawn table. */
static int check_drawn(const struct data_options *o, struct err *e)
{
    if (o->triggers >= o->vocab)
        return err_set(e, ERR_DATA,
                       "[data] triggers = %td leaves no plain token of vocab "
                       "= %td: want at most vocab - 1",
                       o->triggers, o->vocab);
    if (o->vocab > 8192)
        return err_set(e, ERR_DATA,
                       "[data] vocab = %td: bigram-backcopy keeps a table of "
                       "vocab x vocab, so it takes at most 8192",
                       o->vocab);
    return OK;
}

static int check_counted(const struct data_options *o,
                         const struct bigram_text *b, struct err *e)
{
    if (b->n_kinds < 2)
        return err_set(e, ERR_DATA,
                       "data.bigram_path %s: consists of one byte over and "
                       "over: want a text of two kinds at least",
                       o->bigram_path);
    if (o->triggers >= b->n_kinds)
        return err_set(e, ERR_DATA,
                       "[data] triggers = %td leaves no plain token of the %td "
                       "kinds of bytes in data.bigram_path %s: want less",
                       o->triggers, b->n_kinds, o->bigram_path);
    return OK;
}

static int place_tables(struct corpus *c, const struct data_options *o,
                        const struct bigram_text *b, struct err *e)
{
    idx V = c->n_plain = b ? b->n_kinds : o->vocab;
    idx table = V * V, n_first = b ? V - o->triggers : 0;
    struct arena measure = { 0 };
    arena_bytes(&measure, sizeof(struct bigram));
    arena_doubles(&measure, table);
    arena_doubles(&measure, n_first);
    arena_bytes(&measure, BYTES);
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    struct bigram *own = c->own = arena_bytes(&c->arena, sizeof *own);
    double *cdf = arena_doubles(&c->arena, table);
    double *first = arena_doubles(&c->arena, n_first);
    unsigned char *bytes = arena_bytes(&c->arena, BYTES);
    *own = (struct bigram){ o->triggers, cdf, b ? first : NULL };
    if (!b) {
        fill_cdf(cdf, c);
        return OK;
    }
    fill_counted(cdf, first, c, b);
    memcpy(bytes, b->byte, sizeof b->byte);
    c->bytes = bytes;
    return OK;
}

static int open_bigram(struct corpus *c, const struct data_options *o,
                       struct err *e)
{
    struct bigram_text *b = NULL;
    if (!o->bigram_path[0])
        return check_drawn(o, e) ? e->code : place_tables(c, o, NULL, e);
    if (!(b = malloc(sizeof *b)))
        return err_memory(e, NULL);
    if (bigram_text_count(b, o->bigram_path, c->is_checked, e) == OK &&
        check_counted(o, b, e) == OK && place_tables(c, o, b, e) == OK)
        memcpy(c->hash, b->hash, sizeof c->hash);
    free(b);
    return e->code;
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
            out[t] = own->first ? next_token(own->first, first_trigger, r)
                                : (int32_t)rng_below(r, first_trigger);
        else if (out[t - 1] >= first_trigger)
            out[t] = out[t - 2]; /* out[0] is no trigger, so t >= 2 */
        else
            out[t] = next_token(own->cdf + out[t - 1] * V, V, r);
    }
}

/* Of token v, by a row of a table. No token that comes has probability 0: a
 * draw lies in its interval. */
static double cost(const double *cdf, idx v)
{
    return -log(v ? cdf[v] - cdf[v - 1] : cdf[v]);
}

/* A copy is certain. */
static void nats_bigram(const struct corpus *c, double *nats,
                        const int32_t *sample, idx n)
{
    const struct bigram *own = c->own;
    idx V = c->n_plain, first_trigger = V - own->n_triggers;
    for (idx t = 0; t < n; t++) {
        if (t == 0)
            nats[t] = own->first ? cost(own->first, sample[t])
                                 : log((double)first_trigger);
        else if (sample[t - 1] >= first_trigger)
            nats[t] = 0;
        else
            nats[t] = cost(own->cdf + sample[t - 1] * V, sample[t]);
    }
}

const struct corpus_kind corpus_bigram = {
    .text = { .name = "bigram-backcopy",
              .key = "[data] source = bigram-backcopy",
              .formula = "bigrams of a fixed table, with triggers that copy "
                         "the token before them; the table is drawn from "
                         "task_seed, or counted in the text of bigram_path",
              .parameters = "vocab, triggers, task_seed, bigram_path",
              .source = "Guo et al., Active-Dormant Attention Heads (2024, "
                        "arXiv 2410.13835)",
              .sinks = "1 layer, 1 head, table of Shakespeare's characters: "
                       "tokens that are no triggers put 56 % of their "
                       "attention on BOS after 300 steps, 78 % after 1000; "
                       "with ReLU attention none" },
    .open = open_bigram,
    .draw = draw_bigram,
    .nats = nats_bigram,
};
