/* attention_backward.c - from scores computed again to the gradients of one
 * head. */
#include <string.h>

#include "nn/attention/attention_rows.h"
#include "nn/attention/head_terms.h"

/* The extra column's share of a strip: its key, or score, and its value. */
static void strip_column_backward(const struct attention *at,
                                  struct head_grads *grads, struct rows a,
                                  struct rows ds, const struct head *head,
                                  const real *do_, idx t0, idx R)
{
    for (idx r = 0; r < R; r++) {
        idx at_row = (t0 + r) * head->ld_qkv;
        if (grads->column_value)
            vector_add(grads->column_value,
                       at->n_extra ? a.key0[r * a.ld - 1] : 1,
                       do_ + (t0 + r) * head->ld_o, at->E);
        if (!at->n_extra)
            continue;
        real d = ds.key0[r * ds.ld - 1];
        if (head->column_score) {
            *grads->column_score += d;
            continue;
        }
        d *= at->scale;
        vector_add(grads->dq + at_row, d, head->column_key, at->bias_dims);
        vector_add(grads->column_key, d, head->q + at_row, at->bias_dims);
    }
}

/* g += the gradient of the loss's terms, which need the row's weights before
 * the map makes them again. */
static void row_terms(const struct attention *at, const struct head *head,
                      real *a, const real *s, real *g,
                      const struct weight_row *row, struct span span, idx t)
{
    weight_stage_forward(&at->weights, a, s, row);
    head_terms_backward(
        head->terms, &(struct head_row){ t, row->n, at->n_extra, span, a }, g);
}

/* Weights a and score gradients g of one query, from g = do . v. */
static void row_backward(const struct attention *at, const struct work *w,
                         struct head_grads *grads, const struct head *head,
                         real *a, real *g, idx r, idx t, idx tile_end)
{
    struct span span = row_span(at, head, t);
    struct weight_row row = row_of(at, head, span, t);
    real *s = w->s.key0 + r * w->s.ld;
    real *s_row = row_gather(at, s, span);
    real *g_row = row_gather(at, g, span);
    row.dlearned = grads->learned;
    row.share = grads->share;
    if (grads->query_numbers)
        row.dquery = grads->query_numbers + t * head->ld_query;
    if (head->terms)
        row_terms(at, head, a + (s_row - s), s_row, g_row, &row, span, t);
    weight_stage_backward(&at->weights, a + (s_row - s), s_row, g_row, &row);
    row_scatter(at, a, span, tile_end);
    row_scatter(at, g, span, tile_end);
    if (at->n_edits) {
        row_scatter(at, s, span, 0);
        row_edits_backward(at, w, g, s, span, t);
    }
}

/* Weights a and score gradients g of one strip, and its queries' gradient;
 * hidden up to the tile's last key. */
static void strip_backward(const struct attention *at, const struct work *w,
                           struct rows a, struct rows g,
                           struct head_grads *grads, const struct head *head,
                           const real *do_, const struct strip *p, idx tile_end)
{
    strip_scores(at, w, head, p);
    w->products->dweights(at, w, g, p);
    stopwatch_mark(at->watch, PART_SCORES);
    for (idx r = 0; r < p->R; r++) {
        real *g_row = g.key0 + r * g.ld;
        if (at->n_extra) /* do . v* */
            g_row[-1] = head->column_value
                            ? row_dot(do_ + (p->t0 + r) * head->ld_o,
                                      head->column_value, at->E)
                            : 0;
        row_backward(at, w, grads, head, a.key0 + r * a.ld, g_row, r, p->t0 + r,
                     tile_end);
    }
    w->products->keep(at, w, g, p->R, p->n_keys);
    stopwatch_mark(at->watch, PART_ROWS);
    w->products->dqueries(at, w, grads->dq + p->t0 * head->ld_qkv, head->ld_qkv,
                          a, g, p, tile_end);
}

static void open_edits(const struct attention *at, struct work *w,
                       const struct head_grads *grads)
{
    for (idx i = 0; i < at->n_edits; i++) {
        w->edits[i].dlearned = grads->edit_learned[i];
        w->edits[i].dprojected = grads->edit_projected[i];
        w->edits[i].dq = grads->dq;
        w->edits[i].dk = grads->dk;
    }
    work_open_edits(at, w);
}

void attention_backward(const struct attention *at, struct head_grads *grads,
                        const real *do_, const struct head *head, real *scratch)
{
    if (at->operation) {
        at->operation->backward(at, grads, do_, head, scratch);
        return;
    }
    struct work w = work_at(at, head, scratch);
    const struct head_products *products = w.products;
    idx ld = head->ld_qkv, rows = products->tile;
    idx last = (at->T - 1) / rows * rows;
    stopwatch_mark(at->watch, PART_WAIT);
    products->open_backward(at, &w, head, do_);
    open_edits(at, &w, grads);
    /* From the last tile, which sees every key and so writes all of dk, dv */
    for (idx t0 = last; t0 >= 0; t0 -= rows) {
        struct strip tile = strip_at(at, t0, rows);
        for (idx r = 0; r < tile.R; r += products->strip) {
            idx R = idx_min(products->strip, tile.R - r);
            struct strip p = strip_at(at, t0 + r, R);
            struct rows a = rows_from(w.a, r % products->kept);
            struct rows g = rows_from(w.g, r % products->kept);
            strip_backward(at, &w, a, g, grads, head, do_, &p, tile.n_keys);
            strip_column_backward(at, grads, a, g, head, do_, p.t0, R);
        }
        products->share(at, &w, grads, ld, &tile, t0 == last);
        stopwatch_mark(at->watch, PART_SCORES);
    }
    if (products->close)
        products->close(at, &w, grads, ld);
    stopwatch_mark(at->watch, PART_SCORES);
    for (idx i = 0; i < at->n_edits; i++)
        if (at->edits[i]->close)
            at->edits[i]->close(&w.edits[i]);
}
