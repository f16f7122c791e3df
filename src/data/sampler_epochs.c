/* sampler_epochs.c - the corpus cut into windows whose targets lie end to end,
 * each once an epoch, in an order of the epoch's own. What is left at the end,
 * less than a window, is not read. */
#include "data/sampler.h"

static int open_epochs(struct sampler *s, const struct data_options *o,
                       struct err *e)
{
    if (sampler_divide(s, o, e))
        return e->code;
    /* n windows need n T tokens and, without BOS, the one in front */
    s->n_units = (s->train.n - sampler_body(s)) / s->T + 1;
    s->n_tiles = sampler_count_tiles(s);
    return OK;
}

static idx window_of(const struct sampler *s, idx index)
{
    return sampler_shuffled(s, s->n_units, index);
}

static void read_window(const struct sampler *s, struct row *r, idx unit)
{
    stream_read(&s->train, r, r->n, unit * s->T);
}

const struct order order_epochs = {
    .text = { .name = "epochs",
              .formula = "windows whose targets lie end to end, each once an "
                         "epoch, shuffled anew for every epoch",
              .source = "arXiv 2410.10781, whose order is the same in every "
                        "epoch" },
    .ends = true,
    .open = open_epochs,
    .unit = window_of,
    .read = read_window,
    .held_out = sampler_tile,
    .sinks = sampler_count_sinks,
};

/* The same windows of a stream in which each document has its own BOS. */
const struct order order_packed = {
    .text = { .name = "packed",
              .formula = "documents end to end, a BOS in front of each, cut "
                         "into windows as in epochs",
              .source = "common in training" },
    .has_documents = true,
    .ends = true,
    .bos_by_document = true,
    .open = open_epochs,
    .unit = window_of,
    .read = read_window,
    .held_out = sampler_tile,
    .sinks = sampler_count_sinks,
};
