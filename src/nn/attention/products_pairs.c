/* products_pairs.c - a head's products of bfloat16 (kern/pairs.h).
 *
 * Of a query's row each product reads what it needs: as rows where it stands on
 * the left, in pairs where it stands on the right. A tile's share of dv and dk
 * is made transposed, dv^T = do^T a, so that it is weights and gradients that
 * lie in pairs: rows are put side by side with less work than they are
 * transposed. dv^T and dk^T are turned once, at the end. */
#include "kern/pairs.h"
#include "nn/attention/attention_rows.h"

/* STRIP rows are whole depths, of which a tile is made. */
enum { STRIP = PAIRS_DEPTH, TILE = 2 * STRIP };

/* Numbers that rows which lie one below the other are further apart than they
 * are long: they would fall into the same few places of the cache. */
enum { APART = 2 * PAIRS_DEPTH };

static idx ld_turned(const struct attention *at)
{
    return pairs_depth(at->T) + APART;
}

/* Reals that n numbers of 16 bits take, in whole depths. */
static idx halves(idx n)
{
    return n / 2;
}

/* Where the next n numbers lie; counts them, and with no base that is all. */
static uint16_t *take(real *base, idx *used, idx n)
{
    real *at = base ? base + *used : NULL;
    *used += halves(n);
    return (uint16_t *)(void *)at;
}

static real *take_reals(real *base, idx *used, idx n)
{
    return (real *)(void *)take(base, used, 2 * n);
}

static idx place(const struct attention *at, struct work *w, real *room)
{
    idx T = pairs_depth(at->T), D = pairs_depth(at->D), E = pairs_depth(at->E);
    idx widest = idx_max(D, E), ld = ld_turned(at), n = 0;
    struct pairs_room r = {
        .q = take(room, &n, T * D),
        .q_turned = take(room, &n, D * ld),
        .k = take(room, &n, T * D),
        .k_turned = take(room, &n, T * D),
        .v = take(room, &n, T * E),
        .v_turned = take(room, &n, T * E),
        .do_ = take(room, &n, T * E),
        .do_turned = take(room, &n, E * ld),
        .spare = take(room, &n, T * widest),
        .rows = take(room, &n, STRIP * ld),
        .a = take(room, &n, TILE * T),
        .g = take(room, &n, TILE * T),
        .product = take_reals(room, &n, STRIP * widest),
        .dv_turned = take_reals(room, &n, E * ld),
        .dk_turned = take_reals(room, &n, D * ld),
    };
    if (room)
        w->pairs = r;
    return n;
}

/* --- operands ------------------------------------------------------------- */

/* Queries with the scale in them, as rows (T,D). */
static void round_queries(const struct attention *at, const struct work *w,
                          const struct head *head)
{
    at->way.pairs->round(w->pairs.q, pairs_depth(at->D), head->q, head->ld_qkv,
                         at->T, at->D, at->scale);
}

/* x (T,n) as a right operand of as many rows. */
static void pair(const struct attention *at, uint16_t *y, const real *x, idx ld,
                 idx n)
{
    at->way.pairs->pair(y, pairs_depth(at->T) * PAIRS_SIDE, x, ld, at->T, n, 1);
}

/* Its transpose (n,T) as a right operand: from rows, a panel at a time. */
static void pair_turned(const struct attention *at, const struct work *w,
                        uint16_t *y, const real *x, idx ld, idx n)
{
    const struct pairs_kernel *k = at->way.pairs;
    idx N = pairs_depth(n), step = PAIRS_SIDE * N;
    uint16_t *rows = w->pairs.spare;
    k->round(rows, N, x, ld, at->T, n, 1);
    for (idx t = 0; t < at->T; t += PAIRS_SIDE, rows += step, y += step)
        k->turn(y, PAIRS_DEPTH, rows, N, PAIRS_SIDE, N / 2);
}

/* The transpose (n,T) of factor * x as a left operand: from pairs. */
static void round_turned(const struct attention *at, const struct work *w,
                         uint16_t *y, const real *x, idx ld, idx n, real factor)
{
    const struct pairs_kernel *k = at->way.pairs;
    idx T = pairs_depth(at->T), panel = T * PAIRS_SIDE, ld_y = ld_turned(at);
    uint16_t *pairs = w->pairs.spare;
    k->pair(pairs, panel, x, ld, at->T, n, factor);
    for (idx i = 0; i < n; i += PAIRS_SIDE, pairs += panel)
        k->turn(y + i * ld_y, ld_y, pairs, PAIRS_DEPTH, T / 2, PAIRS_SIDE);
}

static void open_forward(const struct attention *at, const struct work *w,
                         const struct head *head)
{
    idx ld = head->ld_qkv;
    round_queries(at, w, head);
    pair_turned(at, w, w->pairs.k_turned, head->k, ld, at->D);
    pair(at, w->pairs.v, head->v, ld, at->E);
}

static void open_backward(const struct attention *at, const struct work *w,
                          const struct head *head, const real *do_)
{
    idx ld = head->ld_qkv;
    round_queries(at, w, head);
    round_turned(at, w, w->pairs.q_turned, head->q, ld, at->D, at->scale);
    pair_turned(at, w, w->pairs.k_turned, head->k, ld, at->D);
    pair(at, w->pairs.k, head->k, ld, at->D);
    pair_turned(at, w, w->pairs.v_turned, head->v, ld, at->E);
    at->way.pairs->round(w->pairs.do_, pairs_depth(at->E), do_, head->ld_o,
                         at->T, at->E, 1);
    round_turned(at, w, w->pairs.do_turned, do_, head->ld_o, at->E, 1);
}

/* --- products ------------------------------------------------------------- */

/* x (R, 0..n_keys) = rows (T,n) of the strip times a tensor's transpose. */
static void against_keys(const struct attention *at, struct rows x,
                         const uint16_t *rows, const uint16_t *turned, idx n,
                         const struct strip *p)
{
    idx K = pairs_depth(n);
    at->way.pairs->product(&(struct pairs_product){
        .c = x.key0,
        .ldc = x.ld,
        .a = rows + p->t0 * K,
        .lda = K,
        .b = turned,
        .panel = K * PAIRS_SIDE,
        .M = pairs_side(p->R),
        .N = pairs_side(p->n_keys),
        .K = K,
    });
}

static void scores(const struct attention *at, const struct work *w,
                   const struct head *head, const struct strip *p)
{
    (void)head;
    against_keys(at, w->s, w->pairs.q, w->pairs.k_turned, at->D, p);
}

static void dweights(const struct attention *at, const struct work *w,
                     struct rows g, const struct strip *p)
{
    against_keys(at, g, w->pairs.do_, w->pairs.v_turned, at->E, p);
}

static void keep(const struct attention *at, const struct work *w,
                 struct rows x, idx R, idx n)
{
    at->way.pairs->round(w->pairs.rows, ld_turned(at), x.key0, x.ld, R, n, 1);
}

/* y (R,n) = factor * what was kept (R, 0..n_keys) times a tensor (T,n): by way
 * of a matrix of whole sides. */
static void over_keys(const struct attention *at, const struct work *w, real *y,
                      idx ld, const uint16_t *tensor, idx n, real factor,
                      const struct strip *p)
{
    idx N = pairs_side(n), lda = ld_turned(at);
    const real *c = w->pairs.product;
    at->way.pairs->product(&(struct pairs_product){
        .c = w->pairs.product,
        .ldc = N,
        .a = w->pairs.rows,
        .lda = lda,
        .b = tensor,
        .panel = pairs_depth(at->T) * PAIRS_SIDE,
        .M = pairs_side(p->R),
        .N = N,
        .K = pairs_depth(p->n_keys),
    });
    for (idx r = 0; r < p->R; r++) {
#pragma omp simd
        for (idx i = 0; i < n; i++)
            y[r * ld + i] = factor * c[r * N + i];
    }
}

static void mix(const struct attention *at, const struct work *w, real *o,
                idx ld, const struct strip *p)
{
    over_keys(at, w, o, ld, w->pairs.v, at->E, 1, p);
}

/* Of a panel of 16 keys all queries of a tile lie behind each other. */
enum { TILE_PANEL = TILE * PAIRS_SIDE };

static void dqueries(const struct attention *at, const struct work *w, real *dq,
                     idx ld, struct rows a, struct rows g,
                     const struct strip *p, idx end)
{
    idx to = p->t0 % TILE * PAIRS_SIDE;
    over_keys(at, w, dq, ld, w->pairs.k, at->D, at->scale, p);
    at->way.pairs->pair(w->pairs.a + to, TILE_PANEL, a.key0, a.ld, p->R, end,
                        1);
    at->way.pairs->pair(w->pairs.g + to, TILE_PANEL, g.key0, g.ld, p->R, end,
                        1);
}

/* c (n,T) = a tensor's transpose times the tile's rows, or += that. */
static void over_queries(const struct attention *at, real *c,
                         const uint16_t *turned, const uint16_t *rows, idx n,
                         const struct strip *tile, bool is_added)
{
    at->way.pairs->product(&(struct pairs_product){
        .c = c,
        .ldc = ld_turned(at),
        .a = turned + tile->t0,
        .lda = ld_turned(at),
        .b = rows,
        .panel = TILE_PANEL,
        .M = pairs_side(n),
        .N = pairs_side(tile->n_keys),
        .K = pairs_depth(tile->R),
        .is_added = is_added,
    });
}

static void share(const struct attention *at, const struct work *w,
                  const struct head_grads *grads, idx ld,
                  const struct strip *tile, bool is_first)
{
    (void)grads;
    (void)ld;
    over_queries(at, w->pairs.dv_turned, w->pairs.do_turned, w->pairs.a, at->E,
                 tile, !is_first);
    over_queries(at, w->pairs.dk_turned, w->pairs.q_turned, w->pairs.g, at->D,
                 tile, !is_first);
}

static void close(const struct attention *at, const struct work *w,
                  const struct head_grads *grads, idx ld)
{
    const struct pairs_kernel *k = at->way.pairs;
    k->add_turned(grads->dv, ld, w->pairs.dv_turned, ld_turned(at), at->T,
                  at->E, grads->adds_v);
    k->add_turned(grads->dk, ld, w->pairs.dk_turned, ld_turned(at), at->T,
                  at->D, grads->adds_k);
}

const struct head_products products_pairs = {
    .strip = STRIP,
    .tile = TILE,
    .kept = STRIP,
    .padded = pairs_depth,
    .place = place,
    .open_forward = open_forward,
    .open_backward = open_backward,
    .scores = scores,
    .keep = keep,
    .mix = mix,
    .dweights = dweights,
    .dqueries = dqueries,
    .share = share,
    .close = close,
};
