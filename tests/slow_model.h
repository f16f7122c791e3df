/* slow_model.h - a whole model by hand, in double, one sequence and one number
 * at a time, of the presets gpt2 and llama with norms in front and softmax, for
 * tests of what passes its points. Hooks may change that.
 */
#ifndef SINKLAB_SLOW_MODEL_H
#define SINKLAB_SLOW_MODEL_H

#include "tiny.h"

enum { SLOW_T = 32, SLOW_ROW = 64 };

struct slow_hooks {
    void *context;
    void (*stream)(void *context, idx depth, double (*x)[SLOW_ROW]);
    /* queries and keys as they are read, positions applied; to look at */
    void (*reads)(void *context, idx layer, idx head,
                  const double (*q)[SLOW_ROW], const double (*k)[SLOW_ROW]);
    void (*values)(void *context, idx layer, idx head, double (*v)[SLOW_ROW]);
    /* of each query and key; -infinity where the key is not seen */
    void (*scores)(void *context, idx layer, idx head, double (*s)[SLOW_T]);
    void (*weights)(void *context, idx layer, idx head, double (*a)[SLOW_T]);
    void (*head)(void *context, idx layer, idx head, double (*o)[SLOW_ROW]);
};

/* Mean nats of the batch's targets. */
double slow_loss(const struct tiny *t, const struct slow_hooks *hooks);

#endif
