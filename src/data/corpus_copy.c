/* corpus_copy.c - a block of copy_length uniform tokens, and the same block
 * again and again to the end of the sample.
 *
 * The length is the task's and not the sample's, so that a shorter sample is
 * the beginning of a longer one. A head that looks back by copy_length - 1
 * places solves it, as does one that finds what came before by its content. A
 * block of one token is `repeat`.
 */
#include <math.h>
#include <string.h>

#include "data/corpus.h"
#include "data/options.h"

struct copy {
    idx length;
};

static int open_copy(struct corpus *c, const struct data_options *o,
                     struct err *e)
{
    struct arena measure = { 0 };
    arena_bytes(&measure, sizeof(struct copy));
    if (arena_open(&c->arena, measure.used_bytes, e))
        return e->code;
    struct copy *own = c->own = arena_bytes(&c->arena, sizeof *own);
    own->length = o->copy_length;
    c->n_plain = o->vocab;
    return OK;
}

static int check_copy(const struct corpus *c, idx n, struct err *e)
{
    const struct copy *own = c->own;
    if (own->length < n)
        return OK;
    return err_set(e, ERR_DATA,
                   "[data] copy_length = %td: a sequence of model.context has "
                   "%td tokens, so nothing is copied: want less than that",
                   own->length, n);
}

static void draw_copy(const struct corpus *c, int32_t *out, idx n,
                      struct rng *r)
{
    const struct copy *own = c->own;
    for (idx t = 0; t < n; t++)
        out[t] = t < own->length ? (int32_t)rng_below(r, c->n_plain)
                                 : out[t - own->length];
}

static void nats_copy(const struct corpus *c, double *nats,
                      const int32_t *sample, idx n)
{
    const struct copy *own = c->own;
    (void)sample;
    for (idx t = 0; t < n; t++)
        nats[t] = t < own->length ? log((double)c->n_plain) : 0;
}

const struct corpus_kind corpus_copy = {
    .text = { .name = "copy",
              .key = "[data] source = copy",
              .formula = "a block of copy_length uniform tokens, then the same "
                         "block again and again; the least loss: log vocab in "
                         "the first block, 0 behind it",
              .parameters = "vocab, copy_length",
              .source = "repeated random tokens, on which Olsson et al. (2022, "
                        "arXiv 2209.11895) tell induction heads",
              .sinks = "not reported" },
    .open = open_copy,
    .check = check_copy,
    .draw = draw_copy,
    .nats = nats_copy,
};
