/* unembed.h - how many rows of logits are alive at a time. */
#ifndef SINKLAB_UNEMBED_H
#define SINKLAB_UNEMBED_H

#include "base/base.h"

/* Unembedding works on the batch in chunks of this many rows, so that logits
 * never exist for the whole batch. A constant for fixed bits. */
idx unembed_chunk_rows(idx M);

#endif
