/* optim_sgd.c - gradient descent with momentum, decay decoupled as in AdamW.
 *
 *   m = momentum m + g;  w = (1 - lr decay) w - lr m
 */
#include "optim/optimizer.h"
#include "optim/options.h"

static void update(real *restrict w, const real *restrict g, real *const *slot,
                   idx n, const struct update *u)
{
    real *restrict m = slot[0];
    real momentum = (real)u->options->momentum, scale = u->grad_scale;
    real keep = (real)(1 - u->lr * u->decay), rate = (real)u->lr;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        m[i] = momentum * m[i] + scale * g[i];
        w[i] = keep * w[i] - rate * m[i];
    }
}

const struct optimizer optim_sgd = {
    .text = { .name = "sgd",
              .key = "[optim] name = sgd",
              .formula = "m = momentum m + g; w = (1 - lr decay) w - lr m",
              .source = "heavy-ball momentum (Polyak 1964)" },
    .n_slots = 1,
    .slot_names = { "momentum" },
    .update = update,
};
