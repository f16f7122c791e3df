#include "nn/attention/weights/normalizer.h"

#include <math.h>

#include "kern/rows.h"

static const real SUM_GUARD = (real)1e-8;

/* Logarithm of (sum f^p)^(1/p), as n^(1/p) may be too large for a real; -inf
 * for a row of zeros. The largest entry is taken out, so no power overflows. */
static double log_of_p_norm(const real *f, idx n, double p)
{
    real power = (real)p, max = row_max(f, n);
    if (max <= 0)
        return isnan(row_sum(f, n)) ? NAN : -INFINITY;
    real sum = 0, factor = 1 / max;
#pragma omp simd reduction(+ : sum)
    for (idx j = 0; j < n; j++)
        sum += f[j] <= 0 ? 0 : vec_power(f[j] * factor, power);
    return log((double)max) + log((double)sum) / p;
}

static real sum_factor(const real *f, idx n, idx n_keys, double p)
{
    (void)n_keys, (void)p;
    return 1 / (row_sum(f, n) + SUM_GUARD);
}

static real length_factor(const real *f, idx n, idx n_keys, double p)
{
    (void)f, (void)n, (void)p;
    return 1 / (real)n_keys;
}

static real abs_sum_factor(const real *f, idx n, idx n_keys, double p)
{
    (void)n_keys, (void)p;
    real size = (real)fabs((double)row_sum(f, n));
    return size <= 1 ? 1 : 1 / size; /* so written, NaN stays */
}

static real p_norm_factor(const real *f, idx n, idx n_keys, double p)
{
    (void)n_keys;
    return (real)(1 / (exp(log_of_p_norm(f, n, p)) + (double)SUM_GUARD));
}

/* Where dZ/df is the same for all: dot is D times that. */
static void backward_of_sum(real *g, real dot, real factor, idx n)
{
#pragma omp simd
    for (idx j = 0; j < n; j++)
        g[j] = (g[j] - dot) * factor;
}

static void sum_backward(real *g, const real *f, real factor, idx n, double p)
{
    (void)p;
    backward_of_sum(g, row_dot(f, g, n) * factor, factor, n);
}

static void abs_sum_backward(real *g, const real *f, real factor, idx n,
                             double p)
{
    (void)p;
    real dot = factor < 1 ? row_dot(f, g, n) * factor : 0;
    backward_of_sum(g, row_sum(f, n) < 0 ? -dot : dot, factor, n);
}

/* dZ/df_j = (f_j / N)^(p-1), N the norm without its guard. An entry of zero
 * has no slope: the map is flat there. */
static void p_norm_backward(real *g, const real *f, real factor, idx n,
                            double p)
{
    const double least = 1e-30; /* of a row of zeros, for its logarithm */
    double norm = 1 / (double)factor - (double)SUM_GUARD;
    real log_norm = (real)log(norm > least ? norm : least);
    real power = (real)p, dot = row_dot(f, g, n) * factor;
#pragma omp simd
    for (idx j = 0; j < n; j++) {
        real slope = vec_exp((power - 1) * (vec_log(f[j]) - log_norm));
        slope = f[j] <= 0 ? 0 : slope;
        g[j] = (g[j] - dot * slope) * factor;
    }
}

const struct normalizer_choice normalizers[] = {
    [NORMALIZER_OWN] = { .text = { .name = "own",
                                   .key = "[attention] normalizer = own",
                                   .formula = "the one that the weight map was "
                                              "published with",
                                   .parameters = "none",
                                   .source = "the weight map's",
                                   .sinks = "the weight map's" } },
    [NORMALIZER_NONE] = { .text = { .name = "none",
                                    .key = "[attention] normalizer = none",
                                    .formula = "a_j = f_j",
                                    .parameters = "none",
                                    .source = "arXiv 2410.10781",
                                    .sinks =
                                        "sink_1 (proxy) 0.44 % with sigmoid, "
                                        "0.80 % with elu1, 0.00 % "
                                        "with identity (arXiv 2410.10781)" } },
    [NORMALIZER_SUM] = { .text = { .name = "sum",
                                   .key = "[attention] normalizer = sum",
                                   .formula = "a_j = f_j / (sum_k f_k + 1e-8)",
                                   .parameters = "none",
                                   .source = "arXiv 2410.10781",
                                   .sinks = "sink_1 30.24 % with sigmoid; "
                                            "53.65 % (proxy) with identity "
                                            "on features = elu1; training "
                                            "fails with elu1 as weights "
                                            "(arXiv 2410.10781)" },
                         .factor = sum_factor,
                         .backward = sum_backward },
    [NORMALIZER_LENGTH] = { .text = { .name = "length",
                                      .key = "[attention] normalizer = length",
                                      .formula =
                                          "a_j = f_j / n, n visible keys; the "
                                          "extra column does not "
                                          "count",
                                      .parameters = "none",
                                      .source =
                                          "Wortsman et al., 2023 (there the "
                                          "context); causal form: Guo "
                                          "et al., 2024",
                                      .sinks =
                                          "none with relu on Bigram-Backcopy "
                                          "(Guo et al., 2024)" },
                            .factor = length_factor },
    [NORMALIZER_ABS_SUM] = { .text = { .name = "abs_sum",
                                       .key =
                                           "[attention] normalizer = abs_sum",
                                       .formula =
                                           "a_j = f_j / max(|sum_k f_k|, 1)",
                                       .parameters = "none",
                                       .source = "arXiv 2410.10781",
                                       .sinks = "with identity: sink_1 0.19 % "
                                                "(proxy) on features = mlp; "
                                                "training fails without "
                                                "features (arXiv 2410.10781)" },
                             .factor = abs_sum_factor,
                             .backward = abs_sum_backward },
    [NORMALIZER_P_NORM] = { .text = { .name = "p_norm",
                                      .key = "[attention] normalizer = p_norm",
                                      .formula = "a_j = f_j / ((sum_k "
                                                 "f_k^p)^(1/p) + 1e-8)",
                                      .parameters = "normalizer_p",
                                      .source = "arXiv 2410.10781",
                                      .sinks = "rates not reported; sigmoid "
                                               "with p = 1 .. 4 keeps massive "
                                               "activations; softmax: see "
                                               "there (arXiv 2410.10781)" },
                            .factor = p_norm_factor,
                            .backward = p_norm_backward },
    { .text = { .name = NULL } },
};

const struct op_text *const normalizer_more[] = {
    &(const struct op_text){
        .name = "scale",
        .key = "[attention] scale = 0.2",
        .formula = "scale a_j, behind the normaliser",
        .parameters = "scale",
        .source = "arXiv 2410.10781",
        .sinks = "softmax: sink_1 29.10, 18.18, 9.41, 3.59, 4.53 % with scale "
                 "2, 1, 0.2, 0.1, 0.05 (arXiv 2410.10781)" },
    NULL,
};

const char *normalizer_name(int i)
{
    return i >= 0 && i < COUNT_OF(normalizers) - 1 ? normalizers[i].text.name
                                                   : NULL;
}

real normalizer_factor(enum normalizer kind, const real *f, idx n, idx n_keys,
                       double p)
{
    BUG_ON(kind == NORMALIZER_OWN);
    return normalizers[kind].factor ? normalizers[kind].factor(f, n, n_keys, p)
                                    : 1;
}

void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, idx n, double p)
{
    BUG_ON(kind == NORMALIZER_OWN);
    if (normalizers[kind].backward)
        normalizers[kind].backward(g, f, factor, n, p);
    else
        row_scale(g, factor, n);
}
