/* score_cap.c - scores bounded smoothly: s' = c tanh(s / c), |s'| <= c.
 *
 *   ds = (1 - (s'/c)^2) ds' */
#include "kern/vecmath.h"
#include "nn/attention/edits/score_edit.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.soft_cap > 0;
}

/* Right relative to small x, too: a wide cap must leave small scores alone.
 * There it is Lambert's continued fraction x/(1 + z/(3 + z/(5 + ...))), z =
 * x^2, broken off after the 9; at 0.8 the rest is 1e-8 of the whole. */
static inline real tanh_of_any_size(real x)
{
#ifdef SINKLAB_DOUBLE
    return tanh(x);
#else
    float size = fabsf(x), z = x * x, far = vec_tanh(size);
    float near = size * (945 + z * (105 + z)) / (945 + z * (420 + 15 * z));
    float y = size < 0.8f ? near : far;
    return x < 0 ? -y : y;
#endif
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    real cap = (real)h->options->soft_cap, inverse = 1 / cap;
#pragma omp simd
    for (idx i = 0; i < row->n; i++)
        s[i] = cap * tanh_of_any_size(inverse * s[i]);
}

static void backward(real *ds, const real *s, const struct edit_row *row,
                     const struct edit_head *h)
{
    real inverse = (real)(1 / h->options->soft_cap);
#pragma omp simd
    for (idx i = 0; i < row->n; i++) {
        real share = inverse * s[i];
        ds[i] *= (1 - share) * (1 + share);
    }
}

const struct score_edit score_cap = {
    .text = { .name = "cap",
              .key = "[attention] soft_cap = C",
              .formula = "c tanh(s_tj / c)",
              .parameters = "soft_cap",
              .source = "Gemma 2, Google, 2024",
              .sinks = "not reported" },
    .is_on = is_on,
    .forward = forward,
    .backward = backward,
};
