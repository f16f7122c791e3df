#include "io/fsys_calls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/moment.h"

/* One write() carries less than 2 GiB on every system; smaller pieces let a
 * signal through in time. */
enum { WRITE_MAX_BYTES = 1 << 26 };

/* A mutable static. Tests must reach each changing call of the program as it
 * is; a switch handed down through every signature from train to write() would
 * put test plumbing into all contracts between. Only tests set it: in the
 * program it stays zero. */
static struct {
    long left; /* changing calls until the failing one; 0 = off */
    int errnum;
    bool is_persistent;
} fault;

void fsys_fail_at(long n, int errnum)
{
    fault.left = n;
    fault.errnum = errnum;
    fault.is_persistent = false;
}

void fsys_fail_from(long n, int errnum)
{
    fsys_fail_at(n, errnum);
    fault.is_persistent = true;
}

/* Is this the call that has to fail? Sets errno if so. */
static bool is_faulty(void)
{
    moment_next("call");
    if (fault.left == 0)
        return false;
    if (fault.left > 1) {
        fault.left--;
        return false;
    }
    if (!fault.is_persistent)
        fault.left = 0;
    errno = fault.errnum;
    return true;
}

int fsys_call_open(const char *path, int flags)
{
    int fd;
    do {
        fd = is_faulty() ? -1 : open(path, flags | O_CLOEXEC, 0666);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

ssize_t fsys_call_write(int fd, const void *bytes, size_t n)
{
    if (!is_faulty())
        return write(fd, bytes, n);
    int errnum = errno;
    if (errnum != EINTR && write(fd, bytes, n / 2) < 0)
        errnum = errno;
    errno = errnum;
    return -1;
}

int fsys_call_write_all(int fd, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        size_t piece = n < WRITE_MAX_BYTES ? n : WRITE_MAX_BYTES;
        ssize_t done = fsys_call_write(fd, at, piece);
        if (done < 0 && errno == EINTR)
            continue;
        if (done < 0)
            return -1;
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

int fsys_call_fsync(int fd)
{
    int rc;
    do {
        rc = is_faulty() ? -1 : fsync(fd);
    } while (rc && errno == EINTR);
    return rc;
}

int fsys_call_close(int fd)
{
    int rc = close(fd); /* in any case, or the descriptor leaks */
    if (is_faulty())
        rc = -1;
    return rc && errno != EINTR ? -1 : 0; /* after EINTR it is closed */
}

int fsys_call_ftruncate(int fd, size_t length)
{
    return is_faulty() ? -1 : ftruncate(fd, (off_t)length);
}

int fsys_call_rename(const char *from, const char *to)
{
    return is_faulty() ? -1 : rename(from, to);
}

int fsys_call_link(const char *from, const char *to)
{
    return is_faulty() ? -1 : link(from, to);
}

int fsys_call_unlink(const char *path)
{
    return is_faulty() ? -1 : unlink(path);
}

int fsys_call_mkdir(const char *path)
{
    return is_faulty() ? -1 : mkdir(path, 0777);
}

int fsys_call_rmdir(const char *path)
{
    return is_faulty() ? -1 : rmdir(path);
}

int fsys_call_reserve(int fd, size_t n)
{
#ifdef __linux__
    int rc = n == 0 ? 0 : is_faulty() ? -1 : fallocate(fd, 0, 0, (off_t)n);
    if (rc && errno != EOPNOTSUPP && errno != ENOSYS && errno != EINVAL &&
        errno != EINTR)
        return -1;
#else
    (void)fd, (void)n;
#endif
    return 0;
}
