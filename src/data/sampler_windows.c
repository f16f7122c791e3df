/* sampler_windows.c - windows at uniformly drawn places, with replacement. */
#include "data/sampler.h"

static int open_windows(struct sampler *s, const struct data_options *o,
                        struct err *e)
{
    if (sampler_divide(s, o, e))
        return e->code;
    s->n_units = s->train.n - sampler_body(s) + 1;
    s->n_tiles = sampler_count_tiles(s);
    return OK;
}

static idx window_of(const struct sampler *s, idx index)
{
    /* A generated sample draws its tokens from RNG_DATA */
    bool is_stored = s->corpus->kind->is_stored;
    struct rng r = rng_open(s->seed, is_stored ? RNG_DATA : RNG_EPOCH,
                            is_stored ? SPLIT_TRAIN : 1, (uint64_t)index);
    return rng_below(&r, s->n_units);
}

static void read_window(const struct sampler *s, struct row *r, idx unit)
{
    stream_read(&s->train, r, r->n, unit);
}

const struct order order_windows = {
    .text = { .name = "windows",
              .formula = "sequence i begins at a place drawn from (seed, i): "
                         "with replacement",
              .source = "nanoGPT's training" },
    .open = open_windows,
    .unit = window_of,
    .read = read_window,
    .held_out = sampler_tile,
    .sinks = sampler_count_sinks,
};
