/* sampler_documents.c - a document a row, from its beginning: what does not fit
 * is not read, what is missing is padding that does not count. Of a document
 * that goes on in another part only what lies in its own is read. Sinks are
 * measured on documents that fill a row: they see no padding. */
#include <stdlib.h>

#include "data/options.h"
#include "data/paths.h"
#include "data/sampler.h"

/* Held-out documents of n tokens at least, in the order in which sinks take
 * them: found once for each n, as every sample of sinks asks. */
struct long_documents {
    idx n, count; /* n 0: not looked for yet */
    idx list[];   /* room for all that are held out */
};

static int open_documents(struct sampler *s, const struct data_options *o,
                          struct err *e)
{
    idx first;
    if (sampler_streams(s, o, NO_TOKEN, NO_TOKEN, e))
        return e->code;
    stream_documents(&s->train, &first, &s->n_units);
    stream_documents(&s->val, &s->first_document, &s->n_tiles);
    if (!s->val.tokens->documents)
        return err_set(e, ERR_DATA,
                       "[data] order = documents: data.val_path %s does not "
                       "say where documents begin: use a format that does, or "
                       "order = epochs",
                       o->val_path);
    if (!s->n_units || !s->n_tiles)
        return err_set(e, ERR_DATA,
                       "%s %s: %td documents begin in the part for training "
                       "and %td in the held-out one, and order = documents "
                       "needs some in both: give more, a data.val_path, or "
                       "another data.val_fraction",
                       data_path_key(o), o->path, s->n_units, s->n_tiles);
    s->long_documents =
        malloc(sizeof *s->long_documents +
               (size_t)s->n_tiles * sizeof *s->long_documents->list);
    if (!s->long_documents)
        return err_memory(e, NULL);
    s->long_documents->n = 0;
    return OK;
}

static idx document_of(const struct sampler *s, idx index)
{
    return sampler_shuffled(s, s->n_units, index);
}

/* The rest of a row is padding. It belongs to a document of its own, so that
 * nobody attends to it or from it. */
static void pad(const struct sampler *s, struct row *r, idx used)
{
    for (idx t = used; t < r->n; t++) {
        r->tokens[t] = s->eos != NO_TOKEN ? s->eos : 0;
        r->weights[t] = 0;
        r->documents[t] = (int32_t)used;
        r->offsets[t] = NO_OFFSET;
    }
    r->used = used;
}

/* Tokens of document d that the stream has. */
static idx document_size(const struct stream *s, idx d)
{
    const idx *starts = s->tokens->documents;
    return idx_min(starts[d + 1], s->first + s->n) - starts[d];
}

/* It ends within its part, so that an EOS follows. */
static bool has_end(const struct stream *s, idx d)
{
    const idx *starts = s->tokens->documents;
    return document_size(s, d) == starts[d + 1] - starts[d];
}

static void read_document(const struct sampler *s, const struct stream *part,
                          struct row *r, idx d)
{
    const struct stored *tokens = part->tokens;
    idx first = tokens->documents[d];
    idx used = idx_min(document_size(part, d), r->n);
    stored_read(tokens, r->tokens, first, used);
    for (idx t = 0; t < used; t++)
        r->offsets[t] = first + t;
    if (used < r->n && s->eos != NO_TOKEN && has_end(part, d)) {
        r->tokens[used] = s->eos;
        r->offsets[used++] = NO_OFFSET;
    }
    pad(s, r, used);
    r->unit = (uint64_t)d;
}

static void read_training(const struct sampler *s, struct row *r, idx unit)
{
    read_document(s, &s->train, r, unit);
}

static idx document_for(const struct sampler *s, enum split split, idx index)
{
    return s->first_document + sampler_tile_of(s, split, index);
}

static const struct long_documents *find_long(const struct sampler *s, idx n)
{
    struct long_documents *found = s->long_documents;
    if (found->n == n)
        return found;
    found->n = n;
    found->count = 0;
    for (idx i = 0; i < s->n_tiles; i++) {
        idx d = document_for(s, SPLIT_SINK, i);
        if (document_size(&s->val, d) >= n)
            found->list[found->count++] = d;
    }
    return found;
}

static idx count_long(const struct sampler *s, idx n)
{
    return find_long(s, n)->count;
}

/* Number `index` of those that have n tokens; any, if none has. */
static idx long_document(const struct sampler *s, idx n, idx index)
{
    const struct long_documents *found = find_long(s, n);
    return found->count ? found->list[index % found->count]
                        : document_for(s, SPLIT_SINK, index);
}

static void held_out_document(const struct sampler *s, struct row *r,
                              enum split split, idx index)
{
    read_document(s, &s->val, r,
                  split == SPLIT_SINK ? long_document(s, r->n, index)
                                      : document_for(s, split, index));
}

static idx count_targets(const struct sampler *s, enum split split, idx index)
{
    idx d = document_for(s, split, index), body = sampler_body(s);
    idx used = document_size(&s->val, d);
    used += s->eos != NO_TOKEN && has_end(&s->val, d);
    used = idx_min(used, body) + (s->T + 1 - body); /* BOS */
    return idx_max(0, used - 1);
}

const struct order order_documents = {
    .text = { .name = "documents",
              .formula = "one document a sequence, from its beginning, each "
                         "once an epoch; cut at model.context, or padded, "
                         "which does not count",
              .source = "common in training" },
    .has_documents = true,
    .ends = true,
    .open = open_documents,
    .unit = document_of,
    .read = read_training,
    .held_out = held_out_document,
    .targets = count_targets,
    .sinks = count_long,
};
