/* weights_affine.c - softmax scaled by a number of the query and shifted so
 * that rows keep their mean: a = alpha p + (m - alpha)/n, p = softmax(s),
 * alpha = clip(0.1 z + 0.5, 0, 1), z projected from the query's input.
 *
 * m is a running mean of alpha, a constant to the gradient. n are the entries
 * of the row, extra column included, as it has its share of the shift: so rows
 * sum to m. Weights may be negative.
 *   ds = alpha p (g - D),  dalpha = D - sum g / n,  D = sum p g
 *   dz = 0.1 dalpha within the clip, else 0 */
#include "kern/rows.h"
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

static const real SLOPE = (real)0.1, MIDDLE = (real)0.5;

static idx learned(struct map_learned numbers[MAP_LEARNED_MAX],
                   const struct attention_options *o)
{
    (void)o;
    numbers[0] = (struct map_learned){ "mean_alpha", 0, true };
    return 1;
}

static real alpha_of(const struct weight_row *row)
{
    real alpha = SLOPE * row->query + MIDDLE;
    alpha = alpha < 0 ? 0 : alpha;
    return alpha > 1 ? 1 : alpha;
}

static real shift_of(const struct weight_row *row, real alpha)
{
    return (row->learned[0] - alpha) / (real)row->n;
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real alpha = alpha_of(row), shift = shift_of(row, alpha);
    softmax_forward(a, s, 1, row->n);
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        a[j] = alpha * a[j] + shift;
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    real alpha = alpha_of(row), shift = shift_of(row, alpha);
    real max = row_max(s, row->n);
    real sum = 0, dot = 0, sum_g = 0;
#pragma omp simd reduction(+ : sum, dot, sum_g)
    for (idx j = 0; j < row->n; j++) {
        real e = vec_exp(s[j] - max);
        sum += e;
        dot += e * g[j];
        sum_g += g[j];
    }
    dot /= sum;
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = (a[j] - shift) * (g[j] - dot);
    bool is_clipped = alpha <= 0 || alpha >= 1;
    *row->dquery = is_clipped ? 0 : SLOPE * (dot - sum_g / (real)row->n);
    row->dlearned[0] += row->share * alpha;
}

const struct weight_map weights_affine = {
    .text = { .name = "affine",
              .formula =
                  "alpha p_j + (mean_alpha - alpha)/N; N = n and the extra "
                  "column; "
                  "p softmax, alpha = clip(0.1 z + 0.5, 0, 1), z from the "
                  "query's input",
              .parameters =
                  "learned: alpha's projection; mean_alpha is a running mean",
              .source = "arXiv 2602.23057",
              .sinks =
                  "attention to the first token lower than with bias = logit "
                  "(arXiv 2602.23057)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .is_signed = true,
    .query_number = { .name = "alpha" },
    .learned = learned,
    .forward = forward,
    .backward = backward,
};
