/* xent.h - cross-entropy of logits against target tokens. */
#ifndef SINKLAB_XENT_H
#define SINKLAB_XENT_H

#include "base/base.h"

/* xent_forward - loss of each row, in nats, whatever its weight.
 * logits (R,V) in; target (R) in, 0..V-1; weight (R) in, 0 for a row that does
 * not count: loss 0, gradient 0, logits unread; loss (R) out.
 * loss[r] = log(sum_v exp(logits[r,v])) - logits[r,target[r]]. */
void xent_forward(real *loss, const real *logits, const int32_t *target,
                  const real *weight, idx R, idx V);

/* xent_backward - the same, and the logits are replaced by their gradient
 * scale * weight * (softmax - onehot). */
void xent_backward(real *loss, real *logits, const int32_t *target,
                   const real *weight, idx R, idx V, real scale);

#endif
