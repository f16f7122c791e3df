#include "nn/attention/attention_rows.h"

#include <string.h>

static idx edit_scratch(const struct attention *at, idx i)
{
    const struct score_edit *edit = at->edits[i];
    return edit->n_scratch ? edit->n_scratch(at->T, at->D) : 0;
}

/* What is there beside the edits' scratch; with room, it is put there. */
static idx place(const struct attention *at, struct work *w, real *room)
{
    const struct head_products *p = head_products_of(at);
    idx ld = ROWS_LEAD + p->padded(at->T), n = p->place(at, w, room);
    if (room) {
        real *s = room + n + ROWS_LEAD;
        w->products = p;
        w->s = (struct rows){ s, ld };
        w->a = (struct rows){ s + p->strip * ld, ld };
        w->g = (struct rows){ s + (p->strip + p->kept) * ld, ld };
    }
    return n + (p->strip + 2 * p->kept) * ld;
}

idx work_scratch(const struct attention *at)
{
    idx n = place(at, NULL, NULL);
    for (idx i = 0; i < at->n_edits; i++)
        n += edit_scratch(at, i);
    return n;
}

static struct edit_head edit_head_of(const struct attention *at,
                                     const struct head *head, idx i)
{
    return (struct edit_head){
        .T = at->T,
        .D = at->D,
        .H = at->H,
        .head = head->number,
        .scale = at->scale,
        .options = &at->options,
        .q = head->q,
        .k = head->k,
        .ld = head->ld_qkv,
        .learned = head->edit_learned[i],
        .projected = head->edit_projected[i],
        .ld_projected = head->ld_projected[i],
    };
}

struct work work_at(const struct attention *at, const struct head *head,
                    real *scratch)
{
    struct work w;
    real *rest = scratch + place(at, &w, scratch);
    for (idx i = 0; i < at->n_edits; i++) {
        w.edits[i] = edit_head_of(at, head, i);
        w.edits[i].scratch = rest;
        rest += edit_scratch(at, i);
    }
    return w;
}

void work_open_edits(const struct attention *at, const struct work *w)
{
    for (idx i = 0; i < at->n_edits; i++)
        if (at->edits[i]->open)
            at->edits[i]->open(&w->edits[i]);
}

/* --- rows as the weight map sees them ------------------------------------- */

struct span row_span(const struct attention *at, const struct head *head, idx t)
{
    return visible_span(&at->options, at->T, t, head->number, at->H,
                        head->documents);
}

struct weight_row row_of(const struct attention *at, const struct head *head,
                         struct span span, idx t)
{
    idx n_keys = span.globals + span.hi - span.lo;
    return (struct weight_row){
        .n = at->n_extra + n_keys,
        .n_keys = n_keys,
        .settings = &at->weights.settings,
        .learned = head->learned,
        .query =
            head->query_numbers ? head->query_numbers[t * head->ld_query] : 0,
    };
}

real *row_gather(const struct attention *at, real *key0, struct span s)
{
    real *start = key0 + s.lo - s.globals - at->n_extra;
    if (s.lo)
        memmove(start, key0 - at->n_extra,
                (size_t)(at->n_extra + s.globals) * sizeof *start);
    return start;
}

void row_scatter(const struct attention *at, real *key0, struct span s, idx end)
{
    real *start = key0 + s.lo - s.globals - at->n_extra;
    if (s.lo) {
        memmove(key0 - at->n_extra, start,
                (size_t)(at->n_extra + s.globals) * sizeof *start);
        memset(key0 + s.globals, 0, (size_t)(s.lo - s.globals) * sizeof *start);
    }
    if (end > s.hi)
        memset(key0 + s.hi, 0, (size_t)(end - s.hi) * sizeof *start);
}

static void edit_scores(const struct attention *at, const struct work *w,
                        real *key0, struct span span, idx t)
{
    for (idx i = 0; i < at->n_edits; i++) {
        struct edit_row first = { t, 0, span.globals };
        struct edit_row rest = { t, span.lo, span.hi - span.lo };
        if (first.n)
            at->edits[i]->forward(key0, &first, &w->edits[i]);
        at->edits[i]->forward(key0 + span.lo, &rest, &w->edits[i]);
    }
}

void row_edits_backward(const struct attention *at, const struct work *w,
                        real *ds, const real *s, struct span span, idx t)
{
    for (idx i = at->n_edits - 1; i >= 0; i--) {
        struct edit_row first = { t, 0, span.globals };
        struct edit_row rest = { t, span.lo, span.hi - span.lo };
        if (first.n)
            at->edits[i]->backward(ds, s, &first, &w->edits[i]);
        at->edits[i]->backward(ds + span.lo, s + span.lo, &rest, &w->edits[i]);
    }
}

struct strip strip_at(const struct attention *at, idx t0, idx most)
{
    idx R = idx_min(most, at->T - t0);
    return (struct strip){ t0, R,
                           visible_end(&at->options, at->T, t0 + R - 1) };
}

void strip_scores(const struct attention *at, const struct work *w,
                  const struct head *head, const struct strip *p)
{
    const real *q = head->q + p->t0 * head->ld_qkv;
    w->products->scores(at, w, head, p);
    for (idx r = 0; at->n_extra && r < p->R; r++)
        w->s.key0[r * w->s.ld - 1] =
            head->column_score
                ? *head->column_score
                : at->scale * row_dot(q + r * head->ld_qkv, head->column_key,
                                      at->bias_dims);
    for (idx r = 0; at->n_edits && r < p->R; r++)
        edit_scores(at, w, w->s.key0 + r * w->s.ld,
                    row_span(at, head, p->t0 + r), p->t0 + r);
}
