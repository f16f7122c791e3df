#include "nn/attention/head_terms.h"

/* Visible keys stand side by side: the first ones, then those from lo on. */
static struct loss_weights row_of(const struct head_terms *h,
                                  const struct head_row *r)
{
    const struct span *s = &r->span;
    idx key = h->first_key, first = -1;
    if (key < s->globals)
        first = r->n_extra + key;
    else if (key >= s->lo && key < s->hi)
        first = r->n_extra + s->globals + key - s->lo;
    return (struct loss_weights){
        .n = r->n, .n_extra = r->n_extra, .first = first, .a = r->a
    };
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
