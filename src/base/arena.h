/* arena.h - memory with a lifetime: measure, then place, then never again.
 *
 * A plan function asks for every buffer in order. It runs twice: on a measuring
 * arena (nothing is allocated, NULL comes back, sizes add up) and on the arena
 * that arena_open then maps in one piece. So what it asks for must not depend
 * on what it placed.
 * Every buffer starts on a 64-byte boundary and is zero at first.
 * Not for concurrent use. What a model computes with lies in arenas alone.
 */
#ifndef SINKLAB_ARENA_H
#define SINKLAB_ARENA_H

#include "base/base.h"
#include "base/err.h"

struct arena {
    char *base;        /* NULL while measuring */
    size_t cap_bytes;  /* 0 while measuring */
    size_t used_bytes; /* so far; after a measuring pass, the size to open */
};

/* arena_open - allocate the bytes a measuring pass found. OK, or ERR_MEMORY
 * without a remedy: the caller knows what it asks for. A zeroed struct arena
 * measures. arena_release may follow in any state. */
int arena_open(struct arena *a, size_t bytes, struct err *e);
void arena_release(struct arena *a);

void *arena_bytes(struct arena *a, size_t bytes);
real *arena_reals(struct arena *a, idx n);
double *arena_doubles(struct arena *a, idx n);
int32_t *arena_ints(struct arena *a, idx n);

#endif
