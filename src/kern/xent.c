#include "kern/xent.h"

#include <string.h>

#include "kern/rows.h"

void xent_forward(real *loss, const real *logits, const int32_t *target,
                  const real *weight, idx R, idx V)
{
    for (idx r = 0; r < R; r++, logits += V) {
        if (weight[r] == 0) {
            loss[r] = 0;
            continue;
        }
        real max = row_max(logits, V), sum = 0;
#pragma omp simd reduction(+ : sum)
        for (idx v = 0; v < V; v++)
            sum += vec_exp(logits[v] - max);
        loss[r] = (real)log(sum) + (max - logits[target[r]]);
    }
}

void xent_backward(real *loss, real *logits, const int32_t *target,
                   const real *weight, idx R, idx V, real scale)
{
    for (idx r = 0; r < R; r++, logits += V) {
        if (weight[r] == 0) {
            loss[r] = 0;
            memset(logits, 0, (size_t)V * sizeof *logits);
            continue;
        }
        real max = row_max(logits, V), sum = 0;
        real at_target = logits[target[r]];
#pragma omp simd reduction(+ : sum)
        for (idx v = 0; v < V; v++) {
            logits[v] = vec_exp(logits[v] - max);
            sum += logits[v];
        }
        loss[r] = (real)log(sum) + (max - at_target);
        real share = scale * weight[r], factor = share / sum;
#pragma omp simd
        for (idx v = 0; v < V; v++)
            logits[v] *= factor;
        logits[target[r]] -= share;
    }
}
