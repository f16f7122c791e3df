/* corpus_unigram.h - independent tokens, each as frequent as somebody counted:
 * of input.h, and no data.source. */
#ifndef SINKLAB_CORPUS_UNIGRAM_H
#define SINKLAB_CORPUS_UNIGRAM_H

#include "data/corpus.h"

extern const struct corpus_kind corpus_unigram;

/* corpus_unigram_open - in place of its kind's open, into a zeroed corpus:
 * counts (n), copied, sum to 1 at least. OK, ERR_MEMORY; close in any state. */
int corpus_unigram_open(struct corpus *c, const idx *counts, idx n,
                        struct err *e);

#endif
