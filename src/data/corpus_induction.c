/* corpus_induction.c - triggers whose successors only the sequence tells: what
 * an induction head is for.
 *
 * The last n_triggers tokens are triggers. For every sequence each of them gets
 * a successor, uniform over the other tokens: that one comes whenever the
 * trigger does. All else - the first token, and what comes after a token that
 * is no trigger - is drawn from one distribution, uniform but for triggers,
 * which are TRIGGER_WEIGHT times as likely as others. So from a trigger's
 * second time on its successor is certain to whoever looks at what came after
 * it before, and nothing else can be known.
 *
 * It is the bigram task of Bietti et al. (2023) with a uniform table, in which
 * all that a model can learn about pairs of tokens is in its context.
 */
#include <math.h>

#include "data/corpus.h"
#include "data/options.h"

/* As in bigram-backcopy: there is enough to learn in a short sequence. */
enum { TRIGGER_WEIGHT = 4 };

struct induction {
    idx first_trigger;
    idx sum; /* of the weights of all tokens */
};

static int open_induction(struct corpus *c, const struct data_options *o,
                          struct err *e)
{
    idx V = c->n_plain = o->vocab;
    if (o->triggers >= V)
        return err_set(e, ERR_DATA,
                       "[data] triggers = %td leaves no plain token of vocab "
                       "= %td: want at most vocab - 1",
                       o->triggers, V);
    struct arena measure = { 0 };
    arena_bytes(&measure, sizeof(struct induction));
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    struct induction *own = c->own = arena_bytes(&c->arena, sizeof *own);
    own->first_trigger = V - o->triggers;
    own->sum = own->first_trigger + TRIGGER_WEIGHT * o->triggers;
    return OK;
}

/* What came after an earlier time of the trigger at place `at`; -1: it is its
 * first time. The latest is near, so this rarely goes far. */
static int32_t known_successor(const int32_t *sample, idx at)
{
    for (idx t = at - 1; t >= 0; t--)
        if (sample[t] == sample[at])
            return sample[t + 1];
    return -1;
}

static void draw_induction(const struct corpus *c, int32_t *out, idx n,
                           struct rng *r)
{
    const struct induction *own = c->own;
    idx first = own->first_trigger;
    for (idx t = 0; t < n; t++) {
        if (t > 0 && out[t - 1] >= first) {
            out[t] = known_successor(out, t - 1);
            if (out[t] < 0)
                out[t] = (int32_t)rng_below(r, first);
            continue;
        }
        idx u = rng_below(r, own->sum);
        out[t] =
            (int32_t)(u < first ? u : first + (u - first) / TRIGGER_WEIGHT);
    }
}

static void nats_induction(const struct corpus *c, double *nats,
                           const int32_t *sample, idx n)
{
    const struct induction *own = c->own;
    idx first = own->first_trigger;
    for (idx t = 0; t < n; t++) {
        if (t > 0 && sample[t - 1] >= first)
            nats[t] =
                known_successor(sample, t - 1) < 0 ? log((double)first) : 0;
        else
            nats[t] = log((double)own->sum /
                          (sample[t] < first ? 1 : TRIGGER_WEIGHT));
    }
}

const struct corpus_kind corpus_induction = {
    .text = { .name = "induction",
              .key = "[data] source = induction",
              .formula = "the last of the tokens are triggers: each has a "
                         "successor that is drawn for every sequence, and all "
                         "else is drawn uniformly, triggers 4 times as likely; "
                         "from a trigger's second time on what follows is "
                         "certain",
              .parameters = "vocab, triggers",
              .source = "after Bietti et al., Birth of a Transformer (2023, "
                        "arXiv 2306.00802); induction heads: Olsson et al. "
                        "(2022, arXiv 2209.11895)",
              .sinks = "not reported; heads that have nothing to do at most "
                       "tokens are where Guo et al. (2024) find them" },
    .open = open_induction,
    .draw = draw_induction,
    .nats = nats_induction,
};
