/* norms.h - the values of [model] norm and norm_place: what each does, who
 * published it, what was reported. The formulas themselves: kern/norm.h. */
#ifndef SINKLAB_NORMS_H
#define SINKLAB_NORMS_H

#include "kern/norm.h"
#include "base/op_text.h"
#include "nn/options.h"

struct norm_choice {
    struct op_text text;
    const struct norm *kernel;
};

/* By enum norm_kind; the last has no name. */
extern const struct norm_choice norms[];
const char *norm_name(int i); /* NULL past the end */

/* Where norms stand in y = x + f(x), f attention or feed-forward. */
struct norm_place_choice {
    struct op_text text;
    bool is_before;     /* x + f(norm(x)) */
    bool is_behind;     /* x + norm(f(..)) */
    bool is_behind_sum; /* norm(x + f(x)) */
    bool is_final;      /* a last norm behind all blocks */
};

/* By enum norm_place; the last has no name. */
extern const struct norm_place_choice norm_places[];
const char *norm_place_name(int i); /* NULL past the end */

#endif
