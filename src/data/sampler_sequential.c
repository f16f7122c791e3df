/* sampler_sequential.c - samples end to end, as they lie: how a file is read
 * that is there to be measured on. There is no training. */
#include "data/sampler.h"

static void held_out_sequence(const struct sampler *s, struct row *r,
                              enum split split, idx index)
{
    (void)split;
    stream_read(&s->val, r, r->n, index * r->n);
    r->unit = (uint64_t)(index * r->n);
}

static idx count_sequences(const struct sampler *s, idx n)
{
    return s->val.n / n;
}

const struct order order_sequential = {
    .text = { .name = "sequential" },
    .held_out = held_out_sequence,
    .sinks = count_sequences,
};
