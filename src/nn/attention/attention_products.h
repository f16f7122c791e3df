/* attention_products.h - the products of one head, in strips and tiles of query
 * rows, by what is multiplied: float32, as it is or rounded
 * (products_reals.c), or bfloat16 (products_pairs.c).
 *
 *   forward    s = scale q k^T   o = a v
 *   backward   s again   g = do v^T   dq = scale g k   dv = a^T do
 *              dk = scale g^T q
 *
 * where the map makes a of s, and the gradient of s of g. Rounded are scale q,
 * k, v, do, and the rows of a and of that gradient, once each: the map, and
 * whoever is shown a row, have it before. The extra column takes no part.
 */
#ifndef SINKLAB_ATTENTION_PRODUCTS_H
#define SINKLAB_ATTENTION_PRODUCTS_H

#include "nn/attention/attention.h"

struct work;

/* Rows of scores or weights, ld reals apart; `key0` is the first row's value
 * for key 0. */
struct rows {
    real *key0;
    idx ld;
};

/* Query rows from t0 on, R of them, which see keys up to n_keys. */
struct strip {
    idx t0, R, n_keys;
};

/* The numbers of rows are constants, for fixed bits. */
struct head_products {
    idx strip; /* query rows scored at a time */
    idx tile;  /* strips whose share of dk, dv is added at a time: their rows */
    idx kept;  /* rows of a and g that must stay until then: one or the other */
    idx (*padded)(idx T); /* keys that a row of scores has room for */

    /* place - the room that products need, in reals; with `room`, it is put
     * there. */
    idx (*place)(const struct attention *at, struct work *w, real *room);
    void (*open_forward)(const struct attention *at, const struct work *w,
                         const struct head *head);
    void (*open_backward)(const struct attention *at, const struct work *w,
                          const struct head *head, const real *do_);

    /* w->s; what lies behind n_keys, up to the padding, is overwritten. */
    void (*scores)(const struct attention *at, const struct work *w,
                   const struct head *head, const struct strip *p);
    /* R rows of x, w->s or a strip's g, are as the next two shall multiply
     * them, up to key n. They may be rounded in their place. */
    void (*keep)(const struct attention *at, const struct work *w,
                 struct rows x, idx R, idx n);
    /* o, the strip's rows, from w->s. */
    void (*mix)(const struct attention *at, const struct work *w, real *o,
                idx ld, const struct strip *p);
    /* g as w->s. */
    void (*dweights)(const struct attention *at, const struct work *w,
                     struct rows g, const struct strip *p);
    /* dq, the strip's rows; and a, which may be rounded, and g are prepared for
     * `share`, up to key `end`. */
    void (*dqueries)(const struct attention *at, const struct work *w, real *dq,
                     idx ld, struct rows a, struct rows g,
                     const struct strip *p, idx end);
    /* A tile's share of dv, dk. The first tile sees every key. */
    void (*share)(const struct attention *at, const struct work *w,
                  const struct head_grads *grads, idx ld,
                  const struct strip *tile, bool is_first);
    /* After the last tile: dv, dk are there. NULL: they are anyway. */
    void (*close)(const struct attention *at, const struct work *w,
                  const struct head_grads *grads, idx ld);
};

extern const struct head_products products_reals, products_pairs;

/* Those that the way of at asks for. */
static inline const struct head_products *
head_products_of(const struct attention *at)
{
    return at->way.pairs ? &products_pairs : &products_reals;
}

#endif
