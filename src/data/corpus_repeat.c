/* corpus_repeat.c - one token, drawn uniformly for each sample, to its end: all
 * places have the same content, so what differs between them is their place. */
#include <math.h>

#include "data/corpus.h"
#include "data/options.h"

static int open_repeat(struct corpus *c, const struct data_options *o,
                       struct err *e)
{
    (void)e;
    c->n_plain = o->vocab;
    return OK;
}

static void draw_repeat(const struct corpus *c, int32_t *out, idx n,
                        struct rng *r)
{
    int32_t token = (int32_t)rng_below(r, c->n_plain);
    for (idx t = 0; t < n; t++)
        out[t] = token;
}

static void nats_repeat(const struct corpus *c, double *nats,
                        const int32_t *sample, idx n)
{
    (void)sample;
    for (idx t = 0; t < n; t++)
        nats[t] = t == 0 ? log((double)c->n_plain) : 0;
}

const struct corpus_kind corpus_repeat = {
    .text = { .name = "repeat",
              .key = "[data] source = repeat",
              .formula = "one token, drawn uniformly for each sequence and "
                         "repeated to its end; the least loss: log vocab for "
                         "the first, 0 behind it",
              .parameters = "vocab",
              .source = "input of the study's Table 1 (arXiv 2410.10781)",
              .sinks = "as an input of trained models: sink_1 of GPT2-XL 62 % "
                       "(natural text 77), of Mistral-7B, LLaMA2-7B and "
                       "LLaMA3-8B 0 (97, 92, 99): rotary positions tell equal "
                       "tokens apart by nothing; training on it: not "
                       "reported" },
    .open = open_repeat,
    .draw = draw_repeat,
    .nats = nats_repeat,
};
