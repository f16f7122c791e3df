/* weights_identity.c - a = s: linear attention; ds = g. */
#include <string.h>

#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
    memmove(a, s, (size_t)row->n * sizeof *a);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    (void)a;
    memmove(ds, g, (size_t)row->n * sizeof *ds);
}

const struct weight_map weights_identity = {
    .text = { .name = "identity",
              .formula = "s_j",
              .parameters = "none",
              .source = "arXiv 2410.10781",
              .sinks = "sink_1 0.00 % (proxy); training fails with abs_sum, "
                       "except on "
                       "features = mlp, 0.19 % (arXiv 2410.10781)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM |
                   1u << NORMALIZER_ABS_SUM | 1u << NORMALIZER_LENGTH,
    .ignores_column = true,
    .is_signed = true,
    .is_linear = true,
    .forward = forward,
    .backward = backward,
};
