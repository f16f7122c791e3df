#include "nn/attention/weights/normalizer.h"

#include <math.h>

#include "kern/rows.h"

static const real SUM_GUARD = (real)1e-8;

const struct op_text *const normalizer_texts[] = {
    [NORMALIZER_OWN] =
        &(const struct op_text){
            .name = "own",
            .key = "[attention] normalizer = own",
            .formula = "the one that the weight map was published with",
            .parameters = "none",
            .source = "the weight map's",
            .sinks = "the weight map's" },
    [NORMALIZER_NONE] =
        &(const struct op_text){
            .name = "none",
            .key = "[attention] normalizer = none",
            .formula = "a_j = f_j",
            .parameters = "none",
            .source = "arXiv 2410.10781",
            .sinks =
                "sink_1 (proxy) 0.44 % with sigmoid, 0.80 % with elu1, 0.00 % "
                "with identity (arXiv 2410.10781)" },
    [NORMALIZER_SUM] =
        &(const struct op_text){
            .name = "sum",
            .key = "[attention] normalizer = sum",
            .formula = "a_j = f_j / (sum_k f_k + 1e-8)",
            .parameters = "none",
            .source = "arXiv 2410.10781",
            .sinks =
                "sink_1 30.24 % with sigmoid; 53.65 % (proxy) with identity "
                "on features = elu1; training fails with elu1 as weights "
                "(arXiv 2410.10781)" },
    [NORMALIZER_LENGTH] =
        &(const struct op_text){
            .name = "length",
            .key = "[attention] normalizer = length",
            .formula =
                "a_j = f_j / n, n visible keys; the extra column does not "
                "count",
            .parameters = "none",
            .source =
                "Wortsman et al., 2023 (there the context); causal form: Guo "
                "et al., 2024",
            .sinks = "none with relu on Bigram-Backcopy (Guo et al., 2024)" },
    [NORMALIZER_ABS_SUM] =
        &(const struct op_text){
            .name = "abs_sum",
            .key = "[attention] normalizer = abs_sum",
            .formula = "a_j = f_j / max(|sum_k f_k|, 1)",
            .parameters = "none",
            .source = "arXiv 2410.10781",
            .sinks = "with identity: sink_1 0.19 % (proxy) on features = mlp; "
                     "training fails without features (arXiv 2410.10781)" },
    [NORMALIZER_P_NORM] =
        &(const struct op_text){
            .name = "p_norm",
            .key = "[attention] normalizer = p_norm",
            .formula = "a_j = f_j / ((sum_k f_k^p)^(1/p) + 1e-8)",
            .parameters = "normalizer_p",
            .source = "arXiv 2410.10781",
            .sinks =
                "rates not reported; sigmoid with p = 1 .. 4 keeps massive "
                "activations; softmax: see there (arXiv 2410.10781)" },
    NULL,
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
    return op_text_name(normalizer_texts, i);
}

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

real normalizer_factor(enum normalizer kind, const real *f, idx n, idx n_keys,
                       double p)
{
    if (kind == NORMALIZER_LENGTH)
        return 1 / (real)n_keys;
    if (kind == NORMALIZER_SUM)
        return 1 / (row_sum(f, n) + SUM_GUARD);
    if (kind == NORMALIZER_ABS_SUM) {
        real size = (real)fabs((double)row_sum(f, n));
        return size <= 1 ? 1 : 1 / size; /* so written, NaN stays */
    }
    if (kind == NORMALIZER_P_NORM)
        return (real)(1 / (exp(log_of_p_norm(f, n, p)) + (double)SUM_GUARD));
    BUG_ON(kind != NORMALIZER_NONE);
    return 1;
}

/* dZ/df_j = (f_j / N)^(p-1), N the norm without its guard. An entry of zero
 * has no slope: the map is flat there. */
static void p_norm_backward(real *g, const real *f, real factor, real dot,
                            idx n, double p)
{
    const double least = 1e-30; /* of a row of zeros, for its logarithm */
    double norm = 1 / (double)factor - (double)SUM_GUARD;
    real log_norm = (real)log(norm > least ? norm : least);
    real power = (real)p;
#pragma omp simd
    for (idx j = 0; j < n; j++) {
        real slope = vec_exp((power - 1) * (vec_log(f[j]) - log_norm));
        slope = f[j] <= 0 ? 0 : slope;
        g[j] = (g[j] - dot * slope) * factor;
    }
}

void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, idx n, double p)
{
    real dot = 0; /* D, times dZ/df if that is the same for all */
    if (kind == NORMALIZER_SUM || kind == NORMALIZER_P_NORM ||
        (kind == NORMALIZER_ABS_SUM && factor < 1))
        dot = row_dot(f, g, n) * factor;
    if (kind == NORMALIZER_P_NORM) {
        p_norm_backward(g, f, factor, dot, n, p);
        return;
    }
    if (kind == NORMALIZER_ABS_SUM && row_sum(f, n) < 0)
        dot = -dot;
#pragma omp simd
    for (idx j = 0; j < n; j++)
        g[j] = (g[j] - dot) * factor;
}
