#include "nn/attention.h"

#include <math.h>
#include <string.h>

#include "kern/small.h"

/* Constants, for fixed bits. Few rows a strip, because a strip's products stop
 * at the last key it sees; more rows a tile, because a tile reads and writes
 * all of dk and dv once. */
enum {
    STRIP = 12,       /* query rows that scores are computed for at a time */
    TILE = 2 * STRIP, /* query rows whose share of dk, dv is added at a time */
    LEAD = 16,        /* reals before key 0 in a strip's row, so that it is
                          aligned; the extra column is the last of them */
};

/* Rows of scores or weights, ld reals apart; `key0` is the first row's value
 * for key 0. */
struct rows {
    real *key0;
    idx ld;
};

struct attention attention_of(const struct attention_options *o, idx T, idx D)
{
    return (struct attention){
        .T = T,
        .D = D,
        .n_extra = o->bias == BIAS_KEY ? 1 : 0,
        .scale = (real)(1 / sqrt((double)D)),
        .weights = weight_stage_of(o),
    };
}

/* Scratch: one head's tensors without jumps, then strips and tiles of rows. */
struct work {
    real *k_panels, *v_panels; /* (D, padded T), transposed */
    real *q, *k, *v, *do_;     /* (T,D) */
    struct rows s, a, g;       /* STRIP, TILE and TILE rows */
};

static idx rows_ld(const struct attention *at)
{
    return LEAD + small_padded(at->T);
}

idx attention_scratch(const struct attention *at)
{
    return 6 * at->D * small_padded(at->T) + (STRIP + 2 * TILE) * rows_ld(at);
}

static struct work work_at(const struct attention *at, real *scratch)
{
    idx n = at->D * small_padded(at->T), ld = rows_ld(at);
    real *s = scratch + 6 * n + LEAD;
    return (struct work){
        .k_panels = scratch,
        .v_panels = scratch + n,
        .q = scratch + 2 * n,
        .k = scratch + 3 * n,
        .v = scratch + 4 * n,
        .do_ = scratch + 5 * n,
        .s = { s, ld },
        .a = { s + STRIP * ld, ld },
        .g = { s + (STRIP + TILE) * ld, ld },
    };
}

static struct rows from_row(struct rows x, idx row)
{
    return (struct rows){ x.key0 + row * x.ld, x.ld };
}

/* Start of row r as the weight map sees it. */
static real *row_at(const struct attention *at, struct rows x, idx r)
{
    return x.key0 + r * x.ld - at->n_extra;
}

static struct small_left as_left(struct rows x)
{
    return (struct small_left){ x.key0, x.ld, 1 };
}

static struct small_left as_left_transposed(struct rows x)
{
    return (struct small_left){ x.key0, 1, x.ld };
}

/* What query t sees: keys 0..t (causal), after the extra column. */
static struct weight_row visible(const struct attention *at, idx t)
{
    return (struct weight_row){ .n = at->n_extra + t + 1, .n_keys = t + 1 };
}

static real dot(const real *x, const real *y, idx n)
{
    real sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

static void add_scaled(real *restrict y, real a, const real *x, idx n)
{
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] += a * x[i];
}

/* x (R, 0..n_keys) = factor * left (R,D) times a transposed tensor in panels;
 * what lies behind n_keys up to the padding is overwritten. */
static void strip_product(const struct attention *at, struct rows x,
                          struct small_left left, const real *panels, idx R,
                          idx n_keys, real factor)
{
    small_product(x.key0, x.ld, left, small_panels(panels, at->D), R,
                  small_padded(n_keys), at->D, factor, false);
}

/* Scores of queries t0 .. t0+R-1 against the keys they see and the extra
 * column. */
static void strip_scores(const struct attention *at, const struct work *w,
                         const struct head *head, idx t0, idx R)
{
    const real *q = head->q + t0 * head->ld_qkv;
    struct small_left left = { q, head->ld_qkv, 1 };
    strip_product(at, w->s, left, w->k_panels, R, t0 + R, at->scale);
    for (idx r = 0; at->n_extra && r < R; r++)
        w->s.key0[r * w->s.ld - 1] =
            at->scale * dot(q + r * head->ld_qkv, head->column_key, at->D);
}

/* Keys a row does not see weigh nothing, so that whole strips can be mixed. */
static void hide(struct rows x, idx r, idx first, idx end)
{
    if (end > first)
        memset(x.key0 + r * x.ld + first, 0,
               (size_t)(end - first) * sizeof(real));
}

void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch)
{
    struct work w = work_at(at, scratch);
    idx row_n = at->n_extra + at->T;
    laps_mark(at->laps, PART_WAIT);
    small_transpose(w.k_panels, head->k, head->ld_qkv, at->T, at->D);
    small_copy(w.v, head->v, head->ld_qkv, at->T, at->D);
    for (idx t0 = 0; t0 < at->T; t0 += STRIP) {
        idx R = idx_min(STRIP, at->T - t0), n_keys = t0 + R;
        strip_scores(at, &w, head, t0, R);
        laps_mark(at->laps, PART_SCORES);
        for (idx r = 0; r < R; r++) {
            struct weight_row row = visible(at, t0 + r);
            real *x = row_at(at, w.s, r);
            weight_stage_forward(&at->weights, x, x, &row);
            hide(w.s, r, row.n_keys, n_keys);
            if (weights) {
                real *copy = weights + (t0 + r) * row_n;
                memset(copy, 0, (size_t)row_n * sizeof *copy);
                memcpy(copy, x, (size_t)row.n * sizeof *copy);
            }
        }
        laps_mark(at->laps, PART_ROWS);
        small_product(o + t0 * head->ld_o, head->ld_o, as_left(w.s),
                      small_plain(w.v, at->D), R, at->D, n_keys, 1, false);
        laps_mark(at->laps, PART_SCORES);
    }
}

/* The extra column's share of a strip: it has a key, and a value of zero. */
static void strip_column_backward(const struct attention *at, real *dq,
                                  real *dcolumn_key, struct rows ds,
                                  const struct head *head, idx t0, idx R)
{
    for (idx r = 0; r < R; r++) {
        real d = at->scale * ds.key0[r * ds.ld - 1];
        idx at_row = (t0 + r) * head->ld_qkv;
        add_scaled(dq + at_row, d, head->column_key, at->D);
        add_scaled(dcolumn_key, d, head->q + at_row, at->D);
    }
}

/* Weights a and score gradients g of one strip, and its queries' gradient;
 * hidden up to the tile's last key. */
static void strip_backward(const struct attention *at, const struct work *w,
                           struct rows a, struct rows g, real *dq,
                           const struct head *head, idx t0, idx R, idx tile_end)
{
    idx n_keys = t0 + R;
    struct small_left do_ = { w->do_ + t0 * at->D, at->D, 1 };
    strip_scores(at, w, head, t0, R);
    strip_product(at, g, do_, w->v_panels, R, n_keys, 1);
    laps_mark(at->laps, PART_SCORES);
    for (idx r = 0; r < R; r++) {
        struct weight_row row = visible(at, t0 + r);
        real *g_row = row_at(at, g, r);
        if (at->n_extra)
            g_row[0] = 0; /* do . v* with v* = 0 */
        weight_stage_backward(&at->weights, row_at(at, a, r),
                              row_at(at, w->s, r), g_row, &row);
        hide(a, r, row.n_keys, tile_end);
        hide(g, r, row.n_keys, tile_end);
    }
    laps_mark(at->laps, PART_ROWS);
    small_product(dq + t0 * head->ld_qkv, head->ld_qkv, as_left(g),
                  small_plain(w->k, at->D), R, at->D, n_keys, at->scale, false);
}

void attention_backward(const struct attention *at, real *dq, real *dk,
                        real *dv, real *dcolumn_key, const real *do_,
                        const struct head *head, real *scratch)
{
    struct work w = work_at(at, scratch);
    idx ld = head->ld_qkv, last = (at->T - 1) / TILE * TILE;
    laps_mark(at->laps, PART_WAIT);
    small_transpose(w.k_panels, head->k, ld, at->T, at->D);
    small_transpose(w.v_panels, head->v, ld, at->T, at->D);
    small_copy(w.q, head->q, ld, at->T, at->D);
    small_copy(w.k, head->k, ld, at->T, at->D);
    small_copy(w.do_, do_, head->ld_o, at->T, at->D);
    if (at->n_extra)
        memset(dcolumn_key, 0, (size_t)at->D * sizeof *dcolumn_key);
    /* From the last tile, which sees every key and so writes all of dk, dv */
    for (idx t0 = last; t0 >= 0; t0 -= TILE) {
        idx R = idx_min(TILE, at->T - t0), n_keys = t0 + R;
        bool is_added = t0 != last;
        for (idx r = 0; r < R; r += STRIP) {
            idx n = idx_min(STRIP, R - r);
            struct rows a = from_row(w.a, r), g = from_row(w.g, r);
            strip_backward(at, &w, a, g, dq, head, t0 + r, n, n_keys);
            if (at->n_extra)
                strip_column_backward(at, dq, dcolumn_key, g, head, t0 + r, n);
        }
        small_product(dv, ld, as_left_transposed(w.a),
                      small_plain(w.do_ + t0 * at->D, at->D), n_keys, at->D, R,
                      1, is_added);
        small_product(dk, ld, as_left_transposed(w.g),
                      small_plain(w.q + t0 * at->D, at->D), n_keys, at->D, R,
                      at->scale, is_added);
        laps_mark(at->laps, PART_SCORES);
    }
}
