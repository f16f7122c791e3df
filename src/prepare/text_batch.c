#include "prepare/text_batch.h"

#include "base/grow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int text_batch_begin(struct text_batch *b, const struct document *document,
                     size_t skipped, struct err *e)
{
    BUG_ON(b->n_spans && !b->spans[b->n_spans - 1].is_ended);
    if (!GROW(b->spans, b->n_spans))
        return err_memory(e, document->path);
    b->spans[b->n_spans++] = (struct text_span){
        .document = *document,
        .skipped = skipped,
        .end = b->n,
    };
    return OK;
}

int text_batch_add(struct text_batch *b, const unsigned char *bytes, size_t n,
                   struct err *e)
{
    struct text_span *s = &b->spans[b->n_spans - 1];
    if (b->n + n + 1 > b->cap) {
        size_t cap = 2 * (b->n + n + 1);
        char *more = realloc(b->text, cap);
        if (!more)
            return err_memory(e, s->document.path);
        b->text = more;
        b->cap = cap;
    }
    memcpy(b->text + b->n, bytes, n);
    b->n += n;
    b->text[b->n] = '\0';
    s->end = b->n;
    s->n_all += n;
    return OK;
}

void text_batch_end(struct text_batch *b)
{
    b->spans[b->n_spans - 1].is_ended = true;
}

void text_batch_place(char out[TEXT_PLACE_MAX], const struct text_batch *b,
                      size_t at)
{
    idx i = 0;
    size_t begin = 0;
    while (i + 1 < b->n_spans && at >= b->spans[i].end)
        begin = b->spans[i++].end;
    const struct text_span *s = &b->spans[i];
    const struct document *d = &s->document;
    size_t byte = s->skipped + (at - begin);
    if (d->is_json)
        snprintf(out, TEXT_PLACE_MAX, "%s:%td: byte %zu of its text", d->path,
                 d->line, byte + 1);
    else
        snprintf(out, TEXT_PLACE_MAX, "%s: byte %zu", d->path,
                 d->from + byte + 1);
}

static int say_invalid(const struct text_batch *b, size_t at, struct err *e)
{
    char place[TEXT_PLACE_MAX];
    text_batch_place(place, b, at);
    return err_set(e, ERR_DATA,
                   "%s is no UTF-8, of which sub-words are made: convert the "
                   "text (iconv), or prepare it as bytes, without --vocab or "
                   "--tokenizer",
                   place);
}

/* The whole segments of one document from *at on. */
static int visit_span(const struct text_batch *b, const struct text_span *s,
                      size_t *at, const struct text_visit *v, struct err *e)
{
    while (*at < s->end) {
        const char *text = b->text + *at;
        struct segment g = segment_next(text, s->end - *at, s->is_ended);
        if (g.n == 0)
            return OK;
        size_t valid = segment_invalid(text, g.n);
        if (valid < g.n)
            return say_invalid(b, *at + valid, e);
        if (v->segment && v->segment(v->user, text, g, *at, e))
            return e->code;
        *at += g.n;
    }
    return s->is_ended && v->end ? v->end(v->user, s->n_all, e) : OK;
}

int text_batch_visit(const struct text_batch *b, const struct text_visit *v,
                     struct err *e)
{
    size_t at = 0;
    for (idx i = 0; i < b->n_spans; i++)
        if (visit_span(b, &b->spans[i], &at, v, e))
            return e->code;
    return OK;
}

int text_batch_drop(struct text_batch *b, struct err *e)
{
    static const struct text_visit nothing = { .segment = NULL };
    size_t at = 0, begin = 0;
    for (idx i = 0; i < b->n_spans; i++) {
        begin = i ? b->spans[i - 1].end : 0;
        if (visit_span(b, &b->spans[i], &at, &nothing, e))
            return e->code;
    }
    struct text_span *last = b->n_spans ? &b->spans[b->n_spans - 1] : NULL;
    bool is_kept = last && !last->is_ended;
    if (is_kept) {
        last->skipped += at - begin;
        last->end -= at;
        b->spans[0] = *last;
        memmove(b->text, b->text + at, b->n - at + 1);
    }
    b->n_spans = is_kept;
    b->n -= at;
    return OK;
}

void text_batch_release(struct text_batch *b)
{
    free(b->text);
    free(b->spans);
    *b = (struct text_batch){ 0 };
}
