/* weights_elastic.c - softmax shifted by a learned number and rectified:
 * a = max(p + tau/n, 0), p = softmax(s), n visible keys. Of two codes by others
 * than the authors, one starts tau at -1, one at -0.5.
 *
 *   ds = p (g' - sum p g'),   dtau = sum g' / n,   g' = g if a > 0, else 0
 *
 * p = a - tau/n where a > 0, which saves exps. If a is zero throughout, so is
 * g', and p does not matter. */
#include "kern/rows.h"
#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

static idx learned(struct map_learned numbers[MAP_LEARNED_MAX],
                   const struct attention_options *o)
{
    numbers[0] = (struct map_learned){ "tau", o->elastic_tau, false };
    return 1;
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real shift = row->learned[0] / (real)row->n_keys;
    softmax_forward(a, s, 1, row->n);
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real x = a[j] + shift;
        a[j] = x < 0 ? 0 : x;
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    real shift = row->learned[0] / (real)row->n_keys;
    /* p is its factor where the score is largest */
    struct softmax_terms p = { row_max(s, row->n), row_max(a, row->n) - shift };
    real dot = 0, sum = 0;
#pragma omp simd reduction(+ : dot, sum)
    for (idx j = 0; j < row->n; j++) {
        real passed = a[j] <= 0 ? 0 : g[j]; /* so written, NaN stays */
        dot += (a[j] - shift) * passed;
        sum += passed;
    }
    row->dlearned[0] += sum / (real)row->n_keys;
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real passed = a[j] <= 0 ? 0 : g[j];
        ds[j] = softmax_at(p, s[j]) * (passed - dot);
    }
}

const struct weight_map weights_elastic = {
    .text = { .name = "elastic",
              .formula = "max(p_j + tau/n, 0); p softmax, tau learned",
              .parameters = "elastic_tau; learned: tau a head",
              .source =
                  "arXiv 2601.00919; its bias by distance: position = distance",
              .sinks =
                  "sink rate not reported; 59.6 % of the weights zero (arXiv "
                  "2601.00919)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .learned = learned,
    .forward = forward,
    .backward = backward,
};
