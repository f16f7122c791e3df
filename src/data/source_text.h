/* source_text.h - what a text keeps. */
#ifndef SINKLAB_SOURCE_TEXT_H
#define SINKLAB_SOURCE_TEXT_H

#include "base/base.h"

struct source_text {
    const uint16_t *stream; /* all tokens, training part first */
    idx n_train, n_val;     /* tokens of the two parts */
};

#endif
