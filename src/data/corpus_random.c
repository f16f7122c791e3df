/* corpus_random.c - independent uniform tokens: nothing to learn, any
 * vocabulary; for speed measurements and as a control. */
#include <math.h>

#include "data/corpus.h"
#include "data/options.h"

static int open_random(struct corpus *c, const struct data_options *o,
                       struct err *e)
{
    (void)e;
    c->n_plain = o->vocab;
    return OK;
}

static void draw_random(const struct corpus *c, int32_t *out, idx n,
                        struct rng *r)
{
    for (idx t = 0; t < n; t++)
        out[t] = (int32_t)rng_below(r, c->n_plain);
}

static void nats_random(const struct corpus *c, double *nats,
                        const int32_t *sample, idx n)
{
    (void)sample;
    for (idx t = 0; t < n; t++)
        nats[t] = log((double)c->n_plain);
}

const struct corpus_kind corpus_random = {
    .text = { .name = "random",
              .key = "[data] source = random",
              .formula =
                  "independent uniform tokens: nothing to learn, for speed "
                  "measurements and as a control",
              .parameters = "vocab",
              .source = "input of the study's Table 1 (arXiv 2410.10781)",
              .sinks = "as an input of trained models: sink_1 of GPT2-XL 70 % "
                       "(natural text 77), of Mistral-7B 75 (97), of LLaMA2-7B "
                       "90 (92), of LLaMA3-8B 91 (99); training on it: not "
                       "reported" },
    .open = open_random,
    .draw = draw_random,
    .nats = nats_random,
};
