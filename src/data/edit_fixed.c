/* edit_fixed.c - one and the same token at a given place of every sample. */
#include "data/edit.h"

static bool is_on(const struct data_options *o)
{
    return o->fixed_position > 0;
}

static void put_fixed(const struct edit_view *v, struct row *r)
{
    idx t = v->o->fixed_position - 1;
    if (t >= r->used)
        return;
    r->tokens[t] = v->fixed_token;
    r->offsets[t] = NO_OFFSET;
    if (!v->o->fixed_target)
        r->weights[t] = 0;
}

const struct edit edit_fixed = {
    .text = { .name = "fixed_position",
              .key = "[data] fixed_position = 1",
              .formula = "data.fixed_token stands at this place of every "
                         "sequence, counted from 1 with BOS",
              .source = "arXiv 2410.10781, section 5",
              .sinks = "the sink lies there: 74.1, 69.0, 69.6 % for places 1, "
                       "2, 3, and 0 % elsewhere (arXiv 2410.10781)" },
    .is_on = is_on,
    .tokens = put_fixed,
};
