/* source_bigram.h - what bigram-backcopy keeps. */
#ifndef SINKLAB_SOURCE_BIGRAM_H
#define SINKLAB_SOURCE_BIGRAM_H

#include "base/base.h"

struct source_bigram {
    idx n_triggers;    /* the last of the plain tokens */
    const double *cdf; /* (n_plain,n_plain), by row */
};

#endif
