/* projection.h - numbers that a weight map, a score edit or a stage asks for
 * beside queries, keys and values: a linear projection of the block's normed
 * input, a row of them for each token, as gates are.
 *
 * Whoever wants one declares it in its own file; the model declares its
 * tensors, which start as all linear layers do, makes the rows before the heads
 * run and sums up the gradients. They stand in this order, which is that of
 * checkpoints: the weight map's, the edits', those of stages before the heads
 * and behind them, each in their table's order; a higher rank stands behind all
 * lower ones. */
#ifndef SINKLAB_PROJECTION_H
#define SINKLAB_PROJECTION_H

#include "base/base.h"

struct projection {
    const char *name; /* tensors attention.NAME.weight, .bias; NULL: none */
    idx width;        /* numbers a token; 0: one a query head, (H) */
    bool has_bias;
    int rank;
};

#endif
