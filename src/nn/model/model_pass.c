/* model_pass.c - whole passes: the parallel regions and the mean loss. */
#include "nn/model/pass.h"

#include <string.h>

#include "nn/norms.h"

enum { COLUMNS = 64 }; /* of a norm's gradient a task owns */

void add_partials(real *sum, const real *partials, idx rows, idx ld, idx c0,
                  idx n)
{
    for (idx i = 0; i < rows; i++) {
#pragma omp simd
        for (idx c = c0; c < c0 + n; c++)
            sum[c] += partials[i * ld + c];
    }
}

void pass_norm_forward(const struct pass *p, struct norm_params n, real *y,
                       real *stats, const real *x, idx R)
{
    norms[p->m->spec.model.norm].kernel->forward(
        y, stats, x, weight_at(p, n.gain), weight_at(p, n.shift),
        p->m->spec.model.norm_eps, R, p->m->C);
}

void pass_norm_backward(const struct pass *p, struct norm_params n,
                        enum norm_slot slot, idx tile, real *dx, const real *dy,
                        const real *x, const real *stats, idx R)
{
    struct back_acts *k = &p->x->back;
    idx C = p->m->C, gains = pass_gains(p->m);
    real *dgain = k->dgain[slot] + tile * gains;
    real *dshift = k->dshift[slot] ? k->dshift[slot] + tile * C : NULL;
    memset(dgain, 0, (size_t)gains * sizeof *dgain);
    if (dshift)
        memset(dshift, 0, (size_t)C * sizeof *dshift);
    norms[p->m->spec.model.norm].kernel->backward(
        dx, dgain, dshift, dy, x, stats, weight_at(p, n.gain), R, C);
}

static void norm_grad(const struct pass *p, idx offset, const real *partials,
                      idx n)
{
    idx tiles = pass_tiles(p);
#pragma omp for schedule(static) nowait
    for (idx c0 = 0; c0 < n; c0 += COLUMNS)
        add_partials(p->dw + offset, partials, tiles, n, c0,
                     idx_min(COLUMNS, n - c0));
}

void pass_norm_grads(const struct pass *p, struct norm_params n,
                     enum norm_slot slot)
{
    struct back_acts *k = &p->x->back;
    if (n.gain != NO_PARAM)
        norm_grad(p, n.gain, k->dgain[slot], pass_gains(p->m));
    if (n.shift != NO_PARAM)
        norm_grad(p, n.shift, k->dshift[slot], p->m->C);
}

/* What the batch says of tokens, by row: no target of a register counts, they
 * see what they see whatever the document, and stand at the first places, in
 * front of all documents. */
static void set_rows(struct pass *p)
{
    const struct batch *b = p->batch;
    idx R = p->m->R, S = p->x->S;
    bool has_documents =
        attention_has_documents(&p->m->blocks[0].attention) && b->documents;
    p->targets = b->targets;
    p->weights = b->weights;
    p->documents = has_documents ? b->documents : NULL;
    p->places = b->positions;
    if (!R)
        return;
    for (idx r = 0; r < p->M; r++) {
        idx s = r % S, i = r / S * b->T + s - R;
        p->x->targets[r] = s < R || !b->targets ? 0 : b->targets[i];
        p->x->weights[r] = s < R || !b->weights ? 0 : b->weights[i];
        if (b->positions)
            p->x->places[r] = (int32_t)(s < R ? s : b->positions[i] + R);
        if (has_documents)
            p->x->documents[r] = s < R ? 0 : b->documents[i] + (int32_t)R;
    }
    p->targets = p->x->targets;
    p->weights = p->x->weights;
    p->documents = has_documents ? p->x->documents : NULL;
    p->places = b->positions ? p->x->places : NULL;
}

static struct pass pass_over(const struct model *m, const real *w,
                             struct acts *x, const struct batch *b)
{
    BUG_ON(b->B < 1 || b->B > x->B || b->T != x->T);
    struct pass p = {
        .m = m, .x = x, .w = w, .batch = b, .B = b->B, .M = b->B * x->S
    };
    set_rows(&p);
    return p;
}

/* Those of taps of which there is room. */
static void set_taps(struct pass *p, const struct observer *observer,
                     const struct edits *edits)
{
    p->observer = observer;
    if (edits)
        p->edits = *edits;
    BUG_ON(observer && observer->reads & ~p->x->reads);
    for (idx i = 0; i < p->edits.n; i++)
        BUG_ON(!(p->x->writes & TAP_BIT(p->edits.list[i].tap)));
}

static void forward_blocks(const struct pass *p)
{
    pass_pack(p);
    embed_forward(p);
    edit_rows(p, TAP_EMBEDDING, 0);
    edit_rows(p, TAP_RESIDUAL, 0);
    tell_rows(p, TAP_EMBEDDING, 0);
    tell_rows(p, TAP_RESIDUAL, 0);
    for (idx l = 0; l < p->m->L; l++)
        block_forward(p, l);
}

struct pass_loss model_forward_loss(const struct model *m, const real *w,
                                    struct acts *x, const struct batch *b,
                                    const struct edits *edits)
{
    struct pass p = pass_over(m, w, x, b);
    set_taps(&p, NULL, edits);
    p.weight = batch_weight(b);
#pragma omp parallel num_threads(x->threads)
    {
        forward_blocks(&p);
        unembed_pass(&p, false);
    }
    return loss_mean(&p);
}

void model_logits(const struct model *m, const real *w, struct acts *x,
                  const struct batch *b, idx place, const struct edits *edits,
                  real *logits)
{
    struct pass p = pass_over(m, w, x, b);
    BUG_ON(place < 0 || place >= b->T);
    set_taps(&p, NULL, edits);
#pragma omp parallel num_threads(x->threads)
    {
        forward_blocks(&p);
        /* sequences share tiles out differently than the blocks did */
#pragma omp barrier
#pragma omp for schedule(static)
        for (idx i = 0; i < b->B; i++)
            unembed_row(&p, logits + i * m->V, i * x->S + m->R + place);
    }
}

/* Terms, with their factors after so many updates. */
static void set_terms(struct pass *p, idx updates)
{
    const struct loss_options *o = &p->m->spec.loss;
    BUG_ON(p->m->n_terms && !p->x->is_training);
    p->part = 1;
    p->n_terms = p->m->n_terms;
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        p->factors[k] = key_steps_at(&o->factor[k], updates);
    }
}

struct pass_loss model_forward_objective(const struct model *m, const real *w,
                                         struct acts *x, const struct batch *b,
                                         idx updates)
{
    struct pass p = pass_over(m, w, x, b);
    p.weight = batch_weight(b);
    set_terms(&p, updates);
#pragma omp parallel num_threads(x->threads)
    {
        loss_params_pass(&p);
        forward_blocks(&p);
        unembed_pass(&p, false);
    }
    return loss_mean(&p);
}

void model_observe(const struct model *m, const real *w, struct acts *x,
                   const struct batch *b, const struct observer *observer,
                   const struct edits *edits)
{
    struct pass p = pass_over(m, w, x, b);
    int of_head = TAP_BIT(TAP_LOGITS) | TAP_BIT(TAP_LOSS);
    set_taps(&p, observer, edits);
#pragma omp parallel num_threads(x->threads)
    {
        forward_blocks(&p);
        if (observer->reads & of_head)
            unembed_pass(&p, false);
    }
}

/* The gradient of the objective of what of holds, whose terms are set. */
static struct pass_loss backward(struct pass *p, struct batch_total of)
{
    const struct model *m = p->m;
    p->weight = of.weight;
    p->scale = of.weight > 0 ? (real)(1 / of.weight) : 0;
    /* in this order, on which bits depend; what follows a mean over rows does
     * so where nothing counts, too */
    p->row_share = of.weight > 0
                       ? p->scale * (real)(of.weight / (double)of.sequences)
                       : 1 / (real)of.sequences;
    p->row_share /= (real)p->x->S;
    p->part = (double)p->B / (double)of.sequences;
#pragma omp parallel num_threads(p->x->threads)
    {
        loss_params_pass(p);
        forward_blocks(p);
        unembed_pass(p, true);
        for (idx l = m->L - 1; l >= 0; l--) {
            tell_rows(p, TAP_D_RESIDUAL, l + 1);
            block_backward(p, l);
        }
        tell_rows(p, TAP_D_RESIDUAL, 0);
        embed_backward(p);
    }
    return loss_mean(p);
}

struct pass_loss model_observe_gradients(const struct model *m, const real *w,
                                         real *dw, struct acts *x,
                                         const struct batch *b,
                                         const struct observer *observer)
{
    BUG_ON(!x->is_training || observer->reads & TAP_BIT(TAP_LOGITS));
    struct pass p = pass_over(m, w, x, b);
    p.dw = dw;
    set_taps(&p, observer, NULL);
    return backward(&p, batch_total(b));
}

struct pass_loss model_backward_loss(const struct model *m, const real *w,
                                     real *dw, struct acts *x,
                                     const struct batch *b,
                                     struct batch_total of)
{
    BUG_ON(!x->is_training || of.sequences < b->B);
    struct pass p = pass_over(m, w, x, b);
    p.dw = dw;
    set_terms(&p, of.updates);
    return backward(&p, of);
}
