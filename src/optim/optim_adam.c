/* optim_adam.c - Adam (arXiv 1412.6980), decay as L2 in the gradient.
 *
 *   g = g + decay w;  m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
 *   w = w - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
 */
#include <math.h>

#include "optim/optimizer.h"
#include "optim/options.h"

static void update(real *restrict w, const real *restrict g, real *const *state,
                   idx n, const struct update *u)
{
    const struct optim_options *o = u->options;
    real *restrict m = state[0], *restrict v = state[1];
    double t = (double)u->step;
    real b1 = (real)o->beta1, b2 = (real)o->beta2;
    real decay = (real)u->decay;
    real rate = (real)(u->lr / (1 - pow(o->beta1, t)));
    real unbias = (real)(1 / sqrt(1 - pow(o->beta2, t)));
    real eps = (real)o->eps, scale = u->grad_scale;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        real d = scale * g[i] + decay * w[i];
        m[i] = b1 * m[i] + (1 - b1) * d;
        v[i] = b2 * v[i] + (1 - b2) * d * d;
        w[i] -= rate * m[i] / (real_sqrt(v[i]) * unbias + eps);
    }
}

const struct optimizer optim_adam = {
    .text = { .name = "adam",
              .formula = "g = g + decay w; w = w - lr m^ / (sqrt(v^) + eps)",
              .parameters = "beta1, beta2, eps; weight_decay is L2 in the "
                            "gradient, behind clipping",
              .source = "arXiv 1412.6980",
              .sinks =
                  "residual norm of the first token grows in a line, 24 to "
                  "139.7 in 9.8k steps of Bigram-Backcopy, where SGD "
                  "stays at 20.6 (arXiv 2410.13835); the rate of each "
                  "number apart is what makes outliers in some dimensions "
                  "(arXiv 2410.17174)" },
    .n_slots = 2,
    .slot_names = { "moment1", "moment2" },
    .update = update,
};
