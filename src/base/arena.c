#include "base/arena.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGN_BYTES = 64 };

int arena_open(struct arena *a, size_t bytes, struct err *e)
{
    BUG_ON(a->base);
    size_t cap = bytes < 4096 ? 4096 : bytes;
    /* mmap: zeroed by the kernel page by page at first touch, and released to
     * the system at once */
    void *base = mmap(NULL, cap, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return err_set(e, ERR_MEMORY,
                       "cannot get %.1f MiB of memory: use a smaller model, "
                       "train.batch or model.context",
                       (double)cap / (1 << 20));
#ifdef MADV_HUGEPAGE
    madvise(base, cap, MADV_HUGEPAGE); /* fewer TLB misses; only a hint */
#endif
    *a = (struct arena){ .base = base, .cap_bytes = cap };
    return OK;
}

void arena_release(struct arena *a)
{
    if (a->base)
        munmap(a->base, a->cap_bytes);
    *a = (struct arena){ 0 };
}

void *arena_bytes(struct arena *a, size_t bytes)
{
    size_t start = a->used_bytes;
    size_t padded = (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
    BUG_ON(padded < bytes || start + padded < start);
    a->used_bytes = start + padded;
    if (!a->base)
        return NULL;
    BUG_ON(a->used_bytes > a->cap_bytes);
    return a->base + start;
}

real *arena_reals(struct arena *a, idx n)
{
    BUG_ON(n < 0);
    return arena_bytes(a, (size_t)n * sizeof(real));
}

double *arena_doubles(struct arena *a, idx n)
{
    BUG_ON(n < 0);
    return arena_bytes(a, (size_t)n * sizeof(double));
}

int32_t *arena_ints(struct arena *a, idx n)
{
    BUG_ON(n < 0);
    return arena_bytes(a, (size_t)n * sizeof(int32_t));
}
