/* corpus_tokens.c - tokens that other programs, or `sinklab data prepare`, have
 * made of a text: shards of several layouts (stored_format.h). */
#include "data/corpus_stored.h"
#include "data/options.h"
#include "data/stored_format.h"

static int open_tokens(struct corpus *c, const struct data_options *o,
                       struct err *e)
{
    if (corpus_open_stored(c, o, stored_formats[o->format], e))
        return e->code;
    c->n_plain = idx_max(o->vocab, idx_max(c->train.vocab, c->val.vocab));
    if (stored_check_vocab(&c->train, c->n_plain, e) == OK && c->val.n_pieces)
        stored_check_vocab(&c->val, c->n_plain, e);
    return e->code;
}

const struct corpus_kind corpus_tokens = {
    .text = { .name = "tokens",
              .key = "[data] source = tokens",
              .formula = "shards of tokens (data.path, data.format): llm.c, "
                         "nanoGPT, Megatron, or what sinklab data prepare "
                         "makes; mapped, so larger than memory" },
    .is_stored = true,
    .open = open_tokens,
};
