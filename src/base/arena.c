#include "base/arena.h"

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
        return err_set(e, ERR_MEMORY, "cannot get %.1f MiB of memory",
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
    size_t start = a->used_bytes, padded, end;
    if (__builtin_add_overflow(bytes, ALIGN_BYTES - 1, &padded) ||
        __builtin_add_overflow(start, padded / ALIGN_BYTES * ALIGN_BYTES,
                               &end)) {
        BUG_ON(a->base);
        a->used_bytes = SIZE_MAX; /* more than arena_open can get */
        return NULL;
    }
    a->used_bytes = end;
    if (!a->base)
        return NULL;
    BUG_ON(a->used_bytes > a->cap_bytes);
    return a->base + start;
}

static void *array(struct arena *a, idx n, size_t size)
{
    size_t bytes;
    BUG_ON(n < 0);
    if (__builtin_mul_overflow((size_t)n, size, &bytes))
        bytes = SIZE_MAX;
    return arena_bytes(a, bytes);
}

real *arena_reals(struct arena *a, idx n)
{
    return array(a, n, sizeof(real));
}

double *arena_doubles(struct arena *a, idx n)
{
    return array(a, n, sizeof(double));
}

int32_t *arena_ints(struct arena *a, idx n)
{
    return array(a, n, sizeof(int32_t));
}
