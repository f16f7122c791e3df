/* loss_options.h - the [loss] keys: what training adds to the cross-entropy,
 * and which targets count. */
#ifndef SINKLAB_LOSS_OPTIONS_H
#define SINKLAB_LOSS_OPTIONS_H

#include "base/key.h"

/* Room for rows of loss_terms (nn/loss/loss_term.h). */
enum { LOSS_TERMS_MAX = 16 };

enum l2_on { L2_ALL, L2_MATRICES };

struct loss_options {
    struct key_steps factor[LOSS_TERMS_MAX]; /* of each row */
    double activation_tau, activation_power;
    idx hidden_depth; /* behind which block; 0: mean over all */
    int l2_on;        /* enum l2_on */
    idx from, to;     /* targets from .. to - 1 of a sequence count; to 0: all
                     behind */
};

/* Of struct loss_options; nn/loss/loss_keys.c. */
extern const struct key loss_keys[];
extern const idx n_loss_keys;

#endif
