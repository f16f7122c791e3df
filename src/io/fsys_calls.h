/* fsys_calls.h - the system calls that change files, each able to fail at will.
 *
 * For the files of io/ that say what is done with them; the switch is for
 * tests. Returns and errno are the system's; open and fsync try again after
 * a signal (EINTR), the others leave that to the caller.
 */
#ifndef SINKLAB_FSYS_CALLS_H
#define SINKLAB_FSYS_CALLS_H

#include <sys/types.h>

#include "base/base.h"

/* fsys_fail_at - the n-th of these calls from now (1 = the next) fails with
 * errnum; a failing write leaves half of its bytes behind.
 * fsys_fail_from - so do all that follow it. n = 0 switches it off. */
void fsys_fail_at(long n, int errnum);
void fsys_fail_from(long n, int errnum);

int fsys_call_open(const char *path, int flags); /* O_CLOEXEC is added */
ssize_t fsys_call_write(int fd, const void *bytes, size_t n);
/* all of it, however many writes that takes; 0, or -1 */
int fsys_call_write_all(int fd, const void *bytes, size_t n);
int fsys_call_fsync(int fd);
int fsys_call_close(int fd); /* closed even if it reports an error */
int fsys_call_ftruncate(int fd, size_t length);
int fsys_call_rename(const char *from, const char *to);
int fsys_call_link(const char *from, const char *to);
int fsys_call_unlink(const char *path);
int fsys_call_mkdir(const char *path);
int fsys_call_rmdir(const char *path);

/* fsys_call_reserve - claim n bytes of disk now, so that a full one shows
 * before anything is written. 0 where the file system cannot do that. */
int fsys_call_reserve(int fd, size_t n);

#endif
