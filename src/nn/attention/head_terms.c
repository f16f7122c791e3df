#include "nn/attention/head_terms.h"

/* Visible keys stand side by side: the first ones, then those from lo on; how
 * many of them are before `key`? */
static idx seen_before(const struct span *s, idx key)
{
    return idx_min(key, s->globals) + idx_max(0, idx_min(key, s->hi) - s->lo);
}

/* Registers are the keys before the first token's. */
static struct loss_weights row_of(const struct head_terms *h,
                                  const struct head_row *r)
{
    const struct span *s = &r->span;
    idx key = h->first_key, tokens = r->n_extra + seen_before(s, key);
    bool is_seen = seen_before(s, key + 1) > seen_before(s, key);
    return (struct loss_weights){ .n = r->n,
                                  .n_extra = r->n_extra,
                                  .tokens = tokens,
                                  .first = is_seen ? tokens : -1,
                                  .a = r->a };
}

void head_terms_forward(const struct head_terms *h, const struct head_row *r)
{
    double weight = (double)h->weights[r->t];
    struct loss_weights row = row_of(h, r);
    for (idx i = 0; i < h->n && weight != 0; i++) {
        const struct head_term *t = &h->of[i];
        *t->mean += weight * (double)t->term->of_weights(&row, NULL, 0);
    }
}

void head_terms_backward(const struct head_terms *h, const struct head_row *r,
                         real *g)
{
    double weight = (double)h->weights[r->t];
    struct loss_weights row = row_of(h, r);
    for (idx i = 0; i < h->n && weight != 0; i++) {
        const struct head_term *t = &h->of[i];
        t->term->of_weights(&row, g, (real)(weight * t->share));
    }
}
