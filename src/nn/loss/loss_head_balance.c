/* loss_head_balance.c - heads that leave all to the sink drop out of a layer's
 * work, as experts that no token is sent to; this is the loss that mixtures of
 * experts balance theirs with, on what a head gives to other than the sink. */
#include "nn/loss/loss_term.h"

/* What goes neither to the first token nor to what is none. */
static real of_weights(const struct loss_weights *row, real *dweights,
                       real share)
{
    real sum = 0;
    for (idx j = row->tokens; j < row->n; j++) {
        bool counts = j != row->first;
        sum += counts ? row->a[j] : 0;
        if (dweights && counts)
            dweights[j] += share;
    }
    return sum;
}

/* H sum m^2 / (sum m)^2 - 1, the square of standard deviation over mean. */
static double of_heads(double *dmean, const double *means, idx H, idx h)
{
    double sum = 0, squares = 0;
    for (idx i = 0; i < H; i++) {
        sum += means[i];
        squares += means[i] * means[i];
    }
    if (dmean)
        *dmean = 0;
    if (H == 1 || !(sum > 0)) /* nothing to balance */
        return 0;
    double factor = (double)H / (sum * sum);
    if (dmean)
        *dmean = 2 * factor * (means[h] - squares / sum);
    return factor * squares - 1;
}

const struct loss_term loss_head_balance = {
    .text = { .name = "head_balance",
              .formula = "H sum_h m_h^2 / (sum_h m_h)^2 - 1, m_h the mean over "
                         "a sequence's rows of what head h gives to tokens "
                         "other than the first; mean over sequences and "
                         "layers",
              .parameters = "none",
              .source = "after arXiv 2602.01203, which balances heads' "
                        "non-sink mass",
              .sinks = "not reported in numbers" },
    .of_weights = of_weights,
    .of_heads = of_heads,
};
