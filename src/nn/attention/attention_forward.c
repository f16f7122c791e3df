/* attention_forward.c - one head, row by row: scores, weights, mix. */
#include <math.h>
#include <string.h>

#include "nn/attention/attention_rows.h"
#include "nn/attention/head_terms.h"

idx attention_scratch(const struct attention *at)
{
    return at->operation ? at->operation->scratch(at) : work_scratch(at);
}

/* The value of the extra column, or of the bias that is added as it stands. */
static void add_column_value(const struct attention *at, real *o,
                             const struct head *head, struct rows a, idx R)
{
    for (idx r = 0; head->column_value && r < R; r++)
        vector_add(o + r * head->ld_o, at->n_extra ? a.key0[r * a.ld - 1] : 1,
                   head->column_value, at->E);
}

/* --- taps ----------------------------------------------------------------- */

/* What query t's map will read, changed and shown. */
static void tap_scores(const struct attention *at, const struct head *head,
                       struct span keys, real *key0, idx t)
{
    const struct head_taps *taps = head->taps;
    idx n_extra = at->n_extra;
    if (taps->edit_scores)
        taps->edit_scores(taps->context, t, keys, key0);
    if (!taps->scores)
        return;
    real *copy = taps->scores + t * (n_extra + at->T);
    memcpy(copy, key0 - n_extra, (size_t)n_extra * sizeof *copy);
    copy += n_extra;
    for (idx j = 0; j < at->T; j++) {
        bool is_seen = j < keys.globals || (j >= keys.lo && j < keys.hi);
        copy[j] = is_seen ? key0[j] : (real)-INFINITY;
    }
}

/* Weights of a row x some of whose keys may have been taken out. scores: room
 * for a row. */
static void map_what_is_left(const struct attention *at, real *x, real *scores,
                             struct weight_row row)
{
    idx all = row.n, n = at->n_extra;
    memcpy(scores, x, (size_t)all * sizeof *scores);
    for (idx i = n; i < all; i++)
        if (scores[i] != (real)-INFINITY)
            x[n++] = scores[i];
    BUG_ON(n == at->n_extra);
    row.n = n;
    row.n_keys = n - at->n_extra;
    weight_stage_forward(&at->weights, x, x, &row);
    for (idx i = all - 1; n < all && i >= at->n_extra; i--)
        x[i] = scores[i] == (real)-INFINITY ? 0 : x[--n];
}

void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch)
{
    if (at->operation) {
        at->operation->forward(at, o, head, weights, scratch);
        return;
    }
    struct work w = work_at(at, head, scratch);
    const struct head_products *products = w.products;
    idx row_n = at->n_extra + at->T;
    stopwatch_mark(at->watch, PART_WAIT);
    products->open_forward(at, &w, head);
    work_open_edits(at, &w);
    for (idx t0 = 0; t0 < at->T; t0 += products->strip) {
        struct strip p = strip_at(at, t0, products->strip);
        idx R = p.R, n_keys = p.n_keys;
        strip_scores(at, &w, head, &p);
        stopwatch_mark(at->watch, PART_SCORES);
        for (idx r = 0; r < R; r++) {
            struct span span = row_span(at, head, t0 + r);
            struct weight_row row = row_of(at, head, span, t0 + r);
            real *key0 = w.s.key0 + r * w.s.ld;
            if (head->taps)
                tap_scores(at, head, span, key0, t0 + r);
            real *x = row_gather(at, key0, span);
            if (head->taps && head->taps->edit_scores)
                map_what_is_left(at, x, w.a.key0 - at->n_extra, row);
            else
                weight_stage_forward(&at->weights, x, x, &row);
            if (head->terms)
                head_terms_forward(
                    head->terms,
                    &(struct head_row){ t0 + r, row.n, at->n_extra, span, x });
            row_scatter(at, key0, span, n_keys);
            if (head->taps && head->taps->edit_weights)
                head->taps->edit_weights(head->taps->context, t0 + r, span,
                                         key0);
            if (weights) {
                real *copy = weights + (t0 + r) * row_n;
                idx n = at->n_extra + n_keys;
                memset(copy + n, 0, (size_t)(row_n - n) * sizeof *copy);
                memcpy(copy, key0 - at->n_extra, (size_t)n * sizeof *copy);
            }
        }
        products->keep(at, &w, w.s, R, n_keys);
        stopwatch_mark(at->watch, PART_ROWS);
        products->mix(at, &w, o + t0 * head->ld_o, head->ld_o, &p);
        add_column_value(at, o + t0 * head->ld_o, head, w.s, R);
        stopwatch_mark(at->watch, PART_SCORES);
    }
}
