/* loss_params.c - terms of the loss that are of the weights themselves. A
 * micro-batch has a part of value and gradient, by its sequences. */
#include "nn/model/pass.h"

enum { PART = 16384 }; /* numbers whose sum is one part; for fixed bits */

static idx parts_of(const struct param *q)
{
    return q->role == PARAM_STATE ? 0 : idx_ceil_div(q->n, PART);
}

idx loss_params_parts(const struct model *m)
{
    idx n = 0;
    for (idx i = 0; i < m->table.count; i++)
        n += parts_of(&m->table.rows[i]);
    return n;
}

static void one_part(const struct pass *p, const struct param *q, idx i,
                     idx part)
{
    idx at = q->offset + i * PART;
    const struct loss_params numbers = { .param = q,
                                         .n = idx_min(PART, q->n - i * PART),
                                         .w = p->w + at,
                                         .options = &p->m->spec.loss };
    for (idx j = 0; j < p->n_terms; j++) {
        idx k = p->m->terms[j];
        const struct loss_term *term = loss_terms[k];
        real share = (real)(p->factors[k] * p->part);
        if (term->of_params)
            p->x->term_parts[k][part] = term->of_params(
                &numbers, p->dw && share != 0 ? p->dw + at : NULL, share);
    }
}

void loss_params_pass(const struct pass *p)
{
    bool has_any = false;
    for (idx i = 0; i < p->n_terms; i++)
        has_any |= loss_terms[p->m->terms[i]]->of_params != NULL;
    if (!has_any)
        return;
    idx part = 0;
    for (idx i = 0; i < p->m->table.count; i++) {
        const struct param *q = &p->m->table.rows[i];
        idx n = parts_of(q);
#pragma omp for schedule(static) nowait
        for (idx j = 0; j < n; j++)
            one_part(p, q, j, part + j);
        part += n;
    }
#pragma omp barrier
}

double loss_params_sum(const struct pass *p, idx k)
{
    double sum = 0;
    for (idx i = 0; i < loss_params_parts(p->m); i++)
        sum += p->x->term_parts[k][i];
    return p->part * sum;
}
