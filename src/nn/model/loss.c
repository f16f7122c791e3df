/* loss.c - what a pass is for: the loss of each target, the terms that training
 * adds (nn/loss), the gradient of all, and the means over targets by their
 * weights.
 *
 * Values of rows are kept until the pass is over, so that sums have one order.
 * A term whose factor is 0 now, but not always, is told and hands on nothing:
 * until it is switched on, a run has the bits of one without it.
 */
#include <string.h>

#include "kern/xent.h"
#include "nn/model/pass.h"

static bool has_logits(const struct model *m)
{
    for (idx i = 0; i < m->n_terms; i++)
        if (loss_terms[m->terms[i]]->of_logits)
            return true;
    return false;
}

static void plan_term(struct acts *x, struct arena *arena,
                      const struct model *m, idx k)
{
    const struct loss_term *term = loss_terms[k];
    if (term->of_weights)
        x->term_parts[k] = arena_doubles(arena, m->L * x->B * m->H);
    else if (term->of_params)
        x->term_parts[k] = arena_doubles(arena, loss_params_parts(m));
    else
        x->terms[k] = arena_reals(arena, x->M);
}

void loss_plan(struct acts *x, struct arena *arena, const struct model *m)
{
    x->loss = arena_reals(arena, x->M);
    for (idx i = 0; i < m->n_terms && x->is_training; i++)
        plan_term(x, arena, m, m->terms[i]);
}

/* A row of logits as they were before the gradient took their place. */
idx loss_scratch(const struct model *m, const struct acts *x)
{
    return x->is_training && has_logits(m) ? m->V : 0;
}

/* ---- logits ------------------------------------------------------------ */

/* The terms of row r, whose cross-entropy is there. */
static void logits_terms(const struct pass *p, idx r, const real *logits,
                         real *dlogits)
{
    const struct loss_logits row = {
        .V = p->m->V,
        .logits = logits,
        .target = p->targets[r],
        .log_sum = p->x->loss[r] + logits[p->targets[r]],
    };
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        const struct loss_term *term = loss_terms[k];
        if (!term->of_logits)
            continue;
        real share = p->scale * p->weights[r] * (real)p->factors[k];
        p->x->terms[k][r] =
            p->weights[r] == 0
                ? 0
                : term->of_logits(&row, share != 0 ? dlogits : NULL, share);
    }
}

static void rows_with_terms(const struct pass *p, idx r0, idx R, real *logits,
                            bool with_grad)
{
    idx V = p->m->V;
    real *plain = pass_scratch(p);
    for (idx r = r0; r < r0 + R; r++, logits += V) {
        real *loss = p->x->loss + r;
        const int32_t *target = p->targets + r;
        const real *weight = p->weights + r;
        if (!with_grad) {
            xent_forward(loss, logits, target, weight, 1, V);
            logits_terms(p, r, logits, NULL);
            continue;
        }
        memcpy(plain, logits, (size_t)V * sizeof *plain);
        xent_backward(loss, logits, target, weight, 1, V, p->scale);
        logits_terms(p, r, plain, logits);
    }
}

void loss_tile(const struct pass *p, idx tile, real *logits, bool with_grad)
{
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), V = p->m->V;
    real *loss = p->x->loss + r0;
    const int32_t *targets = p->targets + r0;
    const real *weights = p->weights + r0;
    if (p->n_terms && has_logits(p->m))
        rows_with_terms(p, r0, R, logits, with_grad);
    else if (with_grad)
        xent_backward(loss, logits, targets, weights, R, V, p->scale);
    else
        xent_forward(loss, logits, targets, weights, R, V);
}

/* ---- means ------------------------------------------------------------- */

/* What this pass gives to the mean, in double and in row order: the same for
 * any number of threads. */
static double mean_of(const struct pass *p, const real *rows)
{
    double sum = 0;
    for (idx r = 0; r < p->M; r++)
        sum += (double)p->weights[r] * (double)rows[r];
    return p->weight > 0 ? sum / p->weight : 0;
}

static double term_mean(const struct pass *p, idx k)
{
    if (loss_terms[k]->of_weights)
        return loss_heads_mean(p, k);
    if (loss_terms[k]->of_params)
        return loss_params_sum(p, k);
    return mean_of(p, p->x->terms[k]);
}

struct pass_loss loss_mean(const struct pass *p)
{
    double mean = mean_of(p, p->x->loss);
    struct pass_loss loss = { .cross_entropy = mean, .objective = mean };
    for (idx i = 0; i < p->n_terms; i++) {
        idx k = p->m->terms[i];
        loss.terms[k] = term_mean(p, k);
        loss.objective += p->factors[k] * loss.terms[k];
    }
    return loss;
}
