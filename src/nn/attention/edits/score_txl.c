/* score_txl.c - relative positions as in Transformer-XL: a key is also asked by
 * all queries alike (u), and a query also asks for a distance (r, b).
 *
 *   s_tj += scale (u . k_j + q_t . r_e + b_e),  e = |t-j|
 *
 *   dq_t = scale sum_j ds_tj r_e    du   = scale sum_tj ds_tj k_j
 *   dk_j = scale sum_t ds_tj u      dr_e = scale sum_tj ds_tj q_t, |t-j| = e
 *
 * q . r is a matrix product of queries with distances, as q . k is one with
 * keys, and costs as much. So it is made for a block of queries at a time, when
 * the first of them comes by; on the way back, gradients of a block's scores
 * are kept by distance until the next block's come. Rows may come in any order:
 * in another one than ascending or descending it only takes longer. */
#include "kern/small.h"
#include "nn/attention/edits/score_shared.h"
#include "nn/visible.h"

enum { BLOCK = 12, NOTHING = -1 };

/* What a head learns: u (D), then for each distance r_e (D) and b_e. A shorter
 * sequence uses the first of them. */
static idx n_learned(const struct attention_options *a, idx T, idx D)
{
    (void)a;
    return D + T * (D + 1);
}

/* Parts of scratch; P = T padded. A block is named by its first row, which a
 * real holds exactly: contexts are at most 2^20. */
struct txl {
    real *made, *kept; /* (1) each: the block that ... */
    real *asked;       /* ... `asked` (BLOCK,P) is of: scale (q . r_e + b_e) */
    real *ds;          /* ... `ds` (BLOCK,P) is of, by distance */
    real *panels;      /* (D,P) r transposed */
    real *b;           /* (P) scale b_e */
    real *keys;        /* (P) scale u . k_j */
    real *dkeys, *db;  /* (P) sums of ds by key, by distance */
    real *dq;          /* (T,D) */
    idx P;
};

static struct txl txl_of(const struct edit_head *h)
{
    idx P = small_padded(h->T);
    struct txl x = { .P = P, .asked = h->scratch };
    x.ds = x.asked + BLOCK * P;
    x.panels = x.ds + BLOCK * P;
    x.b = x.panels + h->D * P;
    x.keys = x.b + P;
    x.dkeys = x.keys + P;
    x.db = x.dkeys + P;
    x.dq = x.db + P;
    x.made = x.dq + h->T * h->D;
    x.kept = x.made + 1;
    return x;
}

static idx n_scratch(idx T, idx D)
{
    return (2 * BLOCK + D + 4) * small_padded(T) + T * D + 2;
}

static bool is_on(const struct model_spec *s)
{
    return s->model.position == POSITION_TXL;
}

static void open(const struct edit_head *h)
{
    struct txl x = txl_of(h);
    idx D = h->D;
    const real *r = h->learned + D;
    small_transpose(x.panels, r, D + 1, h->T, D);
    for (idx t = 0; t < h->T; t++) {
        const real *k = h->k + t * h->ld;
        real sum = 0;
#pragma omp simd reduction(+ : sum)
        for (idx d = 0; d < D; d++)
            sum += h->learned[d] * k[d];
        x.keys[t] = h->scale * sum;
        x.b[t] = h->scale * r[t * (D + 1) + D];
    }
    edit_clear(x.b + h->T, x.P - h->T);
    *x.made = *x.kept = NOTHING;
    if (!h->dlearned)
        return;
    edit_clear(x.ds, BLOCK * x.P);
    edit_clear(x.dkeys, 2 * x.P); /* and db */
    edit_clear(x.dq, h->T * D);
}

/* Distances that queries t0, t0+1, ... of a block may see: one more than the
 * largest. */
static idx distances_of(const struct edit_head *h, idx t0)
{
    idx last = idx_min(t0 + BLOCK, h->T) - 1;
    return idx_max(last, visible_end(h->options, h->T, last) - 1 - t0) + 1;
}

static void make_block(const struct txl *x, const struct edit_head *h, idx t0)
{
    struct small_left q = { h->q + t0 * h->ld, h->ld, 1 };
    idx R = idx_min(BLOCK, h->T - t0), n = small_padded(distances_of(h, t0));
    for (idx r = 0; r < R; r++) {
        real *asked = x->asked + r * x->P;
#pragma omp simd
        for (idx e = 0; e < n; e++)
            asked[e] = x->b[e];
    }
    small_product(x->asked, x->P, q, small_panels(x->panels, h->D), R, n, h->D,
                  h->scale, true);
    *x->made = (real)t0;
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    struct txl x = txl_of(h);
    idx r = row->t % BLOCK, t0 = row->t - r;
    const real *keys = x.keys + row->first;
    if ((idx)*x.made != t0)
        make_block(&x, h, t0);
    distances_add(s, x.asked + r * x.P, row, AHEAD_IS_FAR);
#pragma omp simd
    for (idx i = 0; i < row->n; i++)
        s[i] += keys[i];
}

/* What was kept of a block goes to dq, dr and db. */
static void settle_block(const struct txl *x, const struct edit_head *h)
{
    idx t0 = (idx)*x->kept, D = h->D;
    if (t0 == NOTHING)
        return;
    idx R = idx_min(BLOCK, h->T - t0), n = distances_of(h, t0);
    struct small_left by_query = { x->ds, x->P, 1 };
    struct small_left by_distance = { x->ds, 1, x->P };
    small_product(x->dq + t0 * D, D, by_query,
                  small_plain(h->learned + D, D + 1), R, D, n, h->scale, true);
    small_product(h->dlearned + D, D + 1, by_distance,
                  small_plain(h->q + t0 * h->ld, h->ld), n, D, R, h->scale,
                  true);
    for (idx r = 0; r < R; r++) {
        real *restrict db = x->db, *ds = x->ds + r * x->P;
#pragma omp simd
        for (idx e = 0; e < n; e++)
            db[e] += ds[e];
        edit_clear(ds, n);
    }
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    (void)s;
    struct txl x = txl_of(h);
    idx r = row->t % BLOCK, t0 = row->t - r;
    real *restrict dkeys = x.dkeys + row->first;
    if ((idx)*x.kept != t0) {
        settle_block(&x, h);
        *x.kept = (real)t0;
    }
    distances_collect(x.ds + r * x.P, ds, row, AHEAD_IS_FAR);
#pragma omp simd
    for (idx i = 0; i < row->n; i++)
        dkeys[i] += ds[i];
}

static void close(const struct edit_head *h)
{
    struct txl x = txl_of(h);
    idx D = h->D, ld = h->ld;
    settle_block(&x, h);
    for (idx t = 0; t < h->T; t++) {
        real d = h->scale * x.dkeys[t];
        for (idx i = 0; i < D; i++) {
            h->dq[t * ld + i] += x.dq[t * D + i];
            h->dk[t * ld + i] += d * h->learned[i];
            h->dlearned[i] += d * h->k[t * ld + i];
        }
        h->dlearned[D + t * (D + 1) + D] += h->scale * x.db[t];
    }
}

const struct score_edit score_txl = {
    .text = { .name = "txl",
              .key = "[model] position = txl",
              .formula = "s_tj + (u.k_j + q_t.r_e + b_e) / sqrt(D), e = |t-j|",
              .parameters =
                  "learned: u (D), then r (D) and b of each distance, a "
                  "head, at first 0",
              .source = "Dai et al., 2019; as in arXiv 2308.03429",
              .sinks = "not reported" },
    .is_on = is_on,
    .n_learned = n_learned,
    .n_scratch = n_scratch,
    .open = open,
    .forward = forward,
    .backward = backward,
    .close = close,
};
