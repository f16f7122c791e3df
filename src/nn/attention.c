#include "nn/attention.h"

#include <math.h>
#include <string.h>

#include "kern/gemm.h"

enum {
    TILE = 64, /* query rows at a time; a constant for fixed bits */
    LEAD = 16, /* reals before key 0 in a tile's row, so that it is aligned;
                  the extra column is the last of them */
};

/* A tile of scores or weights: TILE rows of ld reals, `key0` the first key. */
struct tile {
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

static idx tile_ld(const struct attention *at)
{
    return LEAD + idx_ceil_div(at->T, LEAD) * LEAD;
}

idx attention_scratch(const struct attention *at)
{
    return 3 * TILE * tile_ld(at);
}

static struct tile tile_at(const struct attention *at, real *scratch, int i)
{
    idx ld = tile_ld(at);
    return (struct tile){ .key0 = scratch + i * TILE * ld + LEAD, .ld = ld };
}

/* Start of tile row r as the weight map sees it. */
static real *tile_row(const struct attention *at, const struct tile *tile,
                      idx r)
{
    return tile->key0 + r * tile->ld - at->n_extra;
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

/* Scores of queries t0 .. t0+R-1 against keys 0 .. t0+R-1 and the extra
 * column. */
static void tile_scores(const struct attention *at, const struct tile *s,
                        const struct head *head, idx t0, idx R)
{
    const real *q = head->q + t0 * head->ld_qkv;
    gemm_nt(s->key0, s->ld, q, head->ld_qkv, head->k, head->ld_qkv, R, t0 + R,
            at->D, at->scale, 0);
    for (idx r = 0; at->n_extra && r < R; r++)
        s->key0[r * s->ld - 1] =
            at->scale * dot(q + r * head->ld_qkv, head->column_key, at->D);
}

/* Keys a row does not see weigh nothing, so that whole tiles can be mixed. */
static void tile_hide(const struct tile *a, idx r, idx first, idx end)
{
    memset(a->key0 + r * a->ld + first, 0,
           (size_t)(end - first) * sizeof(real));
}

void attention_forward(const struct attention *at, real *o,
                       const struct head *head, real *weights, real *scratch)
{
    struct tile a = tile_at(at, scratch, 0);
    idx row_n = at->n_extra + at->T;
    laps_mark(at->laps, PART_WAIT);
    for (idx t0 = 0; t0 < at->T; t0 += TILE) {
        idx R = idx_min(TILE, at->T - t0), n_keys = t0 + R;
        tile_scores(at, &a, head, t0, R);
        laps_mark(at->laps, PART_SCORES);
        for (idx r = 0; r < R; r++) {
            struct weight_row row = visible(at, t0 + r);
            real *x = tile_row(at, &a, r);
            weight_stage_forward(&at->weights, x, x, &row);
            tile_hide(&a, r, row.n_keys, n_keys);
            if (weights) {
                real *copy = weights + (t0 + r) * row_n;
                memset(copy, 0, (size_t)row_n * sizeof *copy);
                memcpy(copy, x, (size_t)row.n * sizeof *copy);
            }
        }
        laps_mark(at->laps, PART_ROWS);
        gemm_nn(o + t0 * head->ld_o, head->ld_o, a.key0, a.ld, head->v,
                head->ld_qkv, R, at->D, n_keys, 1, 0);
        laps_mark(at->laps, PART_SCORES);
    }
}

/* The extra column's share of a tile: it has a key, and a value of zero. */
static void tile_column_backward(const struct attention *at, real *dq,
                                 real *dcolumn_key, const struct tile *ds,
                                 const struct head *head, idx t0, idx R)
{
    for (idx r = 0; r < R; r++) {
        real d = at->scale * ds->key0[r * ds->ld - 1];
        idx at_row = (t0 + r) * head->ld_qkv;
        add_scaled(dq + at_row, d, head->column_key, at->D);
        add_scaled(dcolumn_key, d, head->q + at_row, at->D);
    }
}

void attention_backward(const struct attention *at, real *dq, real *dk,
                        real *dv, real *dcolumn_key, const real *do_,
                        const struct head *head, real *scratch)
{
    struct tile s = tile_at(at, scratch, 0), a = tile_at(at, scratch, 1);
    struct tile g = tile_at(at, scratch, 2);
    idx ld = head->ld_qkv, last = (at->T - 1) / TILE * TILE;
    if (at->n_extra)
        memset(dcolumn_key, 0, (size_t)at->D * sizeof *dcolumn_key);
    laps_mark(at->laps, PART_WAIT);
    /* From the last tile, which sees every key and so writes all of dk, dv */
    for (idx t0 = last; t0 >= 0; t0 -= TILE) {
        idx R = idx_min(TILE, at->T - t0), n_keys = t0 + R;
        real beta = t0 == last ? 0 : 1;
        const real *dot_ = do_ + t0 * head->ld_o;
        tile_scores(at, &s, head, t0, R);
        gemm_nt(g.key0, g.ld, dot_, head->ld_o, head->v, ld, R, n_keys, at->D,
                1, 0);
        laps_mark(at->laps, PART_SCORES);
        for (idx r = 0; r < R; r++) {
            struct weight_row row = visible(at, t0 + r);
            real *g_row = tile_row(at, &g, r);
            if (at->n_extra)
                g_row[0] = 0; /* do . v* with v* = 0 */
            weight_stage_backward(&at->weights, tile_row(at, &a, r),
                                  tile_row(at, &s, r), g_row, &row);
            tile_hide(&a, r, row.n_keys, n_keys);
            tile_hide(&g, r, row.n_keys, n_keys);
        }
        laps_mark(at->laps, PART_ROWS);
        gemm_tn(dv, ld, a.key0, a.ld, dot_, head->ld_o, n_keys, at->D, R, 1,
                beta);
        gemm_nn(dq + t0 * ld, ld, g.key0, g.ld, head->k, ld, R, at->D, n_keys,
                at->scale, 0);
        gemm_tn(dk, ld, g.key0, g.ld, head->q + t0 * ld, ld, n_keys, at->D, R,
                at->scale, beta);
        if (at->n_extra)
            tile_column_backward(at, dq, dcolumn_key, &g, head, t0, R);
        laps_mark(at->laps, PART_SCORES);
    }
}
