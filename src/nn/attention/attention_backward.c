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
                           const real *do_, idx t0, idx R, idx tile_end)
{
    idx n_keys = visible_end(&at->options, at->T, t0 + R - 1);
    struct small_left left = { w->do_ + t0 * at->E, at->E, 1 };
    strip_scores(at, w, head, t0, R, n_keys);
    strip_product(g, left, w->v_panels, R, n_keys, at->E, 1);
    stopwatch_mark(at->watch, PART_SCORES);
    for (idx r = 0; r < R; r++) {
        real *g_row = g.key0 + r * g.ld;
        if (at->n_extra) /* do . v* */
            g_row[-1] = head->column_value
                            ? row_dot(do_ + (t0 + r) * head->ld_o,
                                      head->column_value, at->E)
                            : 0;
        row_backward(at, w, grads, head, a.key0 + r * a.ld, g_row, r, t0 + r,
                     tile_end);
    }
    stopwatch_mark(at->watch, PART_ROWS);
    small_product(grads->dq + t0 * head->ld_qkv, head->ld_qkv, rows_left(g),
                  small_plain(w->k, at->D), R, at->D, n_keys, at->scale, false);
}

static void open_backward(const struct attention *at, struct work *w,
                          const struct head_grads *grads,
                          const struct head *head, const real *do_)
{
    idx ld = head->ld_qkv;
    small_transpose(w->k_panels, head->k, ld, at->T, at->D);
    small_transpose(w->v_panels, head->v, ld, at->T, at->E);
    small_copy(w->q, head->q, ld, at->T, at->D);
    small_copy(w->k, head->k, ld, at->T, at->D);
    small_copy(w->do_, do_, head->ld_o, at->T, at->E);
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
    idx ld = head->ld_qkv, last = (at->T - 1) / ROWS_TILE * ROWS_TILE;
    stopwatch_mark(at->watch, PART_WAIT);
    open_backward(at, &w, grads, head, do_);
    /* From the last tile, which sees every key and so writes all of dk, dv */
    for (idx t0 = last; t0 >= 0; t0 -= ROWS_TILE) {
        idx R = idx_min(ROWS_TILE, at->T - t0);
        idx n_keys = visible_end(&at->options, at->T, t0 + R - 1);
        for (idx r = 0; r < R; r += ROWS_STRIP) {
            idx n = idx_min(ROWS_STRIP, R - r);
            struct rows a = rows_from(w.a, r), g = rows_from(w.g, r);
            strip_backward(at, &w, a, g, grads, head, do_, t0 + r, n, n_keys);
            strip_column_backward(at, grads, a, g, head, do_, t0 + r, n);
        }
        small_product(grads->dv, ld, rows_left_transposed(w.a),
                      small_plain(w.do_ + t0 * at->E, at->E), n_keys, at->E, R,
                      1, t0 != last || grads->adds_v);
        small_product(grads->dk, ld, rows_left_transposed(w.g),
                      small_plain(w.q + t0 * at->D, at->D), n_keys, at->D, R,
                      at->scale, t0 != last || grads->adds_k);
        stopwatch_mark(at->watch, PART_SCORES);
    }
    for (idx i = 0; i < at->n_edits; i++)
        if (at->edits[i]->close)
            at->edits[i]->close(&w.edits[i]);
}
