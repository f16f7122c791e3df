#include "data/corpus.h"

#include "data/options.h"

int corpus_open(struct corpus *c, const struct data_options *o, bool is_checked,
                struct err *e)
{
    *c = (struct corpus){ .kind = corpora[o->source],
                          .task_seed = (uint64_t)o->task_seed,
                          .is_checked = is_checked };
    return c->kind->open(c, o, e);
}

void corpus_close(struct corpus *c)
{
    if (c->kind && c->kind->close)
        c->kind->close(c);
    stored_close(&c->train);
    stored_close(&c->val);
    arena_release(&c->arena);
    *c = (struct corpus){ 0 };
}
