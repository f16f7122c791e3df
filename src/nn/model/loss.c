/* loss.c - what a pass is for: the loss of each target, its gradient, and the
 * means over targets by their weights.
 *
 * A term that training adds to the cross-entropy is written here: its rows in
 * loss_plan, its values and gradient in loss_tile, its mean in loss_mean and
 * struct pass_loss. Its settings reach it as a member of struct model_spec.
 */
#include "kern/xent.h"
#include "nn/model/pass.h"

void loss_plan(struct acts *x, struct arena *arena)
{
    x->loss = arena_reals(arena, x->M);
}

void loss_tile(const struct pass *p, idx tile, real *logits, bool with_grad)
{
    idx r0 = tile * TILE_ROWS, R = tile_rows(p, tile), V = p->m->V;
    real *loss = p->x->loss + r0;
    const int32_t *targets = p->targets + r0;
    const real *weights = p->weights + r0;
    if (with_grad)
        xent_backward(loss, logits, targets, weights, R, V, p->scale);
    else
        xent_forward(loss, logits, targets, weights, R, V);
}

/* What this pass gives to the mean, in double and in row order: the same for
 * any number of threads. */
static double mean_of(const struct pass *p, const real *rows)
{
    double sum = 0;
    for (idx r = 0; r < p->M; r++)
        sum += (double)p->weights[r] * (double)rows[r];
    return p->weight > 0 ? sum / p->weight : 0;
}

struct pass_loss loss_mean(const struct pass *p)
{
    double mean = mean_of(p, p->x->loss);
    return (struct pass_loss){ .cross_entropy = mean, .objective = mean };
}
