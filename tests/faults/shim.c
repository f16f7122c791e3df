/* shim.c - a library to be preloaded (LD_PRELOAD) that counts the program's
 * system calls and allocations and lets one of them fail. See fault.h.
 *
 * Calls are told by the file they are for: one below the folder counts, the
 * system's own files do not. Time and entropy stand still, so that two runs
 * write the same bytes. For glibc.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fault.h"

static struct fault *fault; /* NULL: no fault is wanted */
static const char *below;
static bool is_begun; /* the program's own code runs */

/* What lies where in memory: the program and the C library. */
struct range {
    uintptr_t begin, end;
};
static struct range program, c_library;

static int find_range(struct dl_phdr_info *info, size_t size, void *user)
{
    (void)size, (void)user;
    bool is_program = !info->dlpi_name[0] && !program.end;
    bool is_c = strstr(info->dlpi_name, "/libc.so") != NULL;
    struct range *r = is_program ? &program : is_c ? &c_library : NULL;
    for (int i = 0; r && i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t begin = info->dlpi_addr + p->p_vaddr;
        if (p->p_type != PT_LOAD)
            continue;
        if (!r->begin || begin < r->begin)
            r->begin = begin;
        if (begin + p->p_memsz > r->end)
            r->end = begin + p->p_memsz;
    }
    return 0;
}

static bool is_in(const struct range *r, const void *address)
{
    return (uintptr_t)address >= r->begin && (uintptr_t)address < r->end;
}

/* The next definition of a function: the system's. */
#define REAL(type, name, ...)                                                  \
    static type (*real)(__VA_ARGS__);                                          \
    if (!real)                                                                 \
    *(void **)&real = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv(FAULT_STATE);
    below = getenv(FAULT_BELOW);
    if (!path || !below)
        return;
    REAL(int, open, const char *, int, ...);
    int fd = real(path, O_RDWR | O_CLOEXEC);
    void *at = fd < 0 ? MAP_FAILED
                      : mmap(NULL, sizeof *fault, PROT_READ | PROT_WRITE,
                             MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        abort();
    dl_iterate_phdr(find_range, NULL);
    fault = at;
}

/* ---- which calls count ------------------------------------------------- */

static bool is_below(const char *path)
{
    char folder[4096];
    size_t n = strlen(below);
    if (!fault || !path)
        return false;
    if (path[0] == '/')
        return strncmp(path, below, n) == 0 && strchr("/", path[n]);
    REAL(char *, getcwd, char *, size_t);
    return real(folder, sizeof folder) && strncmp(folder, below, n) == 0 &&
           strchr("/", folder[n]);
}

static bool find_path(char path[FAULT_PATH_MAX], int fd)
{
    char name[64];
    int errnum = errno;
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = fault ? readlink(name, path, FAULT_PATH_MAX - 1) : -1;
    path[n > 0 ? n : 0] = '\0';
    errno = errnum;
    return n > 0 && path[0] == '/' && is_below(path);
}

/* The n-th call of this kind: has it to fail? errno is set then. */
static bool is_hit(int kind, const char *call, const char *path)
{
    long n = atomic_fetch_add(&fault->count[kind], 1) + 1;
    bool is_at = n == fault->at || (fault->mode == FAULT_FROM && n > fault->at);
    if (fault->kind != kind || !is_at)
        return false;
    if (atomic_fetch_add(&fault->hits, 1) == 0) {
        snprintf(fault->call, sizeof fault->call, "%s", call);
        snprintf(fault->path, sizeof fault->path, "%s", path);
    }
    if (fault->mode == FAULT_KILL)
        kill(getpid(), SIGKILL);
    if (fault->mode == FAULT_STOP)
        kill(getpid(), SIGTERM);
    errno = fault->errnum;
    return fault->mode <= FAULT_SHORT;
}

static bool fails(int kind, const char *call, const char *path)
{
    int errnum = errno;
    if (!fault || !is_below(path))
        return false;
    bool hit = is_hit(kind, call, path);
    if (kind < FAULT_DISK && is_hit(FAULT_DISK, call, path))
        hit = true;
    if (!hit)
        errno = errnum;
    return hit;
}

static bool fails_fd(int kind, const char *call, int fd)
{
    char path[FAULT_PATH_MAX];
    return find_path(path, fd) && fails(kind, call, path);
}

/* ---- files ------------------------------------------------------------- */

#define MODE_OF(flags)                                                         \
    mode_t mode = 0;                                                           \
    if ((flags) & (O_CREAT)) {                                                 \
        va_list args;                                                          \
        va_start(args, flags);                                                 \
        mode = va_arg(args, mode_t);                                           \
        va_end(args);                                                          \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags);
    REAL(int, open, const char *, int, ...);
    is_begun = is_begun || is_in(&program, __builtin_return_address(0));
    return fails(FAULT_OPEN, "open", path) ? -1 : real(path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags);
    REAL(int, openat, int, const char *, int, ...);
    return fails(FAULT_OPEN, "openat", path) ? -1
                                             : real(folder, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(FILE *, fopen, const char *, const char *);
    return fails(FAULT_OPEN, "fopen", path) ? NULL : real(path, mode);
}

DIR *opendir(const char *path)
{
    REAL(DIR *, opendir, const char *);
    return fails(FAULT_OPEN, "opendir", path) ? NULL : real(path);
}

/* How many of n bytes a call may carry: all but when it is to be short. */
static size_t cut(size_t n)
{
    return n > 1 ? n / 2 : n;
}

ssize_t read(int fd, void *bytes, size_t n)
{
    REAL(ssize_t, read, int, void *, size_t);
    if (fails_fd(FAULT_READ, "read", fd)) {
        if (fault->mode != FAULT_SHORT)
            return -1;
        n = cut(n);
    }
    return real(fd, bytes, n);
}

ssize_t pread(int fd, void *bytes, size_t n, off_t at)
{
    REAL(ssize_t, pread, int, void *, size_t, off_t);
    if (fails_fd(FAULT_READ, "pread", fd)) {
        if (fault->mode != FAULT_SHORT)
            return -1;
        n = cut(n);
    }
    return real(fd, bytes, n, at);
}

static bool fails_stream(const char *call, FILE *f)
{
    int fd = fault ? fileno(f) : -1;
    if (fd < 0 || !fails_fd(FAULT_READ, call, fd) ||
        fault->mode == FAULT_SHORT) /* which the C library makes good */
        return false;
    f->_flags |= _IO_ERR_SEEN;
    return true;
}

size_t fread(void *items, size_t size, size_t n, FILE *f)
{
    REAL(size_t, fread, void *, size_t, size_t, FILE *);
    return fails_stream("fread", f) ? 0 : real(items, size, n, f);
}

char *fgets(char *line, int n, FILE *f)
{
    REAL(char *, fgets, char *, int, FILE *);
    return fails_stream("fgets", f) ? NULL : real(line, n, f);
}

/* A write that fails has written half of it. */
ssize_t write(int fd, const void *bytes, size_t n)
{
    REAL(ssize_t, write, int, const void *, size_t);
    if (!fails_fd(FAULT_WRITE, "write", fd))
        return real(fd, bytes, n);
    if (fault->mode == FAULT_SHORT)
        return real(fd, bytes, cut(n));
    int errnum = errno;
    if (errnum != EINTR)
        (void)!real(fd, bytes, n / 2);
    errno = errnum;
    return -1;
}

/* Nobody pulls the plug: to wait for the disk would only take time. */
int fsync(int fd)
{
    return fails_fd(FAULT_FSYNC, "fsync", fd) ? -1 : 0;
}

int fdatasync(int fd)
{
    return fails_fd(FAULT_FSYNC, "fdatasync", fd) ? -1 : 0;
}

int ftruncate(int fd, off_t length)
{
    REAL(int, ftruncate, int, off_t);
    return fails_fd(FAULT_RESERVE, "ftruncate", fd) ? -1 : real(fd, length);
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
    REAL(int, fallocate, int, int, off_t, off_t);
    return fails_fd(FAULT_RESERVE, "fallocate", fd) ? -1
                                                    : real(fd, mode, at, n);
}

/* A close that fails has closed. */
int close(int fd)
{
    REAL(int, close, int);
    bool has_failed = fails_fd(FAULT_CLOSE, "close", fd);
    int errnum = errno, rc = real(fd);
    errno = has_failed ? errnum : errno;
    return has_failed ? -1 : rc;
}

int closedir(DIR *folder)
{
    REAL(int, closedir, DIR *);
    bool has_failed = fails_fd(FAULT_CLOSE, "closedir", dirfd(folder));
    int errnum = errno, rc = real(folder);
    errno = has_failed ? errnum : errno;
    return has_failed ? -1 : rc;
}

int fclose(FILE *f)
{
    REAL(int, fclose, FILE *);
    int fd = fault ? fileno(f) : -1;
    bool has_failed = fd >= 0 && fails_fd(FAULT_CLOSE, "fclose", fd);
    int errnum = errno, rc = real(f);
    errno = has_failed ? errnum : errno;
    return has_failed ? EOF : rc;
}

int flock(int fd, int operation)
{
    REAL(int, flock, int, int);
    return fails_fd(FAULT_LOCK, "flock", fd) ? -1 : real(fd, operation);
}

/* ---- names ------------------------------------------------------------- */

/* By the system itself: what we look at does not count. */
static bool is_folder(const char *path)
{
    struct stat st;
    REAL(int, stat, const char *, struct stat *);
    return real(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* Remember which bytes this file had: its name is never written again without
 * another rename. Of a folder each file was remembered by itself. */
static void keep(const char *path)
{
    char name[FAULT_PATH_MAX + 32];
    if (!fault->keep[0] || is_folder(path))
        return;
    long i = atomic_fetch_add(&fault->n_kept, 1);
    if (i >= FAULT_KEPT_MAX)
        abort();
    snprintf(name, sizeof name, "%s/%ld", fault->keep, i);
    snprintf(fault->kept[i], FAULT_PATH_MAX, "%s", path);
    REAL(int, link, const char *, const char *);
    if (real(path, name))
        abort();
}

int rename(const char *from, const char *to)
{
    REAL(int, rename, const char *, const char *);
    if (fails(FAULT_RENAME, "rename", to))
        return -1;
    int rc = real(from, to);
    if (rc == 0 && fault && is_below(to))
        keep(to);
    return rc;
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to,
              unsigned flags)
{
    REAL(int, renameat2, int, const char *, int, const char *, unsigned);
    return fails(FAULT_RENAME, "renameat2", to)
               ? -1
               : real(from_folder, from, to_folder, to, flags);
}

int link(const char *from, const char *to)
{
    REAL(int, link, const char *, const char *);
    return fails(FAULT_RENAME, "link", to) ? -1 : real(from, to);
}

int unlink(const char *path)
{
    REAL(int, unlink, const char *);
    return fails(FAULT_REMOVE, "unlink", path) ? -1 : real(path);
}

int rmdir(const char *path)
{
    REAL(int, rmdir, const char *);
    return fails(FAULT_REMOVE, "rmdir", path) ? -1 : real(path);
}

int mkdir(const char *path, mode_t mode)
{
    REAL(int, mkdir, const char *, mode_t);
    return fails(FAULT_MKDIR, "mkdir", path) ? -1 : real(path, mode);
}

int stat(const char *path, struct stat *st)
{
    REAL(int, stat, const char *, struct stat *);
    return fails(FAULT_STAT, "stat", path) ? -1 : real(path, st);
}

int lstat(const char *path, struct stat *st)
{
    REAL(int, lstat, const char *, struct stat *);
    return fails(FAULT_STAT, "lstat", path) ? -1 : real(path, st);
}

int fstat(int fd, struct stat *st)
{
    REAL(int, fstat, int, struct stat *);
    return fails_fd(FAULT_STAT, "fstat", fd) ? -1 : real(fd, st);
}

/* glibc before 2.33 has these behind stat, lstat and fstat. */
int __xstat(int version, const char *path, struct stat *st);
int __lxstat(int version, const char *path, struct stat *st);
int __fxstat(int version, int fd, struct stat *st);

int __xstat(int version, const char *path, struct stat *st)
{
    REAL(int, __xstat, int, const char *, struct stat *);
    return fails(FAULT_STAT, "stat", path) ? -1 : real(version, path, st);
}

int __lxstat(int version, const char *path, struct stat *st)
{
    REAL(int, __lxstat, int, const char *, struct stat *);
    return fails(FAULT_STAT, "lstat", path) ? -1 : real(version, path, st);
}

int __fxstat(int version, int fd, struct stat *st)
{
    REAL(int, __fxstat, int, int, struct stat *);
    return fails_fd(FAULT_STAT, "fstat", fd) ? -1 : real(version, fd, st);
}

int access(const char *path, int mode)
{
    REAL(int, access, const char *, int);
    return fails(FAULT_STAT, "access", path) ? -1 : real(path, mode);
}

char *realpath(const char *path, char *real_path)
{
    REAL(char *, realpath, const char *, char *);
    return fails(FAULT_STAT, "realpath", path) ? NULL : real(path, real_path);
}

struct dirent *readdir(DIR *folder)
{
    REAL(struct dirent *, readdir, DIR *);
    return fails_fd(FAULT_READDIR, "readdir", dirfd(folder)) ? NULL
                                                             : real(folder);
}

int scandir(const char *path, struct dirent ***names,
            int (*select)(const struct dirent *),
            int (*order)(const struct dirent **, const struct dirent **))
{
    REAL(int, scandir, const char *, struct dirent ***,
         int (*)(const struct dirent *),
         int (*)(const struct dirent **, const struct dirent **));
    return fails(FAULT_READDIR, "scandir", path)
               ? -1
               : real(path, names, select, order);
}

/* ---- memory ------------------------------------------------------------ */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *old, size_t n);

static bool fails_alloc(const char *call, const void *caller)
{
    if (!fault || !is_begun)
        return false;
    int errnum = errno, kind = is_in(&program, caller)     ? FAULT_ALLOC
                               : is_in(&c_library, caller) ? FAULT_ALLOC_SYSTEM
                                                           : FAULT_ALLOC_OTHER;
    bool hit = is_hit(kind, call, "");
    errno = hit ? ENOMEM : errnum;
    return hit;
}

void *malloc(size_t n)
{
    return fails_alloc("malloc", __builtin_return_address(0))
               ? NULL
               : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails_alloc("calloc", __builtin_return_address(0))
               ? NULL
               : __libc_calloc(n, size);
}

void *realloc(void *old, size_t n)
{
    return fails_alloc("realloc", __builtin_return_address(0))
               ? NULL
               : __libc_realloc(old, n);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t from)
{
    const void *caller = __builtin_return_address(0);
    REAL(void *, mmap, void *, size_t, int, int, int, off_t);
    return is_in(&program, caller) && fails_alloc("mmap", caller)
               ? MAP_FAILED
               : real(at, n, protection, flags, fd, from);
}

/* ---- what is never twice the same -------------------------------------- */

time_t time(time_t *now)
{
    REAL(time_t, time, time_t *);
    time_t t = fault ? 1700000000 : real(NULL);
    if (now)
        *now = t;
    return t;
}

int getentropy(void *bytes, size_t n)
{
    REAL(int, getentropy, void *, size_t);
    if (!fault)
        return real(bytes, n);
    memset(bytes, 0x5a, n);
    return 0;
}
