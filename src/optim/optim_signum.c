/* optim_signum.c - sign of the momentum (arXiv 1802.04434).
 *
 *   m = momentum m + (1-momentum) g;  w = (1 - lr decay) w - lr sign(m)
 */
#include "optim/optimizer.h"
#include "optim/options.h"

static void update(real *restrict w, const real *restrict g, real *const *state,
                   idx n, const struct update *u)
{
    real *restrict m = state[0];
    real momentum = (real)u->options->momentum, scale = u->grad_scale;
    real keep = (real)(1 - u->shrink), rate = (real)u->lr;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        m[i] = momentum * m[i] + (1 - momentum) * scale * g[i];
        w[i] = keep * w[i] - rate * (real)((m[i] > 0) - (m[i] < 0));
    }
}

const struct optimizer optim_signum = {
    .text = { .name = "signum",
              .formula =
                  "m = momentum m + (1-momentum) g; w = (1 - lr decay) w "
                  "- lr sign(m)",
              .parameters = "momentum",
              .source = "arXiv 1802.04434, as SIGNUM; decay decoupled",
              .sinks = "not reported by itself" },
    .is_rest = true,
    .n_slots = 1,
    .slot_names = { "momentum" },
    .update = update,
};
