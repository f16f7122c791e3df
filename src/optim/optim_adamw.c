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
    real keep = (real)(1 - u->shrink);
    real rate = (real)(u->lr / (1 - pow(o->beta1, t)));
    real unbias = (real)(1 / sqrt(1 - pow(o->beta2, t)));
    real eps = (real)o->eps, scale = u->grad_scale;
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        real d = scale * g[i];
        m[i] = b1 * m[i] + (1 - b1) * d;
        v[i] = b2 * v[i] + (1 - b2) * d * d;
        w[i] = keep * w[i] - rate * m[i] / (real_sqrt(v[i]) * unbias + eps);
    }
}

const struct optimizer optim_adamw = {
    .text = { .name = "adamw",
              .formula = "w = (1 - lr decay) w - lr m^ / (sqrt(v^) + eps)",
              .parameters = "beta1, beta2, eps",
              .source = "arXiv 1711.05101",
              .sinks = "the study's (arXiv 2410.10781): weight decay of 0.5 "
                       "to 1 gives the strongest sink; a toy of 2 layers: sink "
                       "by step 4740, largest activation 246, where Muon has "
                       "150 and 4787 (repository muon-norm-cap-grokking); "
                       "excess kurtosis 1818 at 1.4 B parameters, Muon 361 "
                       "(arXiv 2506.19697)" },
    .is_rest = true,
    .n_slots = 2,
    .slot_names = { "moment1", "moment2" },
    .update = update,
};
