/* loss_first_mass.c - what queries give to the first token: with it, a model is
 * asked to do without the sink there. */
#include "nn/loss/loss_term.h"

static real of_weights(const struct loss_weights *row, real *dweights,
                       real share)
{
    if (row->first < 0)
        return 0;
    if (dweights)
        dweights[row->first] += share;
    return row->a[row->first];
}

const struct loss_term loss_first_mass = {
    .text = { .name = "first_mass",
              .formula = "a_t0, the weight on the first token of the sequence; "
                         "mean over heads and layers",
              .parameters = "none",
              .source = "an intervention: does the model lose anything?",
              .sinks = "not reported" },
    .of_weights = of_weights,
};
