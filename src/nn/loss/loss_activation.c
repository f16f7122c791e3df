/* loss_activation.c - a penalty on large activations that leaves small ones
 * alone: |x| / tau to a high power, of what every block hands on. */
#include "nn/loss/loss_term.h"

#include "kern/vecmath.h"
#include "nn/loss_options.h"

/* The source's guard beside tau. */
static const double GUARD = 1e-6;

static real of_hidden(const struct loss_hidden *row, real *dx, real share)
{
    real scale = (real)(1 / (row->options->activation_tau + GUARD));
    real p = (real)row->options->activation_power;
    real each = 1 / (real)(row->C * row->L), sum = 0;
#pragma omp simd reduction(+ : sum)
    for (idx c = 0; c < row->C; c++)
        sum += vec_power((row->x[c] < 0 ? -row->x[c] : row->x[c]) * scale, p);
    real factor = share * each * p * scale;
    if (dx) {
#pragma omp simd
        for (idx c = 0; c < row->C; c++) {
            bool is_below = row->x[c] < 0;
            real size = (is_below ? -row->x[c] : row->x[c]) * scale;
            real slope = factor * vec_power(size, p - 1);
            dx[c] += is_below ? -slope : slope;
        }
    }
    return sum * each;
}

const struct loss_term loss_activation = {
    .text = { .name = "activation",
              .formula = "(1/L) sum_l (1/C) sum_c (|x_lc| / (tau + 1e-6))^p of "
                         "the streams behind blocks 1 to L; 0.01 is usual",
              .parameters = "activation_tau, activation_power",
              .source = "TWEO (Liang et al., 2025, arXiv 2511.23225)",
              .sinks = "outliers above 10,000 fall below 20 (arXiv "
                       "2511.23225); sinks not reported" },
    .of_hidden = of_hidden,
};
