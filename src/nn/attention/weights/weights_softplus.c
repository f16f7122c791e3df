/* weights_softplus.c - f = ln(1 + exp(s)), a smooth max(s, 0);
 * df/ds = 1 / (1 + exp(-s)). */
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real e = vec_exp(s[j] > 0 ? -s[j] : s[j]), u = 1 + e;
        real log_u = u > 1 ? vec_log(u) * e / (u - 1) : e; /* of tiny e, too */
        a[j] = s[j] > 0 ? s[j] + log_u : log_u;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)a;
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = vec_sigmoid(s[j]) * g[j];
}

const struct weight_map weights_softplus = {
    .text = { .name = "softplus",
              .formula = "ln(1 + exp(s_j))",
              .parameters = "none",
              .source =
                  "arXiv 2501.13428 (its first stage, without the factor on s)",
              .sinks = "not reported for this stage alone" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM |
                   1u << NORMALIZER_LENGTH | 1u << NORMALIZER_P_NORM,
    .ignores_column = true,
    .forward = forward,
    .backward = backward,
};
