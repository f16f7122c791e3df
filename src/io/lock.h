/* lock.h - one process at a time: an advisory lock on a file (flock).
 *
 * The system releases it when the process ends, however it ends, so a lock is
 * never stale. The file holds one line about the holder, for the message that
 * the next one gets; it stays when the lock is released.
 * A child of fork() shares the lock; a program started by exec() does not.
 */
#ifndef SINKLAB_LOCK_H
#define SINKLAB_LOCK_H

#include "base/base.h"
#include "base/err.h"

struct lock {
    bool is_held;
    int fd; /* while held */
};

/* lock_take - create the file at path if need be, and lock it, without
 * waiting for a holder.
 * OK; ERR_BUSY "what is in use by process N on HOST"; ERR_IO. A file system
 * that knows no locks counts as free. */
int lock_take(struct lock *l, const char *path, const char *what,
              struct err *e);

/* lock_is_refusal - is that what lock_take says of `what`? Of another process
 * the words are all that is left. */
bool lock_is_refusal(const char *said, const char *what);

/* lock_is_taken - does a process hold the lock on the file at path? Changes
 * nothing. It holds the lock itself for an instant, for which lock_take waits.
 * false where there is no such file. OK; ERR_IO: it cannot be opened. */
int lock_is_taken(bool *is_taken, const char *path, struct err *e);

/* lock_check - is what the file holds a holder's line, or nothing? OK, also
 * where there is no file; ERR_DATA: it is not; ERR_IO, ERR_MEMORY. */
int lock_check(const char *path, struct err *e);

/* A zeroed lock may be released. */
void lock_release(struct lock *l);

#endif
