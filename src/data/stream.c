#include "data/stream.h"

#include "data/batch.h"

/* Places that stand between documents and in no corpus. */
static idx per_document(const struct stream *s)
{
    return (s->bos != NO_TOKEN) + (s->eos != NO_TOKEN);
}

static idx count_documents(const struct stream *s)
{
    return s->tokens->documents ? s->tokens->n_documents : 1;
}

/* Where document d begins among the tokens; d may be the number of documents.
 */
static idx token_start(const struct stream *s, idx d)
{
    if (!s->tokens->documents)
        return d ? s->tokens->n : 0;
    return s->tokens->documents[d];
}

/* Its first place, that of its BOS. */
static idx place_of(const struct stream *s, idx d)
{
    return token_start(s, d) + d * per_document(s);
}

/* How many places the whole corpus has. */
static idx count_places(const struct stream *s)
{
    idx n = count_documents(s);
    return n ? place_of(s, n) - (s->eos != NO_TOKEN) : 0;
}

struct stream stream_open(const struct stored *tokens, int32_t bos, int32_t eos)
{
    struct stream s = { .tokens = tokens, .bos = bos, .eos = eos };
    s.n = count_places(&s);
    return s;
}

struct stream stream_part(const struct stream *s, idx first, idx n)
{
    struct stream part = *s;
    BUG_ON(first < 0 || n < 0 || first + n > s->n);
    part.first += first;
    part.n = n;
    return part;
}

/* The last document whose first place is not behind `place`. */
static idx document_at(const struct stream *s, idx place)
{
    idx low = 0, high = count_documents(s);
    while (high - low > 1) {
        idx middle = (low + high) / 2;
        if (place_of(s, middle) <= place)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* A place of s as one of the stream without BOS: that of a BOS becomes that of
 * the token behind it. */
static idx place_without_bos(const struct stream *s, const struct stream *plain,
                             idx place)
{
    if (place == count_places(s))
        return count_places(plain);
    idx d = document_at(s, place);
    return place_of(plain, d) + idx_max(0, place - place_of(s, d) - 1);
}

struct stream stream_without_bos(const struct stream *s)
{
    struct stream plain = *s;
    plain.bos = NO_TOKEN;
    if (s->bos == NO_TOKEN || s->n == 0)
        return plain;
    plain.first = place_without_bos(s, &plain, s->first);
    plain.n = place_without_bos(s, &plain, s->first + s->n) - plain.first;
    return plain;
}

static void put(struct row *r, idx at, int32_t token, idx document)
{
    r->tokens[at] = token;
    r->documents[at] = (int32_t)document;
    r->offsets[at] = NO_OFFSET;
}

void stream_read(const struct stream *s, struct row *r, idx n, idx from)
{
    BUG_ON(from < 0 || n < 0 || from + n > s->n);
    if (n == 0)
        return;
    from += s->first;
    idx d = document_at(s, from), front = s->bos != NO_TOKEN;
    for (idx at = 0; at < n; d++) {
        idx begin = place_of(s, d), tokens = token_start(s, d);
        idx size = token_start(s, d + 1) - tokens;
        idx document = idx_max(begin - from, 0), skip = from + at - begin;
        if (skip < front) {
            put(r, at++, s->bos, document);
            skip++;
        }
        idx here = idx_min(front + size - skip, n - at);
        if (here > 0) {
            idx first = tokens + skip - front;
            stored_read(s->tokens, r->tokens + at, first, here);
            for (idx i = 0; i < here; i++) {
                r->documents[at + i] = (int32_t)document;
                r->offsets[at + i] = first + i;
            }
            at += here;
        }
        if (at < n && s->eos != NO_TOKEN && from + at == begin + front + size)
            put(r, at++, s->eos, document);
    }
}

void stream_documents(const struct stream *s, idx *first, idx *n)
{
    idx all = count_documents(s), end;
    *first = s->first ? document_at(s, s->first - 1) + 1 : 0;
    end = s->n ? document_at(s, s->first + s->n - 1) + 1 : *first;
    *n = idx_max(0, idx_min(end, all) - *first);
}
