/* tiny.h - small models for tests: options from a preset, and an opened model
 * with weights, gradients and one batch of random tokens.
 */
#ifndef SINKLAB_TINY_H
#define SINKLAB_TINY_H

#include "nn/model.h"

/* Options as `preset = NAME` in an INI file leaves them; F is the default. */
struct model_options tiny_options(const char *preset, idx L, idx C, idx H,
                                  idx T);

struct tiny {
    struct model m;
    struct acts x;
    struct arena arena, numbers;
    real *w, *dw; /* (table.total), dw zero */
};

/* tiny_open - a model of V tokens, and B random sequences. Weights start as
 * GPT-2's, times `gain` (the gains of norms stay 1). Room to train and to
 * observe. Fails the running test if it cannot. */
void tiny_open(struct tiny *t, const struct model_options *o,
               const struct attention_options *a, idx B, idx V, int threads,
               double gain);
void tiny_close(struct tiny *t);

#endif
