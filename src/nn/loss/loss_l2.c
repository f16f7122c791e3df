/* loss_l2.c - decay by the loss: its gradient w goes through clipping and, with
 * Adam, through both moments, as that of [optim] weight_decay does not. */
#include "nn/loss/loss_term.h"

#include "nn/loss_options.h"

static double of_params(const struct loss_params *part, real *dw, real share)
{
    double sum = 0;
    if (part->options->l2_on == L2_MATRICES && !param_is_matrix(part->param))
        return 0;
    for (idx i = 0; i < part->n; i++)
        sum += (double)part->w[i] * (double)part->w[i];
    if (dw) {
#pragma omp simd
        for (idx i = 0; i < part->n; i++)
            dw[i] += share * part->w[i];
    }
    return sum / 2;
}

const struct loss_term loss_l2 = {
    .text = { .name = "l2",
              .formula = "(1/2) sum w^2 over all that is learned, frozen or "
                         "not, or over matrices",
              .parameters = "l2_on",
              .source = "Hanson & Pratt, 1988; beside decoupled decay: "
                        "Loshchilov & Hutter, 2019 (arXiv 1711.05101)",
              .sinks = "not reported apart from weight_decay" },
    .of_params = of_params,
};
