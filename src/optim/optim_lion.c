/* optim_lion.c - sign of an interpolated momentum (arXiv 2302.06675).
 *
 *   w = (1 - lr decay) w - lr sign(b1 m + (1-b1) g);  m = b2 m + (1-b2) g
 */
#include "optim/optimizer.h"
#include "optim/options.h"

static void update(real *restrict w, const real *restrict g, real *const *state,
                   idx n, const struct update *u)
{
    const struct optim_options *o = u->options;
    real *restrict m = state[0];
    real b1 = (real)o->beta1, b2 = (real)o->beta2;
    real keep = (real)(1 - u->shrink), rate = (real)u->lr;
    real scale = u->grad_scale;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        real d = scale * g[i];
        real c = b1 * m[i] + (1 - b1) * d;
        w[i] = keep * w[i] - rate * (real)((c > 0) - (c < 0));
        m[i] = b2 * m[i] + (1 - b2) * d;
    }
}

const struct optimizer optim_lion = {
    .text = { .name = "lion",
              .formula = "w = (1 - lr decay) w - lr sign(b1 m + (1-b1) g); m = "
                         "b2 m + (1-b2) g",
              .parameters = "beta1, beta2 (the paper: 0.9 and 0.99); lr 3 to "
                            "10 times smaller than AdamW's, weight_decay as "
                            "many times larger",
              .source = "arXiv 2302.06675",
              .sinks = "not reported by itself" },
    .is_rest = true,
    .n_slots = 1,
    .slot_names = { "momentum" },
    .update = update,
};
