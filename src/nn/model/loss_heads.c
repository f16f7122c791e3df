/* loss_heads.c - terms of the loss that are of rows of attention's weights: the
 * mean over a sequence's rows of each head, from these the value of a layer,
 * and its mean over sequences, by their weights, and layers. */
#include "nn/attention/attention_facts.h"
#include "nn/model/pass.h"

/* (H) of a layer and sequence. */
static double *means_at(const struct pass *p, idx k, idx l, idx sequence)
{
    return p->x->term_parts[k] + (l * p->x->B + sequence) * p->m->H;
}

static const real *weights_at(const struct pass *p, idx sequence)
{
    return p->weights + sequence * p->x->S;
}

static double sequence_weight(const struct pass *p, idx sequence)
{
    double sum = 0;
    for (idx t = 0; t < p->x->S; t++)
        sum += (double)weights_at(p, sequence)[t];
    return sum;
}

/* The value of a layer and sequence; *dmean: the derivative by head h's. */
static double layer_value(double *dmean, const struct loss_term *term,
                          const double *means, idx H, idx h)
{
    if (term->of_heads)
        return term->of_heads(dmean, means, H, h);
    double sum = 0;
    for (idx i = 0; i < H; i++)
        sum += means[i];
    if (dmean)
        *dmean = 1 / (double)H;
    return sum / (double)H;
}

static void open_terms(struct head_terms *t, const struct pass *p, idx sequence)
{
    t->n = 0;
    t->weights = weights_at(p, sequence);
    t->first_key = p->m->R;
}

const struct head_terms *loss_head_forward(struct head_terms *t,
                                           const struct pass *p, idx l,
                                           idx sequence, idx h)
{
    if (!p->n_terms)
        return NULL;
    open_terms(t, p, sequence);
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        if (!loss_terms[k]->of_weights)
            continue;
        double *mean = means_at(p, k, l, sequence) + h;
        *mean = 0;
        t->of[t->n++] = (struct head_term){ loss_terms[k], mean, 0 };
    }
    bool has_any = t->n && attention_has_shares(&p->m->blocks[l].attention);
    return has_any ? t : NULL;
}

void loss_head_close(const struct pass *p, idx l, idx sequence, idx h)
{
    double weight = sequence_weight(p, sequence);
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        if (loss_terms[k]->of_weights && weight > 0)
            means_at(p, k, l, sequence)[h] /= weight;
    }
}

/* The weight of a sequence is in its value's share, and out of it again in
 * that of a row in the sequence's mean. */
const struct head_terms *loss_head_backward(struct head_terms *t,
                                            const struct pass *p, idx l,
                                            idx sequence, idx h)
{
    if (!p->n_terms || !attention_has_shares(&p->m->blocks[l].attention))
        return NULL;
    open_terms(t, p, sequence);
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        const struct loss_term *term = loss_terms[k];
        double dmean;
        if (!term->of_weights || p->factors[k] == 0 || !(p->weight > 0))
            continue;
        layer_value(&dmean, term, means_at(p, k, l, sequence), p->m->H, h);
        double share = p->factors[k] * dmean / ((double)p->m->L * p->weight);
        if (share != 0)
            t->of[t->n++] = (struct head_term){ term, NULL, share };
    }
    return t->n ? t : NULL;
}

double loss_heads_mean(const struct pass *p, idx k)
{
    double sum = 0;
    for (idx b = 0; b < p->B && p->weight > 0; b++) {
        double share = sequence_weight(p, b) / p->weight;
        for (idx l = 0; l < p->m->L; l++)
            sum += share * layer_value(NULL, loss_terms[k],
                                       means_at(p, k, l, b), p->m->H, 0);
    }
    return sum / (double)p->m->L;
}
