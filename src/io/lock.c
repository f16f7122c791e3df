#include "io/lock.h"
#include "base/text.h"
#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/sealed_line.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { HOLDER_MAX = 256 };
#define HOLDER_PREFIX "process "
#define IN_USE " is in use by "

/* lock_is_taken holds a lock for microseconds: who wants it tries again. */
enum { LOOKS_MAX = 3, OPENS_MAX = 10 };
static const struct timespec a_look = { .tv_nsec = 2000000 };

/* The first line of the file, "process N on HOST"; empty if the holder has not
 * written it yet. */
static void read_holder(char holder[HOLDER_MAX], int fd)
{
    ssize_t n = pread(fd, holder, HOLDER_MAX - 1, 0);
    holder[n > 0 ? n : 0] = '\0';
    holder[strcspn(holder, "\n")] = '\0';
    if (strncmp(holder, HOLDER_PREFIX, strlen(HOLDER_PREFIX)) == 0 &&
        strchr(holder, '\t') && !sealed_line_open(holder))
        *holder = '\0'; /* damaged */
}

static int busy(int fd, const char *what, struct err *e)
{
    char holder[HOLDER_MAX], shown[TEXT_SHOW_MAX];
    read_holder(holder, fd);
    return err_set(e, ERR_BUSY,
                   "%s" IN_USE "%s: wait until that ends, or stop it", what,
                   *holder ? text_show(shown, holder) : "another process");
}

/* A line that fails to be written costs the next process only the holder's
 * name, so nothing is said about that. A file that holds something else was
 * put here by someone else, and is left as it is. */
static void write_holder(int fd)
{
    char host[128] = "", line[HOLDER_MAX];
    read_holder(line, fd);
    if (*line && strncmp(line, HOLDER_PREFIX, strlen(HOLDER_PREFIX)) != 0)
        return;
    gethostname(host, sizeof host - 1);
    struct text t = { .at = line, .cap_bytes = sizeof line };
    text_add(&t, HOLDER_PREFIX "%ld on %s", (long)getpid(), host);
    sealed_line_end(&t, 0);
    if (fsys_call_ftruncate(fd, 0) == 0)
        (void)!fsys_call_write(fd, line, t.n);
}

/* Does the path still lead to this file? Its folder may have been removed, or
 * the file replaced, between our opening it and our lock. */
static int find_place(bool *is_in_place, int fd, const char *path,
                      struct err *e)
{
    struct stat ours, there;
    *is_in_place = false;
    if (fstat(fd, &ours))
        return err_system(e, path, "look at it");
    if (stat(path, &there))
        return errno == ENOENT ? OK : err_system(e, path, "look at it");
    *is_in_place = ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
    return OK;
}

/* Lock the open file, or close it. */
static int lock_file(int fd, const char *path, const char *what, struct err *e)
{
    int rc = OK, looks = LOOKS_MAX;
    while (flock(fd, LOCK_EX | LOCK_NB) && rc == OK) {
        if (errno == EWOULDBLOCK && looks-- > 0)
            nanosleep(&a_look, NULL);
        else if (errno == EWOULDBLOCK)
            rc = busy(fd, what, e);
        else if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS)
            break;
        else if (errno != EINTR)
            rc = err_system(e, path, "lock it");
    }
    if (rc != OK)
        close(fd);
    return rc;
}

int lock_take(struct lock *l, const char *path, const char *what, struct err *e)
{
    BUG_ON(l->is_held);
    for (int opens = OPENS_MAX; opens > 0; opens--) {
        int fd = fsys_call_open(path, O_RDWR | O_CREAT);
        if (fd < 0)
            return err_system(e, path, "lock it");
        int rc = lock_file(fd, path, what, e);
        if (rc != OK)
            return rc;
        bool is_in_place;
        rc = find_place(&is_in_place, fd, path, e);
        if (is_in_place) {
            write_holder(fd);
            *l = (struct lock){ .is_held = true, .fd = fd };
            return OK;
        }
        close(fd);
        if (rc != OK)
            return rc;
    }
    return err_set(e, ERR_IO,
                   "%s: cannot lock it: another program removes it again and "
                   "again",
                   path);
}

bool lock_is_refusal(const char *said, const char *what)
{
    size_t n = strlen(what);
    return strncmp(said, what, n) == 0 &&
           strncmp(said + n, IN_USE, strlen(IN_USE)) == 0;
}

int lock_is_taken(bool *is_taken, const char *path, struct err *e)
{
    /* O_NONBLOCK: do not wait for the other end of a pipe */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    *is_taken = false;
    if (fd < 0)
        return errno == ENOENT ? OK : err_system(e, path, "open");
    *is_taken = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
    close(fd);
    return OK;
}

int lock_check(const char *path, struct err *e)
{
    char *text;
    size_t n;
    bool is_there = false;
    int rc = fsys_exists(&is_there, path, e);
    if (rc != OK || !is_there)
        return rc;
    rc = fsys_read_file(&text, &n, path, 2 * HOLDER_MAX, e);
    if (rc != OK)
        return rc;
    bool is_line = n > 0 && text[n - 1] == '\n' && !memchr(text, '\0', n);
    if (is_line)
        text[n - 1] = '\0';
    if (n > 0 && !(is_line && sealed_line_open(text)))
        rc = err_set(e, ERR_DATA,
                     "%s: is not what was written; remove it: nothing is lost",
                     path);
    free(text);
    return rc;
}

void lock_release(struct lock *l)
{
    if (l->is_held)
        close(l->fd);
    *l = (struct lock){ 0 };
}
