#include "io/fsys.h"
#include "io/fsys_calls.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX ".tmp-"

/* dir (FSYS_PATH_MAX) becomes the folder that path lies in; *base its last
 * part. */
static int split_path(char *dir, const char **base, const char *path,
                      struct err *e)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    *base = slash ? slash + 1 : path;
    if (strlen(path) >= FSYS_PATH_MAX) {
        errno = ENAMETOOLONG;
        return err_system(e, path, "use this path");
    }
    if (slash == path)
        n = 1;
    memcpy(dir, n ? path : ".", n ? n : 1);
    dir[n ? n : 1] = '\0';
    return OK;
}

static int sync_folder(const char *dir, struct err *e)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_system(e, dir, "open this folder");
    int rc = OK;
    /* EINVAL: a file system that knows no fsync of folders */
    if (fsys_call_fsync(fd) && errno != EINVAL)
        rc = err_system(e, dir, "sync this folder");
    close(fd);
    return rc;
}

/* Open a new file for the temporary name. One that is there already is left
 * from a dead process that had our process id: see fsys_remove_stale. */
static int open_temp(const char *temp)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW;
    int fd = fsys_call_open(temp, flags);
    if (fd < 0 && errno == EEXIST && fsys_call_unlink(temp) == 0)
        fd = fsys_call_open(temp, flags);
    return fd;
}

int fsys_stream_open(struct fsys_stream *s, const char *path, struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *base;
    *s = (struct fsys_stream){ .fd = -1 };
    int rc = split_path(dir, &base, path, e);
    if (rc != OK)
        return rc;
    snprintf(s->path, sizeof s->path, "%s", path);
    snprintf(s->temporary, sizeof s->temporary, "%.*s" TEMP_PREFIX "%ld-%s",
             (int)(base - path), path, (long)getpid(), base);
    s->fd = open_temp(s->temporary);
    if (s->fd < 0)
        return err_system(e, path, "create a file beside it");
    s->is_open = s->is_temporary = true;
    return OK;
}

int fsys_stream_write(struct fsys_stream *s, const void *bytes, size_t n,
                      struct err *e)
{
    BUG_ON(!s->is_open);
    if (fsys_call_write_all(s->fd, bytes, n))
        return err_system(e, s->path, "write");
    s->n += n;
    return OK;
}

int fsys_stream_finish(struct fsys_stream *s, struct err *e)
{
    struct stat st;
    int rc = OK;
    BUG_ON(!s->is_open);
    if (fsys_call_fsync(s->fd))
        rc = err_system(e, s->path, "sync");
    if (rc == OK && fstat(s->fd, &st))
        rc = err_system(e, s->path, "look at it");
    if (rc == OK && (size_t)st.st_size != s->n) {
        errno = EIO;
        rc = err_system(e, s->path, "write all of it");
    }
    s->is_open = false;
    if (fsys_call_close(s->fd) && rc == OK)
        rc = err_system(e, s->path, "close");
    return rc;
}

int fsys_stream_place(struct fsys_stream *s, struct err *e)
{
    BUG_ON(s->is_open || !s->is_temporary);
    if (fsys_call_rename(s->temporary, s->path))
        return err_system(e, s->path, "put the new file in place");
    s->is_temporary = false;
    return OK;
}

void fsys_stream_drop(struct fsys_stream *s)
{
    if (s->is_open)
        fsys_call_close(s->fd);
    if (s->is_temporary)
        fsys_call_unlink(s->temporary);
    *s = (struct fsys_stream){ 0 };
}

int fsys_stream_settle(struct fsys_stream *s, struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *base;
    int rc = fsys_stream_finish(s, e);
    if (rc == OK)
        rc = fsys_stream_place(s, e);
    if (rc == OK)
        rc = split_path(dir, &base, s->path, e);
    return rc == OK ? sync_folder(dir, e) : rc;
}

int fsys_replace_parts(const char *path, const struct fsys_part *parts,
                       idx n_parts, struct err *e)
{
    struct fsys_stream s;
    size_t total = 0;
    int rc = fsys_stream_open(&s, path, e);
    for (idx i = 0; i < n_parts; i++)
        total += parts[i].n;
    if (rc == OK && fsys_call_reserve(s.fd, total))
        rc = err_system(e, path, "write");
    for (idx i = 0; i < n_parts && rc == OK; i++)
        rc = fsys_stream_write(&s, parts[i].bytes, parts[i].n, e);
    if (rc == OK)
        rc = fsys_stream_settle(&s, e);
    fsys_stream_drop(&s);
    return rc;
}

int fsys_replace(const char *path, const void *bytes, size_t n, struct err *e)
{
    struct fsys_part part = { bytes, n };
    return fsys_replace_parts(path, &part, 1, e);
}

static int copy_all(struct fsys_stream *s, int fd, const char *from,
                    struct err *e)
{
    char piece[1 << 16];
    for (;;) {
        ssize_t n = read(fd, piece, sizeof piece);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_system(e, from, "read");
        if (n == 0)
            return OK;
        if (fsys_stream_write(s, piece, (size_t)n, e))
            return e->code;
    }
}

int fsys_copy(const char *path, const char *from, struct err *e)
{
    struct fsys_stream s = { 0 };
    struct stat st;
    int rc = OK, fd = open(from, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_system(e, from, "open");
    if (fstat(fd, &st))
        rc = err_system(e, from, "look at it");
    else if (!S_ISREG(st.st_mode))
        rc = err_set(e, ERR_IO, "%s: is no file; move it away", from);
    if (rc == OK)
        rc = fsys_stream_open(&s, path, e);
    if (rc == OK)
        rc = copy_all(&s, fd, from, e);
    if (rc == OK)
        rc = fsys_stream_settle(&s, e);
    fsys_stream_drop(&s);
    close(fd);
    return rc;
}

int fsys_share(const char *path, const char *from, struct err *e)
{
    struct stat st; /* a symbolic link would point elsewhere from there */
    bool is_plain = lstat(from, &st) == 0 && S_ISREG(st.st_mode);
    return is_plain && fsys_call_link(from, path) == 0
               ? OK
               : fsys_copy(path, from, e);
}

static int say_changed(const char *path, const char *how, struct err *e)
{
    return err_set(e, ERR_DATA,
                   "%s: was %s by another program while this one writes to it: "
                   "put it back as it was, then give the command again",
                   path, how);
}

int fsys_append(const char *path, idx has_bytes, const void *bytes, size_t n,
                struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *base;
    struct stat st;
    int or_new = has_bytes < 0 ? O_CREAT : 0;
    int rc = split_path(dir, &base, path, e);
    if (rc != OK)
        return rc;
    int fd = fsys_call_open(path, O_WRONLY | O_APPEND | or_new);
    if (fd < 0 && !or_new && errno == ENOENT)
        return say_changed(path, "removed", e);
    if (fd < 0)
        return err_system(e, path, "open");
    if (fstat(fd, &st))
        rc = err_system(e, path, "open");
    else if (has_bytes >= 0 && st.st_size != (off_t)has_bytes)
        rc = say_changed(path, "changed", e);
    else if (fsys_call_write_all(fd, bytes, n)) {
        rc = err_system(e, path, "write");
        (void)!fsys_call_ftruncate(
            fd, (size_t)st.st_size); /* or a torn row stays */
    }
    if (fsys_call_close(fd) && rc == OK)
        rc = err_system(e, path, "close");
    if (rc == OK && st.st_size == 0) /* perhaps new: its name must last, too */
        rc = sync_folder(dir, e);
    return rc;
}

int fsys_sync(const char *path, struct err *e)
{
    int rc = OK, fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_system(e, path, "open");
    if (fsys_call_fsync(fd))
        rc = err_system(e, path, "sync");
    close(fd);
    return rc;
}

int fsys_truncate(const char *path, size_t length, struct err *e)
{
    int rc = OK, fd = fsys_call_open(path, O_WRONLY);
    struct stat st;
    if (fd < 0)
        return err_system(e, path, "open");
    if (fstat(fd, &st))
        rc = err_system(e, path, "open");
    else if ((size_t)st.st_size < length)
        rc = err_set(e, ERR_IO,
                     "%s: %lld bytes, want at least %zu; it was shortened by "
                     "another program",
                     path, (long long)st.st_size, length);
    else if (fsys_call_ftruncate(fd, length) || fsys_call_fsync(fd))
        rc = err_system(e, path, "shorten");
    if (fsys_call_close(fd) && rc == OK)
        rc = err_system(e, path, "close");
    return rc;
}

static bool is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int make_folder(const char *path, struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *base;
    if (is_folder(path))
        return OK;
    if (fsys_call_mkdir(path) && !(errno == EEXIST && is_folder(path)))
        return err_system(e, path, "create this folder");
    int rc = split_path(dir, &base, path, e);
    return rc == OK ? sync_folder(dir, e) : rc;
}

int fsys_mkdirs(const char *path, struct err *e)
{
    char part[FSYS_PATH_MAX];
    const char *base;
    int rc = split_path(part, &base, path, e); /* is it short enough? */
    if (rc != OK)
        return rc;
    for (size_t i = 1; rc == OK && path[i - 1]; i++) {
        bool is_end = path[i] == '/' || path[i] == '\0';
        if (!is_end || path[i - 1] == '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        rc = make_folder(part, e);
    }
    return rc;
}

int fsys_remove(const char *path, struct err *e)
{
    if (fsys_call_unlink(path) && errno != ENOENT)
        return err_system(e, path, "remove");
    return OK;
}

int fsys_remove_folder(const char *path, struct err *e)
{
    if (fsys_call_rmdir(path) && errno != ENOENT && errno != ENOTEMPTY &&
        errno != EEXIST) /* by which some systems mean that it is not empty */
        return err_system(e, path, "remove this folder");
    return OK;
}

/* The process id in a temporary file's name, or 0 for any other name. */
static long temp_owner(const char *name)
{
    char *end;
    if (strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) != 0)
        return 0;
    long pid = strtol(name + strlen(TEMP_PREFIX), &end, 10);
    return *end == '-' && pid > 0 && pid <= INT32_MAX ? pid : 0;
}

bool fsys_is_temporary(const char *name)
{
    return temp_owner(name) != 0;
}

/* Has it ended, and only its parent not asked how? In containers nobody may
 * ever ask. false where the system does not say. */
static bool is_zombie(long pid)
{
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *name_end = strrchr(text, ')'); /* "ID (NAME) STATE ..." */
    return name_end && strncmp(name_end, ") Z", 3) == 0;
}

static bool is_alive(long pid)
{
    return (kill((pid_t)pid, 0) == 0 || errno == EPERM) && !is_zombie(pid);
}

/* base: of the file that they were to become; NULL: any. */
static int remove_stale(const char *dir, const char *base, struct err *e)
{
    int rc = OK;
    DIR *folder = opendir(dir);
    if (!folder)
        return errno == ENOENT ? OK : err_system(e, dir, "open this folder");
    struct dirent *d;
    while (rc == OK && (rc = fsys_next(&d, folder, dir, e)) == OK && d) {
        char path[FSYS_PATH_MAX + 256];
        long pid = temp_owner(d->d_name);
        if (pid == 0 || (pid != getpid() && is_alive(pid)))
            continue;
        if (base &&
            strcmp(strchr(d->d_name + strlen(TEMP_PREFIX), '-') + 1, base) != 0)
            continue;
        struct stat st; /* a folder is none of ours: it stays */
        snprintf(path, sizeof path, "%s/%s", dir, d->d_name);
        if (lstat(path, &st) || !S_ISDIR(st.st_mode))
            rc = fsys_remove(path, e);
    }
    closedir(folder);
    return rc;
}

int fsys_remove_stale(const char *dir, struct err *e)
{
    return remove_stale(dir, NULL, e);
}

int fsys_remove_stale_of(const char *path, struct err *e)
{
    char dir[FSYS_PATH_MAX];
    const char *base;
    int rc = split_path(dir, &base, path, e);
    return rc ? rc : remove_stale(dir, base, e);
}

/* *is_there, and *st if so. */
static int look(bool *is_there, struct stat *st, const char *path,
                struct err *e)
{
    *is_there = stat(path, st) == 0;
    bool may_be = errno != ENOENT && errno != ENOTDIR &&
                  errno != ENAMETOOLONG; /* no file has such a name */
    return *is_there || !may_be ? OK : err_system(e, path, "look at it");
}

int fsys_exists(bool *is_there, const char *path, struct err *e)
{
    struct stat st;
    return look(is_there, &st, path, e);
}

int fsys_is_folder(bool *is_folder, const char *path, struct err *e)
{
    struct stat st;
    bool is_there;
    int rc = look(&is_there, &st, path, e);
    *is_folder = is_there && S_ISDIR(st.st_mode);
    return rc;
}

int fsys_next(struct dirent **entry, DIR *folder, const char *path,
              struct err *e)
{
    errno = 0; /* NULL with it is the end, with another an error */
    *entry = readdir(folder);
    return *entry || errno == 0 ? OK : err_system(e, path, "read this folder");
}

static int read_all(char **bytes, size_t *n, int fd, const char *path,
                    size_t size, struct err *e)
{
    char *text = malloc(size + 1);
    size_t got = 0;
    if (!text)
        return err_memory(e, path);
    while (got < size) {
        ssize_t more = read(fd, text + got, size - got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0) {
            free(text);
            return err_system(e, path, "read");
        }
        if (more == 0)
            break;
        got += (size_t)more;
    }
    text[got] = '\0';
    *bytes = text;
    *n = got;
    return OK;
}

/* foreign: the code of what is no file, or too large. */
static int read_file(char **bytes, size_t *n, const char *path,
                     size_t cap_bytes, int foreign, struct err *e)
{
    struct stat st;
    int rc;
    /* O_NONBLOCK: do not wait for the other end of a pipe */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return err_system(e, path, "open");
    if (fstat(fd, &st))
        rc = err_system(e, path, "open");
    else if (!S_ISREG(st.st_mode))
        rc = err_set(e, foreign, "%s: got a %s, want a file", path,
                     S_ISDIR(st.st_mode) ? "folder" : "device or pipe");
    else if ((uintmax_t)st.st_size > cap_bytes)
        rc = err_set(e, foreign, "%s: %lld bytes, want at most %zu", path,
                     (long long)st.st_size, cap_bytes);
    else
        rc = read_all(bytes, n, fd, path, (size_t)st.st_size, e);
    close(fd);
    return rc;
}

int fsys_read_file(char **bytes, size_t *n, const char *path, size_t cap_bytes,
                   struct err *e)
{
    return read_file(bytes, n, path, cap_bytes, ERR_IO, e);
}

int fsys_read_foreign(char **bytes, size_t *n, const char *path,
                      size_t cap_bytes, struct err *e)
{
    return read_file(bytes, n, path, cap_bytes, ERR_DATA, e);
}

bool fsys_read_at(int fd, void *bytes, size_t n, off_t at)
{
    for (size_t got = 0; got < n;) {
        ssize_t more = pread(fd, (char *)bytes + got, n - got, at + (off_t)got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more == 0)
            errno = EIO; /* it was shortened meanwhile */
        if (more <= 0)
            return false;
        got += (size_t)more;
    }
    return true;
}
