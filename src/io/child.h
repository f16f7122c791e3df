/* child.h - a piece of work in a process of its own, which may crash.
 *
 * The child is a copy of this process as fork() makes it, with one thread. It
 * has no files but null devices and the pipe that leads back, so it can neither
 * open nor change any; it ends with its parent. Not for concurrent use.
 */
#ifndef SINKLAB_CHILD_H
#define SINKLAB_CHILD_H

#include "base/base.h"

/* What a child may take; 0: as much as its parent. */
struct child_limits {
    size_t memory_bytes; /* of address space beside what the parent has */
    int cpu_ms;          /* of a processor's time */
    int wall_s;          /* until it is killed */
};

enum child_end {
    CHILD_OK,        /* it did its work, and *bytes is what it handed over */
    CHILD_FAILED,    /* it crashed, overran a limit, or said that it failed */
    CHILD_NO_START,  /* the same, before it had written a byte */
    CHILD_NO_MEMORY, /* too little memory, here or there */
    CHILD_NONE,      /* the system gives no process, or no pipe to it: errno
                        says why; nothing was done */
};

/* child_run - let work(out, context) run there, where it writes to out and says
 * whether all went well. At most cap_bytes are taken; the caller frees *bytes,
 * which is NULL unless CHILD_OK. */
enum child_end child_run(char **bytes, size_t *n, size_t cap_bytes,
                         bool (*work)(int out, void *context), void *context,
                         const struct child_limits *limits);

/* child_write - all n bytes, for work. */
bool child_write(int out, const void *bytes, size_t n);

#endif
