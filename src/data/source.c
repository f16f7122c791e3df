#include "data/source.h"

#include <stdlib.h>
#include <string.h>

#include "data/edit.h"
#include "io/mapping.h"

/* ---- opening ----------------------------------------------------------- */

static idx max_vocab(const struct source *s)
{
    idx n = 0;
    for (idx i = 0; i < s->n_parts; i++)
        n = idx_max(n, s->parts[i].corpus.n_plain);
    return n;
}

/* Tokens of ours have the ids behind the corpora's. */
static void add_tokens(struct source *s)
{
    const struct data_options *o = &s->options;
    bool is_stored = false;
    for (idx i = 0; i < s->n_parts; i++)
        is_stored = is_stored || s->parts[i].corpus.kind->is_stored;
    s->n_plain = s->vocab = max_vocab(s);
    s->bos = !o->bos             ? NO_TOKEN
             : o->bos_token >= 0 ? (int32_t)o->bos_token
                                 : (int32_t)s->vocab++;
    s->eos = o->eos && is_stored ? (int32_t)s->vocab++ : NO_TOKEN;
    s->fixed = NO_TOKEN;
    if (o->fixed_position)
        s->fixed =
            o->fixed_token < 0 ? (int32_t)s->vocab++ : (int32_t)o->fixed_token;
}

/* The identity of the one corpus, or of what a mixture has. */
static void add_hash(struct source *s)
{
    char text[PARTS_MAX * (HASH_HEX_MAX + 1)] = "";
    for (idx i = 0; i < s->n_parts; i++) {
        const struct corpus *c = &s->parts[i].corpus;
        if (s->n_parts == 1)
            strcpy(s->hash, c->hash);
        if (c->hash[0])
            strcat(strcat(text, c->hash), " ");
    }
    if (s->n_parts > 1 && text[0])
        hash_hex(s->hash, hash_bytes(text, strlen(text)));
}

static int check_hash(const struct source *s, struct err *e)
{
    const struct data_options *o = &s->options;
    if (!s->hash[0] || !o->hash[0] || !strcmp(o->hash, s->hash))
        return OK;
    const char *key = "path", *from = o->path;
    if (corpora[o->source] == &corpus_mixture)
        key = "mixture", from = o->mixture;
    else if (!corpora[o->source]->is_stored)
        key = "bigram_path", from = o->bigram_path;
    return err_set(e, ERR_DATA,
                   "data.%s %s: not the corpus that data.hash names (its "
                   "tokens hash to %s, want %s): give the one the run began "
                   "with",
                   key, from, s->hash, o->hash);
}

/* Over all tokens that the held-out ones are some of: those of a text, which
 * are a byte each, or of a part that was prepared by itself. */
static void add_text_bytes(struct source_part *p)
{
    const struct corpus *c = &p->corpus;
    const struct stored *val = c->val.n_pieces ? &c->val : &c->train;
    if (c->kind->is_stored && val->n)
        p->val_text_bytes = val->text_bytes / (double)val->n;
}

/* A token of the corpora's, if it is one of them that is meant. */
static int check_bos(const struct source *s, struct err *e)
{
    if (s->bos < s->n_plain || s->options.bos_token < 0)
        return OK;
    return err_set(e, ERR_DATA,
                   "[data] bos_token = %td: there are %td tokens, from 0 on: "
                   "want less, or -1 for a token of its own",
                   s->options.bos_token, s->n_plain);
}

static int open_parts(struct source *s, bool is_checked, struct err *e)
{
    bool is_mixture = corpora[s->options.source] == &corpus_mixture;
    s->mixture.n = 1;
    s->mixture.parts[0] = s->options;
    s->mixture.shares[0] = MIX_BLOCK;
    if (is_mixture && mixture_parse(&s->mixture, &s->options, e))
        return e->code;
    s->parts = calloc((size_t)s->mixture.n, sizeof *s->parts);
    if (!s->parts)
        return err_memory(e, NULL);
    for (idx i = 0; i < s->mixture.n; i++) {
        s->n_parts++;
        if (corpus_open(&s->parts[i].corpus, &s->mixture.parts[i], is_checked,
                        e))
            return e->code;
        add_text_bytes(&s->parts[i]);
    }
    return OK;
}

static int open_samplers(struct source *s, struct err *e)
{
    for (idx i = 0; i < s->n_parts; i++) {
        struct sampler *p = &s->parts[i].sampler;
        if (sampler_open(p, &s->parts[i].corpus, &s->mixture.parts[i], s->seed,
                         s->n_sample - 1, s->bos, s->eos, e))
            return e->code;
        p->part = i;
        s->n_tiles = s->n_parts == 1 ? p->n_tiles : 0;
    }
    return OK;
}

static int open_checked(struct source *s, const struct data_options *o,
                        uint64_t seed, idx T, bool is_checked, struct err *e)
{
    *s = (struct source){ .options = *o, .seed = seed, .n_sample = T + 1 };
    for (int i = 0; i < SPLITS; i++)
        s->styles[i] = (struct source_style){ true, true };
    if (open_parts(s, is_checked, e))
        return e->code;
    add_tokens(s);
    add_hash(s);
    if (check_hash(s, e) || check_bos(s, e) || open_samplers(s, e) ||
        edits_check(o, T, s->vocab, e))
        return e->code;
    return source_plan_row(s, e);
}

int source_plan_row(struct source *s, struct err *e)
{
    struct arena measure = { 0 };
    row_plan(&s->row, &measure, s->n_sample);
    if (arena_open(&s->arena, measure.used_bytes, e))
        return e->code;
    row_plan(&s->row, &s->arena, s->n_sample);
    return OK;
}

int source_open(struct source *s, const struct data_options *o, uint64_t seed,
                idx T, struct err *e)
{
    return open_checked(s, o, seed, T, false, e);
}

int source_check(const struct data_options *o, idx T, struct err *e)
{
    struct source s;
    int rc = open_checked(&s, o, 0, T, true, e);
    source_release(&s);
    return rc;
}

void source_release(struct source *s)
{
    for (idx i = 0; i < s->n_parts; i++) {
        sampler_release(&s->parts[i].sampler);
        corpus_close(&s->parts[i].corpus);
    }
    free(s->parts);
    arena_release(&s->arena);
    *s = (struct source){ 0 };
}

size_t source_bytes(const struct source *s)
{
    size_t bytes = s->arena.used_bytes;
    for (idx i = 0; i < s->n_parts; i++)
        bytes += s->parts[i].corpus.arena.used_bytes;
    return bytes;
}

/* What is brought into reach at the start takes some 12 ms then; a larger
 * corpus costs a page's fault now and then, and is not worth a wait. */
enum { WARM_MAX_BYTES = 1 << 28 };

void source_warm(const struct source *s)
{
    idx bytes = 0;
    for (idx i = 0; i < s->n_parts; i++) {
        const struct stored *t = &s->parts[i].corpus.train;
        bytes += t->n * t->width;
    }
    for (idx i = 0; i < s->n_parts && bytes <= WARM_MAX_BYTES; i++)
        stored_near(&s->parts[i].corpus.train);
}

/* ---- samples ----------------------------------------------------------- */

static uint64_t seed_of(const struct source *s, enum split split)
{
    return split == SPLIT_TRAIN ? s->seed : (uint64_t)s->options.eval_seed;
}

/* All tokens of files were below the vocabulary when they were opened. */
static _Noreturn void end_changed(const struct source *s, idx part)
{
    const struct corpus *c = &s->parts[part].corpus;
    const struct stored *both[] = { &c->train, &c->val };
    const struct mapping *changed = NULL;
    for (int k = 0; k < COUNT_OF(both); k++)
        for (idx i = 0; i < both[k]->n_maps; i++)
            if (!mapping_is_unchanged(both[k]->maps[i]))
                changed = both[k]->maps[i];
    BUG_ON(!changed);
    mapping_end(changed);
}

int source_check_files(const struct source *s, struct err *e)
{
    for (idx part = 0; part < s->n_parts; part++) {
        const struct corpus *c = &s->parts[part].corpus;
        const struct stored *both[] = { &c->train, &c->val };
        for (int k = 0; k < COUNT_OF(both); k++)
            for (idx i = 0; i < both[k]->n_maps; i++)
                if (mapping_check(both[k]->maps[i], e))
                    return e->code;
    }
    return OK;
}

void source_settle_files(struct source *s)
{
    for (idx part = 0; part < s->n_parts; part++) {
        const struct corpus *c = &s->parts[part].corpus;
        const struct stored *both[] = { &c->train, &c->val };
        for (int k = 0; k < COUNT_OF(both); k++)
            for (idx i = 0; i < both[k]->n_maps; i++)
                mapping_settle(both[k]->maps[i]);
    }
}

/* All parts have one order. */
bool source_has_row_bos(const struct source *s)
{
    return sampler_has_row_bos(&s->parts[0].sampler);
}

const struct row *source_row(struct source *s, idx n, enum split split,
                             idx index)
{
    struct row *r = &s->row;
    idx own = index, part = 0;
    BUG_ON(n < 1 || n > s->n_sample);
    if (s->n_parts > 1)
        part = mixture_pick(&s->block, &s->mixture, seed_of(s, split), index,
                            &own);
    r->n = n;
    r->part = part;
    const struct source_part *p = &s->parts[part];
    bool with_bos = s->styles[split].bos;
    sampler_take(&p->sampler, r, split, own, with_bos);
    struct edit_view v = { .o = &s->options,
                           .seed = seed_of(s, split),
                           .split = split,
                           .index = index,
                           .n_front =
                               with_bos && sampler_has_row_bos(&p->sampler),
                           .is_stored = p->corpus.kind->is_stored,
                           .n_plain = s->n_plain,
                           .fixed_token = s->fixed };
    edits_apply(&v, r, !s->styles[split].edits);
    for (idx t = 0; t < n; t++)
        if (r->tokens[t] < 0 || r->tokens[t] >= s->vocab)
            end_changed(s, part);
    return r;
}

void source_sample(struct source *s, int32_t *tokens, idx n, enum split split,
                   idx index)
{
    const struct row *r = source_row(s, n, split, index);
    memcpy(tokens, r->tokens, (size_t)n * sizeof *tokens);
}

enum { NONE_LEFT = -1 };

/* Targets that sample `index` of validation has; NONE_LEFT: it would be one
 * that came before. */
static idx count_targets(struct source *s, idx index)
{
    idx own = index, part = 0;
    if (s->n_parts > 1)
        part = mixture_pick(&s->block, &s->mixture, seed_of(s, SPLIT_VAL),
                            index, &own);
    const struct sampler *p = &s->parts[part].sampler;
    if (p->n_tiles && own >= p->n_tiles)
        return NONE_LEFT;
    return p->order->targets ? p->order->targets(p, SPLIT_VAL, own) : p->T;
}

idx source_plan_validation(struct source *s, idx tokens)
{
    struct sampler *one = s->n_parts == 1 ? &s->parts[0].sampler : NULL;
    idx n = 0;
    if (one)
        one->reads_all_tiles = false;
    if (one && !one->order->targets) { /* however many */
        n = idx_ceil_div(tokens, one->T);
        n = one->n_tiles ? idx_min(n, one->n_tiles) : n;
    } else {
        for (idx targets = 0; tokens > 0; tokens -= targets) {
            targets = count_targets(s, n);
            if (targets == NONE_LEFT)
                break;
            n++;
        }
    }
    if (one)
        one->reads_all_tiles = n == one->n_tiles;
    return n;
}

void source_batch(struct source *s, struct batch *b, enum split split,
                  idx first)
{
    idx T = b->T, n_targets = source_targets(split, T);
    size_t bytes = (size_t)T * sizeof *b->tokens;
    for (idx i = 0; i < b->B; i++) {
        const struct row *r = source_row(s, n_targets + 1, split, first + i);
        int32_t *targets = b->targets + i * T;
        real *weights = b->weights + i * T;
        memcpy(b->tokens + i * T, r->tokens, bytes);
        memcpy(targets, r->targets, (size_t)n_targets * sizeof *targets);
        for (idx t = 0; t < T; t++)
            weights[t] = split == SPLIT_SINK ? 0 : r->weights[t + 1];
        for (idx t = n_targets; t < T; t++)
            targets[t] = 0;
        b->used[i] = (int32_t)idx_min(r->used, T);
        if (b->documents)
            memcpy(b->documents + i * T, r->documents, bytes);
    }
    batch_mark(b);
}

/* Of packed documents, without the BOS that half of it may be. */
static int say_short(const struct source *s, idx n, struct err *e)
{
    const struct data_options *o = &s->options;
    return err_set(e, ERR_DATA,
                   "[sink] tokens = %td: what is held out of data.%s %s has "
                   "not so many without BOS: want fewer, or sink.bos = data",
                   n, s->n_parts > 1 ? "mixture" : "path",
                   s->n_parts > 1 ? o->mixture : o->path);
}

/* Of a file that is read from one end to the other. */
static int say_few(const struct source_part *p, idx n, idx found, idx wanted,
                   const char *many, struct err *e)
{
    const struct stored *tokens = &p->corpus.train;
    return err_set(e, ERR_DATA,
                   "%s: %td tokens, which make %td sequences of sink.tokens = "
                   "%td, but %s = %td: give more, or want fewer",
                   tokens->maps[0]->place, tokens->n, found, n, many, wanted);
}

int source_check_sinks(const struct source *s, idx n, idx wanted,
                       const char *many, struct err *e)
{
    for (idx i = 0; i < s->n_parts; i++) {
        const struct source_part *p = &s->parts[i];
        idx found = sampler_sinks(&p->sampler, n, s->styles[SPLIT_SINK].bos);
        if (p->sampler.order == &order_sequential && found < wanted)
            return say_few(p, n, found, wanted, many, e);
        if (found == 0 && p->sampler.order->bos_by_document)
            return say_short(s, n, e);
    }
    return OK;
}

bool source_lacks_documents(const struct source *s)
{
    bool has_files = false;
    for (idx i = 0; i < s->n_parts; i++) {
        const struct corpus *c = &s->parts[i].corpus;
        has_files |= c->kind->is_stored;
        if (c->kind->is_stored && c->train.documents)
            return false;
    }
    return has_files;
}

/* ---- the least possible loss ------------------------------------------- */

bool source_has_floor(const struct source *s)
{
    return s->n_parts == 1 && s->parts[0].corpus.kind->nats &&
           !edits_change(&s->options);
}

void source_floor(struct source *s, double *nats, idx T, enum split split,
                  idx index)
{
    const struct corpus *c = &s->parts[0].corpus;
    const struct row *r = source_row(s, T + 1, split, index);
    if (s->bos != NO_TOKEN) { /* all that follows it are targets */
        c->kind->nats(c, nats, r->tokens + 1, T);
        return;
    }
    c->kind->nats(c, nats, r->tokens, T + 1);
    memmove(nats, nats + 1, (size_t)T * sizeof *nats);
}

/* ---- text -------------------------------------------------------------- */

bool source_knows_bytes(const struct source *s)
{
    for (idx i = 0; i < s->n_parts; i++)
        if (s->parts[i].val_text_bytes == 0)
            return false;
    return s->n_parts > 0;
}

void source_text_bytes(struct source *s, double *bytes, idx T, enum split split,
                       idx index)
{
    const struct row *r = source_row(s, T + 1, split, index);
    double of_token = s->parts[r->part].val_text_bytes;
    for (idx t = 0; t < T; t++)
        bytes[t] = r->offsets[t + 1] == NO_OFFSET ? 0 : of_token;
}
