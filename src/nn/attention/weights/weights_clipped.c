/* weights_clipped.c - softmax stretched and clipped, so that weights can be
 * exactly zero: a = clip((zeta - gamma) p + gamma, 0, 1), p = softmax(s).
 *
 * gamma = -clip_alpha / n, n being the context, as published, or the visible
 * keys: short rows are not clipped at all with the former. What is clipped
 * hands no gradient on, but stays in p's sum: with c = zeta - gamma,
 *   ds = p (g' - sum p g'),   g' = c g if 0 < a < 1, else 0
 * and c p = a - gamma where nothing was clipped, which saves exps. */
#include "kern/rows.h"
#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

enum { ZETA, ALPHA, LENGTH }; /* settings; LENGTH 0: visible keys */

static void prepare(struct map_settings *settings,
                    const struct attention_options *o, idx context, idx D)
{
    (void)D;
    settings->x[ZETA] = o->clip_zeta;
    settings->x[ALPHA] = o->clip_alpha;
    settings->x[LENGTH] = o->clip_visible ? 0 : (double)context;
}

static real gamma_of(const struct weight_row *row)
{
    const double *x = row->settings->x;
    return (real)(-x[ALPHA] /
                  (x[LENGTH] > 0 ? x[LENGTH] : (double)row->n_keys));
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real gamma = gamma_of(row), c = (real)row->settings->x[ZETA] - gamma;
    softmax_forward(a, s, 1, row->n);
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real x = c * a[j] + gamma;
        x = x < 0 ? 0 : x;
        a[j] = x > 1 ? 1 : x;
    }
}

/* p is its factor where the score is largest. */
static struct softmax_terms terms_of(const real *s, const real *a, real gamma,
                                     real c, idx n)
{
    real top = row_max(a, n);
    if (top > 0 && top < 1)
        return (struct softmax_terms){ row_max(s, n), (top - gamma) / c };
    return softmax_terms(s, n);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    real gamma = gamma_of(row), c = (real)row->settings->x[ZETA] - gamma;
    struct softmax_terms p = terms_of(s, a, gamma, c, row->n);
    real dot = 0;
#pragma omp simd reduction(+ : dot)
    for (idx j = 0; j < row->n; j++)
        /* so written, NaN stays */
        dot += a[j] <= 0 || a[j] >= 1 ? 0 : (a[j] - gamma) * g[j];
#pragma omp simd
    for (idx j = 0; j < row->n; j++) {
        real passed = a[j] <= 0 || a[j] >= 1 ? 0 : c * g[j];
        ds[j] = softmax_at(p, s[j]) * (passed - dot);
    }
}

const struct weight_map weights_clipped = {
    .text = { .name = "clipped",
              .formula =
                  "clip((zeta - gamma) p_j + gamma, 0, 1); p softmax, gamma = "
                  "-clip_alpha / (context + registers), or with clip_visible "
                  "/ n",
              .parameters = "clip_zeta, clip_alpha, clip_visible",
              .source = "Bondarenko et al., 2023",
              .sinks = "sink rate not reported; kurtosis of hidden states 3076 "
                       "-> 80 in "
                       "BERT-base, 1778 -> 19728 in OPT-125m (Bondarenko et "
                       "al., 2023)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
