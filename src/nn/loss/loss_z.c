/* loss_z.c - keeps the sum of exp(logits) near 1; d lse^2 / dz_v = 2 lse p_v */
#include "nn/loss/loss_term.h"

#include "kern/vecmath.h"

static real of_logits(const struct loss_logits *row, real *dlogits, real share)
{
    real factor = 2 * share * row->log_sum;
    if (dlogits) {
#pragma omp simd
        for (idx v = 0; v < row->V; v++)
            dlogits[v] += factor * vec_exp(row->logits[v] - row->log_sum);
    }
    return row->log_sum * row->log_sum;
}

const struct loss_term loss_z = {
    .text = { .name = "z",
              .formula = "(log sum_v exp z_v)^2; 1e-4 is usual",
              .parameters = "none",
              .source = "Chowdhery et al., 2022 (PaLM, arXiv 2204.02311)",
              .sinks = "not reported" },
    .of_logits = of_logits,
};
