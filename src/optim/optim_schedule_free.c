/* optim_schedule_free.c - schedule-free AdamW (arXiv 2405.15682).
 *
 *   gradients are taken at y = (1-b1) z + b1 x;  x is measured and kept
 *   v = b2 v + (1-b2) g^2;  z = z - lr (g / (sqrt(v^) + eps) + decay y)
 *   s = s + r^2, r the largest rate so far;  c = r^2 / s;  x = (1-c) x + c z
 *
 * What is stored is x, as the weights, and z - x, which is 0 at first.
 */
#include <math.h>

#include "optim/optimizer.h"
#include "optim/options.h"

/* The sum of squares is kept as two numbers, which together have the precision
 * of a double. */
enum { SUM_HIGH, SUM_LOW, RATE_MAX, SHARE, AVERAGE_NUMBERS };

static idx states(struct state_shape *list, const struct tensor *t,
                  const struct optim_options *o)
{
    (void)t, (void)o;
    list[0] = (struct state_shape){ "average", 1, { AVERAGE_NUMBERS } };
    return 1;
}

static void begin(real *const *state, const struct update *u)
{
    real *a = state[2];
    double rate = fmax((double)a[RATE_MAX], u->lr);
    a[RATE_MAX] = (real)rate;
    rate = (double)a[RATE_MAX];
    double sum = (double)a[SUM_HIGH] + (double)a[SUM_LOW] + rate * rate;
    a[SUM_HIGH] = (real)sum;
    a[SUM_LOW] = (real)(sum - (double)a[SUM_HIGH]);
    a[SHARE] = (real)(sum > 0 ? rate * rate / sum : 0);
}

static void look(real *restrict y, const real *restrict w, real *const *state,
                 idx n, const struct optim_options *o)
{
    const real *restrict ahead = state[0];
    real share = (real)(1 - o->beta1);
#pragma omp simd
    for (idx i = 0; i < n; i++)
        y[i] = w[i] + share * ahead[i];
}

static void update(real *restrict w, const real *restrict g, real *const *state,
                   idx n, const struct update *u)
{
    const struct optim_options *o = u->options;
    real *restrict ahead = state[0], *restrict v = state[1];
    const real *restrict y = u->trained;
    double t = (double)u->step;
    real b2 = (real)o->beta2, eps = (real)o->eps, scale = u->grad_scale;
    real unbias = (real)(1 / sqrt(1 - pow(o->beta2, t)));
    real rate = (real)u->lr, shrink = (real)u->shrink, c = state[2][SHARE];
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        real d = scale * g[i];
        v[i] = b2 * v[i] + (1 - b2) * d * d;
        real z = ahead[i] - rate * d / (real_sqrt(v[i]) * unbias + eps) -
                 shrink * y[i]; /* from the old x */
        w[i] += c * z;
        ahead[i] = (1 - c) * z;
    }
    look(u->trained, w, state, n, o);
}

const struct optimizer optim_schedule_free = {
    .text = { .name = "schedule-free",
              .formula = "z = z - lr (g / (sqrt(v^) + eps) + decay y); x = "
                         "(1-c) x + c z, c = r^2 / sum of r^2, r the largest "
                         "rate so far; g is taken at y = (1-b1) z + b1 x",
              .parameters = "beta1, beta2, eps; with schedule = constant and a "
                            "warm-up; validation, probe and checkpoints see "
                            "x, the column loss is of y",
              .source = "arXiv 2405.15682",
              .sinks = "not reported by itself" },
    .has_eval = true,
    .n_slots = 2,
    .slot_names = { "ahead", "moment2" },
    .more_states = states,
    .update = update,
    .begin = begin,
    .look = look,
};
