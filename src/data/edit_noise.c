/* edit_noise.c - a share of training's targets is replaced by uniform tokens:
 * what is to follow is no longer what does. */
#include "data/edit.h"

static bool is_on(const struct data_options *o)
{
    return o->label_noise > 0;
}

static void add_noise(const struct edit_view *v, struct row *r)
{
    struct rng rng = edit_rng(v, r, EDIT_NOISE);
    for (idx t = 0; t < r->n - 1; t++)
        if (rng_uniform(&rng) < v->o->label_noise)
            r->targets[t] = (int32_t)rng_below(&rng, v->n_plain);
}

const struct edit edit_noise = {
    .text = { .name = "label_noise",
              .key = "[data] label_noise = 0.1",
              .formula = "this share of training's targets becomes uniform "
                         "tokens; held-out targets stay",
              .source = "a control: less to learn from the same tokens" },
    .is_for_training = true,
    .is_on = is_on,
    .targets = add_noise,
};
