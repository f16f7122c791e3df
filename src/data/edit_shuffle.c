/* edit_shuffle.c - the tokens of a sample in a random order: what they are
 * stays, where they are goes. BOS, EOS and padding keep their places. */
#include "data/edit.h"

static bool is_on(const struct data_options *o)
{
    return o->shuffle;
}

/* Which token stands there says nothing: BOS may be one of the corpus. */
static bool stays(const struct edit_view *v, const struct row *r, idx t)
{
    return t < v->n_front || (v->is_stored && r->offsets[t] == NO_OFFSET);
}

/* The last place at or before `at` that holds a token of the corpus; -1. */
static idx plain_before(const struct edit_view *v, const struct row *r, idx at)
{
    while (at >= 0 && stays(v, r, at))
        at--;
    return at;
}

static void shuffle(const struct edit_view *v, struct row *r)
{
    struct rng rng = edit_rng(v, r, EDIT_SHUFFLE);
    for (idx t = plain_before(v, r, r->used - 1); t >= 0;
         t = plain_before(v, r, t - 1)) {
        /* Fisher and Yates over the places that take part; a draw of another is
         * made again */
        idx other;
        do {
            other = rng_below(&rng, t + 1);
        } while (stays(v, r, other));
        int32_t token = r->tokens[t];
        idx offset = r->offsets[t];
        r->tokens[t] = r->tokens[other];
        r->offsets[t] = r->offsets[other];
        r->tokens[other] = token;
        r->offsets[other] = offset;
    }
}

const struct edit edit_shuffle = {
    .text = { .name = "shuffle",
              .key = "[data] shuffle = yes",
              .formula = "the tokens of a sequence in a random order; BOS and "
                         "EOS stay",
              .source = "a control: the same tokens without their order" },
    .is_on = is_on,
    .tokens = shuffle,
};
