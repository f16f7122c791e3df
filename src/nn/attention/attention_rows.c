#include "nn/attention/attention_rows.h"

#include <string.h>

static idx rows_ld(const struct attention *at)
{
    return ROWS_LEAD + small_padded(at->T);
}

static idx edit_scratch(const struct attention *at, idx i)
{
    const struct score_edit *edit = at->edits[i];
    return edit->n_scratch ? edit->n_scratch(at->T, at->D) : 0;
}

idx work_scratch(const struct attention *at)
{
    idx n = 3 * (at->D + at->E) * small_padded(at->T) +
            (ROWS_STRIP + 2 * ROWS_TILE) * rows_ld(at);
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
    idx T = small_padded(at->T), D = at->D, E = at->E, ld = rows_ld(at);
    struct work w = {
        .k_panels = scratch,
        .q = scratch + D * T,
        .k = scratch + 2 * D * T,
        .v_panels = scratch + 3 * D * T,
        .v = scratch + (3 * D + E) * T,
        .do_ = scratch + (3 * D + 2 * E) * T,
    };
    real *s = scratch + 3 * (D + E) * T + ROWS_LEAD;
    w.s = (struct rows){ s, ld };
    w.a = (struct rows){ s + ROWS_STRIP * ld, ld };
    w.g = (struct rows){ s + (ROWS_STRIP + ROWS_TILE) * ld, ld };
    real *rest = s - ROWS_LEAD + (ROWS_STRIP + 2 * ROWS_TILE) * ld;
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

void strip_product(struct rows x, struct small_left left, const real *panels,
                   idx R, idx n_keys, idx K, real factor)
{
    small_product(x.key0, x.ld, left, small_panels(panels, K), R,
                  small_padded(n_keys), K, factor, false);
}

void strip_scores(const struct attention *at, const struct work *w,
                  const struct head *head, idx t0, idx R, idx n_keys)
{
    const real *q = head->q + t0 * head->ld_qkv;
    struct small_left left = { q, head->ld_qkv, 1 };
    strip_product(w->s, left, w->k_panels, R, n_keys, at->D, at->scale);
    for (idx r = 0; at->n_extra && r < R; r++)
        w->s.key0[r * w->s.ld - 1] =
            head->column_score
                ? *head->column_score
                : at->scale * row_dot(q + r * head->ld_qkv, head->column_key,
                                      at->bias_dims);
    for (idx r = 0; at->n_edits && r < R; r++)
        edit_scores(at, w, w->s.key0 + r * w->s.ld, row_span(at, head, t0 + r),
                    t0 + r);
}
