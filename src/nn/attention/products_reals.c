/* products_reals.c - a head's products of float32 (kern/small.h); where numbers
 * are rounded, they are so in their place. */
#include "kern/bfloat16.h"
#include "kern/small.h"
#include "nn/attention/attention_rows.h"

/* Few rows a strip, because a strip's products stop at the last key it sees;
 * more rows a tile, because a tile reads and writes all of dk and dv once. */
enum { STRIP = 12, TILE = 2 * STRIP };

static idx place(const struct attention *at, struct work *w, real *room)
{
    idx T = small_padded(at->T), D = at->D, E = at->E;
    if (room)
        w->reals = (struct reals_room){
            .k_panels = room,
            .q = room + D * T,
            .k = room + 2 * D * T,
            .v_panels = room + 3 * D * T,
            .v = room + (3 * D + E) * T,
            .do_ = room + (3 * D + 2 * E) * T,
        };
    return 3 * (D + E) * T;
}

static struct small_left rows_left(struct rows x)
{
    return (struct small_left){ x.key0, x.ld, 1 };
}

static struct small_left rows_left_transposed(struct rows x)
{
    return (struct small_left){ x.key0, 1, x.ld };
}

/* --- rounding ------------------------------------------------------------- */

static void round_if(const struct attention *at, real *x, idx n)
{
    if (at->way.rounds)
        bfloat16_round(x, x, n);
}

/* Queries have the scale in them when they are rounded, else products have. */
static real scale_of(const struct attention *at)
{
    return at->way.rounds ? 1 : at->scale;
}

static void copy_queries(const struct attention *at, const struct work *w,
                         const struct head *head)
{
    idx n = at->T * at->D;
    small_copy(w->reals.q, head->q, head->ld_qkv, at->T, at->D);
    for (idx i = 0; at->way.rounds && i < n; i++)
        w->reals.q[i] *= at->scale;
    round_if(at, w->reals.q, n);
}

/* --- operands ------------------------------------------------------------- */

static void transpose(const struct attention *at, real *panels, const real *x,
                      idx ld, idx n)
{
    small_transpose(panels, x, ld, at->T, n);
    round_if(at, panels, n * small_padded(at->T));
}

static void copy(const struct attention *at, real *to, const real *x, idx ld,
                 idx n)
{
    small_copy(to, x, ld, at->T, n);
    round_if(at, to, at->T * n);
}

static void open_forward(const struct attention *at, const struct work *w,
                         const struct head *head)
{
    transpose(at, w->reals.k_panels, head->k, head->ld_qkv, at->D);
    copy(at, w->reals.v, head->v, head->ld_qkv, at->E);
    if (at->way.rounds)
        copy_queries(at, w, head);
}

static void open_backward(const struct attention *at, const struct work *w,
                          const struct head *head, const real *do_)
{
    idx ld = head->ld_qkv;
    transpose(at, w->reals.k_panels, head->k, ld, at->D);
    transpose(at, w->reals.v_panels, head->v, ld, at->E);
    copy_queries(at, w, head);
    copy(at, w->reals.k, head->k, ld, at->D);
    copy(at, w->reals.do_, do_, head->ld_o, at->E);
}

/* --- products ------------------------------------------------------------- */

/* x (R, 0..n_keys) = factor * left (R,K) times a transposed tensor in panels */
static void against_keys(struct rows x, struct small_left left,
                         const real *panels, const struct strip *p, idx K,
                         real factor)
{
    small_product(x.key0, x.ld, left, small_panels(panels, K), p->R,
                  small_padded(p->n_keys), K, factor, false);
}

static void scores(const struct attention *at, const struct work *w,
                   const struct head *head, const struct strip *p)
{
    struct small_left left = { head->q + p->t0 * head->ld_qkv, head->ld_qkv,
                               1 };
    if (at->way.rounds)
        left = (struct small_left){ w->reals.q + p->t0 * at->D, at->D, 1 };
    against_keys(w->s, left, w->reals.k_panels, p, at->D, scale_of(at));
}

static void keep(const struct attention *at, const struct work *w,
                 struct rows x, idx R, idx n)
{
    (void)w;
    for (idx r = 0; r < R; r++)
        round_if(at, x.key0 + r * x.ld, n);
}

static void mix(const struct attention *at, const struct work *w, real *o,
                idx ld, const struct strip *p)
{
    small_product(o, ld, rows_left(w->s), small_plain(w->reals.v, at->E), p->R,
                  at->E, p->n_keys, 1, false);
}

static void dweights(const struct attention *at, const struct work *w,
                     struct rows g, const struct strip *p)
{
    struct small_left left = { w->reals.do_ + p->t0 * at->E, at->E, 1 };
    against_keys(g, left, w->reals.v_panels, p, at->E, 1);
}

static void dqueries(const struct attention *at, const struct work *w, real *dq,
                     idx ld, struct rows a, struct rows g,
                     const struct strip *p, idx end)
{
    keep(at, w, a, p->R, end);
    small_product(dq, ld, rows_left(g), small_plain(w->reals.k, at->D), p->R,
                  at->D, p->n_keys, at->scale, false);
}

static void share(const struct attention *at, const struct work *w,
                  const struct head_grads *grads, idx ld,
                  const struct strip *tile, bool is_first)
{
    idx t0 = tile->t0;
    small_product(grads->dv, ld, rows_left_transposed(w->a),
                  small_plain(w->reals.do_ + t0 * at->E, at->E), tile->n_keys,
                  at->E, tile->R, 1, !is_first || grads->adds_v);
    small_product(grads->dk, ld, rows_left_transposed(w->g),
                  small_plain(w->reals.q + t0 * at->D, at->D), tile->n_keys,
                  at->D, tile->R, scale_of(at), !is_first || grads->adds_k);
}

const struct head_products products_reals = {
    .strip = STRIP,
    .tile = TILE,
    .kept = TILE,
    .padded = small_padded,
    .place = place,
    .open_forward = open_forward,
    .open_backward = open_backward,
    .scores = scores,
    .keep = keep,
    .mix = mix,
    .dweights = dweights,
    .dqueries = dqueries,
    .share = share,
};
