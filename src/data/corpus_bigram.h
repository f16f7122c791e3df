/* corpus_bigram.h - what bigram-backcopy keeps. */
#ifndef SINKLAB_CORPUS_BIGRAM_H
#define SINKLAB_CORPUS_BIGRAM_H

#include "base/base.h"

struct bigram {
    idx n_triggers;    /* the last of the tokens */
    const double *cdf; /* (n_plain,n_plain), by row */
    /* (n_plain - n_triggers) of the first token; NULL: uniform */
    const double *first;
};

#endif
