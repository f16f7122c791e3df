/* optim_adamw.c - Adam with decoupled weight decay (arXiv 1711.05101).
 *
 *   m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2
 *   w = (1 - lr decay) w - lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)
 */
#include <math.h>

#include "optim/optimizer.h"
#include "optim/options.h"

static void update(real *restrict w, const real *restrict g, real *const *slot,
                   idx n, const struct update *u)
{
    const struct optim_options *o = u->options;
    real *restrict m = slot[0], *restrict v = slot[1];
    double t = (double)u->step;
    real b1 = (real)o->beta1, b2 = (real)o->beta2;
    real keep = (real)(1 - u->lr * u->decay);
    real rate = (real)(u->lr / (1 - pow(o->beta1, t)));
    real unbias = (real)(1 / sqrt(1 - pow(o->beta2, t)));
    real eps = (real)o->eps, scale = u->grad_scale;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        real d = scale * g[i];
        m[i] = b1 * m[i] + (1 - b1) * d;
        v[i] = b2 * v[i] + (1 - b2) * d * d;
#ifdef SINKLAB_DOUBLE
        real root = sqrt(v[i]);
#else
        real root = sqrtf(v[i]);
#endif
        w[i] = keep * w[i] - rate * m[i] / (root * unbias + eps);
    }
}

const struct optimizer optim_adamw = {
    .text = { .name = "adamw",
              .key = "[optim] name = adamw",
              .formula = "w = (1 - lr decay) w - lr m^ / (sqrt(v^) + eps)",
              .source = "arXiv 1711.05101" },
    .n_slots = 2,
    .slot_names = { "moment1", "moment2" },
    .update = update,
};
