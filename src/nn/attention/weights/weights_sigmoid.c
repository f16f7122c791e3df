/* weights_sigmoid.c - a = 1 / (1 + exp(-(s + b))); ds = a (1 - a) g, and the
 * same summed up for a learned b.
 *
 * b = -ln n for n visible keys lets a row of zero scores sum to n / (n + 1). */
#include <math.h>

#include "kern/rows.h"
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"
#include "nn/attention_options.h"

static idx learned(struct map_learned numbers[MAP_LEARNED_MAX],
                   const struct attention_options *o)
{
    if (o->sigmoid_bias != SIGMOID_LEARNED)
        return 0;
    numbers[0] = (struct map_learned){ "sigmoid_b", o->sigmoid_b, false };
    return 1;
}

static void prepare(struct map_settings *settings,
                    const struct attention_options *o, idx context, idx D)
{
    (void)context, (void)D;
    settings->kind = o->sigmoid_bias;
    settings->x[0] = o->sigmoid_b;
}

static real bias_of(const struct weight_row *row)
{
    if (row->settings->kind == SIGMOID_LEARNED)
        return row->learned[0];
    if (row->settings->kind == SIGMOID_LENGTH)
        return (real)-log((double)row->n_keys);
    return (real)row->settings->x[0];
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    real b = bias_of(row);
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        a[j] = vec_sigmoid(s[j] + b);
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    (void)s;
#pragma omp simd
    for (idx j = 0; j < row->n; j++)
        ds[j] = a[j] * (1 - a[j]) * g[j];
    if (row->settings->kind == SIGMOID_LEARNED)
        row->dlearned[0] += row_sum(ds, row->n);
}

const struct weight_map weights_sigmoid = {
    .text = { .name = "sigmoid",
              .formula =
                  "1 / (1 + exp(-(s_j + b))); b a constant, -ln n, or learned",
              .parameters = "sigmoid_bias, sigmoid_b; learned: b a head",
              .source = "arXiv 2410.10781 (b = 0); Ramapuram et al., 2024 (b = "
                        "-ln of "
                        "the context)",
              .sinks =
                  "sink_1 0.44 % (proxy) without, 30.2 % with sum normaliser "
                  "(arXiv 2410.10781)" },
    .own = NORMALIZER_NONE,
    .normalizers = 1u << NORMALIZER_NONE | 1u << NORMALIZER_SUM |
                   1u << NORMALIZER_LENGTH | 1u << NORMALIZER_P_NORM,
    .ignores_column = true,
    .learned = learned,
    .prepare = prepare,
    .forward = forward,
    .backward = backward,
};
