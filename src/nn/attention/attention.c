#include "nn/attention/attention.h"

#include <math.h>
#include <string.h>

#include "nn/attention/attention_rows.h"

static const struct head_operation *
operation_of(const struct attention_options *a)
{
    for (idx i = 0; head_operations[i]; i++)
        if (head_operations[i]->is_on(a))
            return head_operations[i];
    return NULL;
}

struct attention attention_of(const struct model_options *m,
                              const struct attention_options *a, idx T, idx D)
{
    struct attention at = {
        .options = *a,
        .operation = operation_of(a),
        .T = T,
        .context = m->context + a->registers,
        .D = D,
        .E = a->operation == OPERATION_DIFFERENTIAL ? 2 * D : D,
        .H = a->operation == OPERATION_DIFFERENTIAL ? m->heads / 2 : m->heads,
        .bias_dims = a->bias_dims ? idx_min(a->bias_dims, D) : D,
        .scale = (real)(1 / sqrt((double)D)),
        .weights = weight_stage_of(a),
    };
    at.n_extra = a->bias != BIAS_NONE && a->bias != BIAS_VALUE ? 1 : 0;
    if (a->qk_norm == QK_NORM_UNIT)
        at.scale = 1;
    at.n_edits = score_edits_of(at.edits, m, a);
    return at;
}

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

void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch)
{
    if (at->operation) {
        at->operation->forward(at, o, head, weights, scratch);
        return;
    }
    struct work w = work_at(at, head, scratch);
    idx row_n = at->n_extra + at->T;
    laps_mark(at->laps, PART_WAIT);
    small_transpose(w.k_panels, head->k, head->ld_qkv, at->T, at->D);
    small_copy(w.v, head->v, head->ld_qkv, at->T, at->E);
    work_open_edits(at, &w);
    for (idx t0 = 0; t0 < at->T; t0 += ROWS_STRIP) {
        idx R = idx_min(ROWS_STRIP, at->T - t0);
        idx n_keys = visible_end(&at->options, at->T, t0 + R - 1);
        strip_scores(at, &w, head, t0, R, n_keys);
        laps_mark(at->laps, PART_SCORES);
        for (idx r = 0; r < R; r++) {
            struct span span = row_span(at, head, t0 + r);
            struct weight_row row = row_of(at, head, span, t0 + r);
            real *key0 = w.s.key0 + r * w.s.ld, *x = row_gather(at, key0, span);
            weight_stage_forward(&at->weights, x, x, &row);
            row_scatter(at, key0, span, n_keys);
            if (weights) {
                real *copy = weights + (t0 + r) * row_n;
                idx n = at->n_extra + n_keys;
                memset(copy + n, 0, (size_t)(row_n - n) * sizeof *copy);
                memcpy(copy, key0 - at->n_extra, (size_t)n * sizeof *copy);
            }
        }
        laps_mark(at->laps, PART_ROWS);
        small_product(o + t0 * head->ld_o, head->ld_o, rows_left(w.s),
                      small_plain(w.v, at->E), R, at->E, n_keys, 1, false);
        add_column_value(at, o + t0 * head->ld_o, head, w.s, R);
        laps_mark(at->laps, PART_SCORES);
    }
}
