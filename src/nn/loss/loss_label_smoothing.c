/* loss_label_smoothing.c - the cross-entropy of the uniform distribution, less
 * that of the target: with the factor e, targets are (1 - e) one token and
 * e / V each. */
#include "nn/loss/loss_term.h"

static real of_logits(const struct loss_logits *row, real *dlogits, real share)
{
    real sum = 0, each = share / (real)row->V;
#pragma omp simd reduction(+ : sum)
    for (idx v = 0; v < row->V; v++)
        sum += row->logits[v];
    if (dlogits) {
#pragma omp simd
        for (idx v = 0; v < row->V; v++)
            dlogits[v] -= each;
        dlogits[row->target] += share;
    }
    return row->logits[row->target] - sum / (real)row->V;
}

const struct loss_term loss_label_smoothing = {
    .text = { .name = "label_smoothing",
              .formula = "mean_v(-log p_v) - (-log p_target); with factor e, "
                         "(1 - e) CE(target) + e CE(uniform)",
              .parameters = "none",
              .source = "Szegedy et al., 2016 (arXiv 1512.00567)",
              .sinks = "not reported" },
    .of_logits = of_logits,
};
