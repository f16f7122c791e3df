#include "data/source.h"

#include <string.h>

int source_open(struct source *s, const struct data_options *o, uint64_t seed,
                idx T, struct err *e)
{
    *s = (struct source){
        .kind = source_kinds[o->source],
        .seed = seed,
        .task_seed = (uint64_t)o->task_seed,
        .eval_seed = (uint64_t)o->eval_seed,
    };
    s->n_plain = s->kind->n_plain ? s->kind->n_plain : o->vocab;
    s->vocab = s->n_plain;
    s->bos = o->bos ? (int32_t)s->vocab++ : NO_TOKEN;
    s->eos = s->kind->has_eos && o->eos ? (int32_t)s->vocab++ : NO_TOKEN;
    s->n_sample = T + 1;
    return s->kind->open(s, o, e);
}

void source_release(struct source *s)
{
    if (s->kind && s->kind->close)
        s->kind->close(s);
    arena_release(&s->arena);
    *s = (struct source){ 0 };
}

/* A sample; returns how many of its first targets do not count. */
static idx take_sample(const struct source *s, int32_t *tokens, idx n,
                       enum split split, idx index)
{
    bool is_training = split == SPLIT_TRAIN;
    idx skipped = 0;
    if (s->bos != NO_TOKEN) {
        *tokens++ = s->bos;
        n--;
    }
    if (!is_training && s->kind->held_out) {
        skipped = s->kind->held_out(s, tokens, n, split, index);
    } else {
        struct rng r = rng_open(is_training ? s->seed : s->eval_seed, RNG_DATA,
                                (uint64_t)split, (uint64_t)index);
        s->kind->sample(s, tokens, n, &r);
    }
    for (idx i = 0; i < n; i++)
        BUG_ON(tokens[i] < 0 || tokens[i] >= s->vocab);
    return skipped;
}

void source_sample(const struct source *s, int32_t *tokens, idx n,
                   enum split split, idx index)
{
    take_sample(s, tokens, n, split, index);
}

idx source_plan_validation(struct source *s, idx tokens)
{
    idx n = idx_ceil_div(tokens, s->n_sample - 1);
    s->reads_all_tiles = s->n_tiles > 0 && n >= s->n_tiles;
    return s->reads_all_tiles ? s->n_tiles : n;
}

void source_batch(struct source *s, struct batch *b, enum split split,
                  idx first)
{
    idx T = b->T;
    size_t bytes = (size_t)T * sizeof *b->tokens;
    BUG_ON(T + 1 > s->n_sample);
    for (idx i = 0; i < b->B; i++) {
        idx skipped = take_sample(s, s->sample, T + 1, split, first + i);
        memcpy(b->tokens + i * T, s->sample, bytes);
        memcpy(b->targets + i * T, s->sample + 1, bytes);
        for (idx t = 0; t < T; t++)
            b->weights[i * T + t] = t < skipped ? 0 : 1;
    }
    batch_mark(b);
}

bool source_has_floor(const struct source *s)
{
    return s->kind->nats != NULL;
}

void source_floor(struct source *s, double *nats, idx T, enum split split,
                  idx index)
{
    BUG_ON(T + 1 > s->n_sample);
    source_sample(s, s->sample, T + 1, split, index);
    if (s->bos != NO_TOKEN) { /* all that follows it are targets */
        s->kind->nats(s, nats, s->sample + 1, T);
        return;
    }
    s->kind->nats(s, nats, s->sample, T + 1);
    memmove(nats, nats + 1, (size_t)T * sizeof *nats);
}
