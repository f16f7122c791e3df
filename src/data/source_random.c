/* source_random.c - independent uniform tokens: nothing to learn, any
 * vocabulary; for speed measurements and as a control. */
#include <math.h>

#include "data/source.h"

static int open_random(struct source *s, const struct data_options *o,
                       struct err *e)
{
    (void)o;
    struct arena measure = { 0 };
    arena_ints(&measure, s->n_sample);
    if (arena_open(&s->arena, measure.used_bytes, e))
        return e->code;
    s->sample = arena_ints(&s->arena, s->n_sample);
    return OK;
}

static void sample_random(const struct source *s, int32_t *out, idx n,
                          struct rng *r)
{
    for (idx t = 0; t < n; t++)
        out[t] = (int32_t)rng_below(r, s->n_plain);
}

static void nats_random(const struct source *s, double *nats,
                        const int32_t *sample, idx n)
{
    (void)sample;
    for (idx t = 0; t < n; t++)
        nats[t] = log((double)s->n_plain);
}

const struct source_kind source_random = {
    .text = { .name = "random",
              .key = "[data] source = random",
              .formula =
                  "independent uniform tokens: nothing to learn, for speed "
                  "measurements and as a control" },
    .open = open_random,
    .sample = sample_random,
    .nats = nats_random,
};
