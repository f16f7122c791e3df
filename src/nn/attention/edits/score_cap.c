/* score_cap.c - scores bounded smoothly: s' = c tanh(s / c), |s'| <= c.
 *
 *   ds = (1 - (s'/c)^2) ds' */
#include "kern/vecmath.h"
#include "nn/attention/edits/score_edit.h"

static bool is_on(const struct model_spec *s)
{
    return s->attention.soft_cap > 0;
}

static void forward(real *s, const struct edit_row *row,
                    const struct edit_head *h)
{
    real cap = (real)h->options->soft_cap, inverse = 1 / cap;
#pragma omp simd
    for (idx i = 0; i < row->n; i++)
        s[i] = cap * vec_tanh_relative(inverse * s[i]);
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
