/* edit_random.c - uniform tokens of the corpus' vocabulary at given places. */
#include "data/edit.h"

static bool is_on(const struct data_options *o)
{
    return o->random_positions.n > 0;
}

static void put_random(const struct edit_view *v, struct row *r)
{
    struct rng rng = edit_rng(v, r, EDIT_RANDOM);
    for (idx i = 0; i < v->o->random_positions.n; i++) {
        int32_t token = (int32_t)rng_below(&rng, v->n_plain);
        idx t = v->o->random_positions.v[i] - 1;
        if (t >= r->used)
            continue;
        r->tokens[t] = token;
        r->offsets[t] = NO_OFFSET;
    }
}

const struct edit edit_random = {
    .text = { .name = "random_positions",
              .key = "[data] random_positions = 1, 2",
              .formula = "uniform tokens at these places, counted from 1 with "
                         "BOS",
              .source = "arXiv 2410.10781, section 5",
              .sinks = "sink_1 27.0 % with x_1 random, 21.0 % with x_2; with "
                       "both 2.0 %, and sink_2 14.1 %; 18.2 % without "
                       "(arXiv 2410.10781)" },
    .is_on = is_on,
    .tokens = put_random,
};
