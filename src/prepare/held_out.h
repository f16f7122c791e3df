/* held_out.h - which part of the documents is kept from training.
 *
 * Many documents: whole ones, spread over the corpus. Few (novels): the end of
 * each, so that none is missing from either part. A byte of text lies in one
 * part, never in both. Pure functions (docs/FORMATS.md says them for readers).
 */
#ifndef SINKLAB_HELD_OUT_H
#define SINKLAB_HELD_OUT_H

#include "base/base.h"

enum held_out_rule {
    HELD_OUT_AUTO, /* documents, from HELD_OUT_MANY of them on; else tails */
    HELD_OUT_TAILS,
    HELD_OUT_DOCUMENTS,
    HELD_OUT_NONE, /* a fraction of 0 */
};

enum { HELD_OUT_MANY = 100 };

struct held_out {
    enum held_out_rule rule; /* no longer AUTO */
    double fraction;         /* 0 <= fraction < 1 */
    uint64_t seed;
};

/* As the manifest calls it. */
const char *held_out_name(enum held_out_rule rule);

/* held_out_text - how many of the last bytes of document `number` (from 0, in
 * the order of the corpus), which has size bytes, are held out: all, none, or
 * with TAILS floor(fraction * size). */
size_t held_out_text(const struct held_out *h, idx number, size_t size);

#endif
