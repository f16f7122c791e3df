/* weights_softmax1.c - softmax with a one in its denominator: an entry of score
 * zero that stands for no token. ds is softmax's. */
#include "kern/rows.h"
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real max = row_max(s, row->n);
    max = max > 0 ? max : 0;
    real sum = vec_exp(-max); /* the one; <= 1, as are the others */
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < row->n; j++) {
        real e = vec_exp(s[j] - max);
        a[j] = e;
        sum += e;
    }
    row_scale(a, 1 / sum, row->n);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
    softmax_backward(ds, a, g, row->n);
}

const struct weight_map weights_softmax1 = {
    .text = { .name = "softmax1",
              .formula = "exp(s_j) / (1 + sum_k exp(s_k))",
              .parameters = "none",
              .source =
                  "Miller, 2023 (off by one); zero sink of Xiao et al., 2023",
              .sinks =
                  "disputed: attention to the first token 65 % -> 3.3 % (Kaul "
                  "et "
                  "al., 2024), a sink at 160M parameters (Xiao et al., 2023)" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .has_remainder = true,
    .forward = forward,
    .backward = backward,
};
