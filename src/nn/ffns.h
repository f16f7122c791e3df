/* ffns.h - the values of [model] ffn: the non-linearity of the feed-forward,
 * who published it, what was reported. The formulas: kern/activation.h. */
#ifndef SINKLAB_FFNS_H
#define SINKLAB_FFNS_H

#include "kern/activation.h"
#include "base/op_text.h"
#include "nn/options.h"

struct ffn_choice {
    struct op_text text;
    const struct activation *kernel;
};

/* By enum ffn_kind; the last has no name. */
extern const struct ffn_choice ffns[];
const char *ffn_name(int i); /* NULL past the end */

#endif
