/* op_text.h - what a choice says about itself: one source for `sinklab list`
 * and docs/ATTENTION.md. It is the first member of every row that a config can
 * choose: weight maps, edits, stages, norms, ... */
#ifndef SINKLAB_OP_TEXT_H
#define SINKLAB_OP_TEXT_H

#include <stddef.h>

struct op_text {
    const char *name; /* one word, for lists and names of tensors */
    const char *key;  /* "[attention] gate = input": what switches it on; NULL:
                         its name as the value of its table's one key */
    const char *formula;
    const char *parameters; /* learned numbers, and keys it reads */
    const char *source;
    const char *sinks; /* what was reported about sinks, with its source */
};

/* Name of text i of a table that ends with NULL; NULL past the end: what a key
 * of these values is parsed with. */
static inline const char *op_text_name(const struct op_text *const *texts,
                                       int i)
{
    for (; i > 0 && *texts; i--)
        texts++;
    return i == 0 && *texts ? (*texts)->name : NULL;
}

#endif
