/* parts.h - what the time of a training step goes to (base/stopwatch.h). */
#ifndef SINKLAB_PARTS_H
#define SINKLAB_PARTS_H

#include "base/stopwatch.h"

enum part {
    PART_DATA,    /* making batches */
    PART_PACK,    /* weights, rounded or packed for products with them */
    PART_EMBED,   /* embedding, forward and backward */
    PART_NORM,    /* norms and residual copies */
    PART_QKV,     /* linear layers of attention, positions */
    PART_SCORES,  /* attention products */
    PART_ROWS,    /* row maps and what stands around them */
    PART_FFN,     /* feed-forward, its activation included */
    PART_GRADS,   /* weight gradients of the blocks */
    PART_UNEMBED, /* final norm, logits, loss, gradient of the unembedding */
    PART_OPTIM,   /* gradient norm, optimizer */
    PART_WAIT,    /* for the other threads */
    PART_SHARE,   /* adding up gradients of other processes */
    PARTS
};

/* "norms", "row maps", ...; NULL past the end. */
const char *part_name(int i);

#endif
