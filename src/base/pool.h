/* pool.h - many small things with one lifetime: strings, parsed lines.
 *
 * Grows piece by piece and is freed at once; no numbers of a model live here
 * (base/arena.h). A zeroed pool is empty, and may be released. Not for
 * concurrent use. When memory runs out, NULL comes back and stays: ask
 * pool_check once where that is easier than after every call.
 */
#ifndef SINKLAB_POOL_H
#define SINKLAB_POOL_H

#include "base/base.h"
#include "base/err.h"

struct pool_piece;

struct pool {
    struct pool_piece *last;
    bool is_out_of_memory;
};

/* pool_begin - empty it, with n bytes of the caller's, aligned for anything, to
 * begin with: as long as they last nothing can run out. They are the caller's
 * again after pool_release. */
void pool_begin(struct pool *p, void *bytes, size_t n);

/* n zeroed bytes, aligned for anything; or NULL. */
void *pool_bytes(struct pool *p, size_t n);

/* A copy of the first n bytes of text (all, if n is larger), or NULL. */
char *pool_text(struct pool *p, const char *text, size_t n);

/* What printf would write, or NULL. */
char *pool_print(struct pool *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

int pool_check(const struct pool *p, struct err *e); /* OK or ERR_MEMORY */
void pool_release(struct pool *p);

#endif
