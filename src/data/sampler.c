#include "data/sampler.h"

#include <stdlib.h>

#include "base/permute.h"
#include "data/options.h"
#include "data/paths.h"

bool sampler_has_row_bos(const struct sampler *s)
{
    return s->bos != NO_TOKEN && !s->order->bos_by_document;
}

idx sampler_body(const struct sampler *s)
{
    return s->T + 1 - sampler_has_row_bos(s);
}

/* ---- opening ----------------------------------------------------------- */

/* Streams of a generated corpus are numbered: so many of them hold
 * data.unique_tokens. */
static int open_generated(struct sampler *s, const struct data_options *o,
                          struct err *e)
{
    const char *name = s->corpus->kind->text.name;
    if (s->order->has_documents)
        return err_set(e, ERR_DATA,
                       "[data] order = %s: source = %s has no documents: use "
                       "order = windows or epochs",
                       s->order->text.name, name);
    if (s->order->ends && !o->unique_tokens)
        return err_set(e, ERR_DATA,
                       "[data] order = %s: source = %s never ends: say by "
                       "data.unique_tokens how many tokens an epoch has",
                       s->order->text.name, name);
    if (o->unique_tokens)
        s->n_units = idx_max(1, o->unique_tokens / s->T);
    if (s->corpus->kind->check)
        return s->corpus->kind->check(s->corpus, sampler_body(s), e);
    return OK;
}

int sampler_open(struct sampler *s, const struct corpus *corpus,
                 const struct data_options *o, uint64_t seed, idx T,
                 int32_t bos, int32_t eos, struct err *e)
{
    *s = (struct sampler){ .order = orders[o->order],
                           .corpus = corpus,
                           .seed = seed,
                           .eval_seed = (uint64_t)o->eval_seed,
                           .T = T,
                           .bos = bos,
                           .eos = eos };
    if (!corpus->kind->is_stored)
        return open_generated(s, o, e);
    if (s->order->has_documents && !corpus->train.documents)
        return err_set(e, ERR_DATA,
                       "[data] order = %s: %s %s does not say where documents "
                       "begin: use a text, Megatron's format or what `sinklab "
                       "data prepare` makes, or order = epochs",
                       s->order->text.name, data_path_key(o), o->path);
    return s->order->open(s, o, e);
}

void sampler_release(struct sampler *s)
{
    free(s->long_documents);
    *s = (struct sampler){ 0 };
}

int sampler_streams(struct sampler *s, const struct data_options *o,
                    int32_t bos, int32_t eos, struct err *e)
{
    const struct corpus *c = s->corpus;
    s->train = stream_open(&c->train, bos, eos);
    if (c->val.n_pieces) {
        s->val = stream_open(&c->val, bos, eos);
    } else {
        idx total = s->train.n;
        idx n_val = (idx)(o->val_fraction * (double)total);
        s->val = stream_part(&s->train, total - n_val, n_val);
        s->train = stream_part(&s->train, 0, total - n_val);
    }
    if (o->unique_tokens > s->train.n)
        return err_set(e, ERR_DATA,
                       "[data] unique_tokens = %td: there are %td tokens for "
                       "training: want at most those, or more text",
                       o->unique_tokens, s->train.n);
    if (o->unique_tokens)
        s->train = stream_part(&s->train, 0, o->unique_tokens);
    return OK;
}

int sampler_divide(struct sampler *s, const struct data_options *o,
                   struct err *e)
{
    int32_t bos = s->order->bos_by_document ? s->bos : NO_TOKEN;
    idx body = sampler_body(s);
    if (o->unique_tokens && o->unique_tokens < body)
        return err_set(e, ERR_DATA,
                       "[data] unique_tokens = %td: one sequence of "
                       "model.context takes %td: want as many, or a smaller "
                       "context",
                       o->unique_tokens, body);
    if (sampler_streams(s, o, bos, s->eos, e))
        return e->code;
    if (s->train.n >= body && s->val.n >= body)
        return OK;
    return err_set(
        e, ERR_DATA,
        "%s %s: %td tokens for training and %td held out, but one sequence of "
        "model.context takes %td: give more text, a smaller context, %s",
        data_path_key(o), o->path, s->train.n, s->val.n, body,
        s->corpus->val.n_pieces ? "or a longer data.val_path"
                                : "or another data.val_fraction");
}

/* ---- training ---------------------------------------------------------- */

idx sampler_shuffled(const struct sampler *s, idx n, idx index)
{
    struct rng r = rng_open(s->seed, RNG_EPOCH, 0, (uint64_t)(index / n));
    uint64_t high = rng_u32(&r), low = rng_u32(&r);
    return permute(high << 32 | low, n, index % n);
}

static void draw(const struct sampler *s, struct row *r, uint64_t seed,
                 enum split split, idx unit)
{
    struct rng rng = rng_open(
        seed, RNG_DATA, (uint64_t)(split + SPLITS * s->part), (uint64_t)unit);
    s->corpus->kind->draw(s->corpus, r->tokens, r->n, &rng);
    for (idx t = 0; t < r->n; t++)
        r->offsets[t] = NO_OFFSET;
    r->unit = (uint64_t)unit;
}

/* The same where documents have no BOS: as many held-out tokens, less of them
 * ours. The BOS of a row is none of the stream. */
static struct sampler without_bos(const struct sampler *s)
{
    struct sampler plain = *s;
    if (s->bos == NO_TOKEN || !s->order->bos_by_document || !s->val.tokens)
        return plain;
    plain.val = stream_without_bos(&s->val);
    plain.n_tiles = idx_max(1, sampler_count_tiles(&plain));
    return plain;
}

/* A sample without the BOS of its row. */
static void take_body(const struct sampler *s, struct row *r, enum split split,
                      idx index)
{
    bool is_stored = s->corpus->kind->is_stored;
    if (split != SPLIT_TRAIN) {
        if (is_stored)
            s->order->held_out(s, r, split, index);
        else
            draw(s, r, s->eval_seed, split, index);
        return;
    }
    if (!is_stored && !s->n_units) {
        draw(s, r, s->seed, split, index);
        return;
    }
    /* Which samples there are is the task's, their order the seed's. */
    idx unit = s->order->unit(s, index);
    if (is_stored)
        s->order->read(s, r, unit);
    else
        draw(s, r, s->corpus->task_seed, split, unit);
    r->unit = (uint64_t)unit;
}

void sampler_take(const struct sampler *s, struct row *r, enum split split,
                  idx index, bool with_bos)
{
    idx front = with_bos && sampler_has_row_bos(s);
    struct row body = row_rest(r, front);
    for (idx t = 0; t < r->n; t++) {
        r->weights[t] = 1;
        r->documents[t] = 0;
    }
    struct sampler plain = without_bos(s);
    body.used = body.n;
    take_body(with_bos ? s : &plain, &body, split, index);
    r->unit = body.unit;
    r->used = body.used + front;
    if (!front)
        return;
    r->tokens[0] = s->bos;
    r->offsets[0] = NO_OFFSET;
    /* A row's BOS belongs to the document behind it. */
    for (idx t = 1; t < r->n; t++)
        r->documents[t] += r->documents[t] > 0;
}

idx sampler_sinks(const struct sampler *s, idx n, bool with_bos)
{
    struct sampler plain = without_bos(s);
    if (!s->corpus->kind->is_stored)
        return SAMPLES_ENDLESS;
    n -= with_bos && sampler_has_row_bos(s);
    return n > 0 ? s->order->sinks(with_bos ? s : &plain, n) : 1;
}

/* ---- held out ---------------------------------------------------------- */

/* Tokens of the held-out part that can be targets: without BOS the first one
 * has nothing in front of it. */
idx sampler_count_tiles(const struct sampler *s)
{
    return idx_ceil_div(s->val.n - !sampler_has_row_bos(s), s->T);
}

/* Windows that lie end to end in a whole row. */
static idx windows_in(const struct sampler *s, idx n)
{
    return idx_max(1, sampler_body(s) / n);
}

idx sampler_count_sinks(const struct sampler *s, idx n)
{
    return s->val.n < sampler_body(s) ? 0 : s->n_tiles * windows_in(s, n);
}

/* Sinks take what validation takes last. */
idx sampler_tile_of(const struct sampler *s, enum split split, idx index)
{
    idx i = index % s->n_tiles;
    if (split == SPLIT_SINK)
        i = s->n_tiles - 1 - i;
    else if (s->reads_all_tiles)
        return i;
    return permute(s->eval_seed, s->n_tiles, i);
}

void sampler_tile(const struct sampler *s, struct row *r, enum split split,
                  idx index)
{
    idx tile = sampler_tile_of(s, split, index), body = sampler_body(s);
    idx start = tile * s->T, overlap = 0;
    if (start > s->val.n - body) {
        overlap = start - (s->val.n - body);
        start -= overlap;
    }
    /* Sinks are measured on shorter windows: when each tile has given one, it
     * gives the next */
    if (split == SPLIT_SINK)
        start += index / s->n_tiles % windows_in(s, r->n) * r->n;
    stream_read(&s->val, r, r->n, start);
    r->unit = (uint64_t)start;
    /* targets that another tile has: all of this row's up to that token */
    idx first_target = sampler_has_row_bos(s) ? 0 : 1;
    for (idx t = 0; split == SPLIT_VAL && t < overlap; t++)
        r->weights[t + first_target] = 0;
}
