#include "io/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/terminal.h"
#include "io/fsys.h"

/* Files below are copied. */
enum { COPIED_BYTES = 1 << 16 };

/* A mutable static: the handler of a signal gets an address and nothing else,
 * and must find whose it is. */
static struct mapping *volatile mapped;

#define WAS_CHANGED                                                            \
    ": was changed while it was read: put the whole file back, then give "     \
    "the command again"

/* In the handler: nothing but what POSIX allows there. */
static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

/* What begins a message, on a line of its own. */
static void say_place(const struct mapping *m)
{
    terminal_end_line();
    say("sinklab: ");
    say(m->place);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    const struct mapping *m = mapped;
    const unsigned char *at = info->si_addr;
    struct stat st;
    (void)context;
    while (m && !(at >= m->bytes && at < m->bytes + m->n))
        m = m->next;
    if (!m) { /* not ours: it comes again, and ends the program */
        signal(number, SIG_DFL);
        return;
    }
    bool is_shorter =
        stat(m->path, &st) == 0 && (uintmax_t)st.st_size < (uintmax_t)m->n;
    say_place(m);
    say(is_shorter
            ? ": was shortened while it was read: put the whole file back, "
              "then "
              "give the command again\n"
            : ": cannot read: the disk reports an error: see the system's log, "
              "and save what is on it\n");
    _exit(is_shorter ? ERR_DATA : ERR_IO);
}

_Noreturn void mapping_end(const struct mapping *m)
{
    say_place(m);
    say(WAS_CHANGED "\n");
    _exit(ERR_DATA);
}

static void watch_for_bus_errors(void)
{
    struct sigaction action = { .sa_sigaction = on_bus_error,
                                .sa_flags = SA_SIGINFO };
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}

static int copy_file(struct mapping *m, int fd, struct err *e)
{
    unsigned char *bytes = malloc(m->n + 1);
    if (!bytes)
        return err_memory(e, m->place);
    m->bytes = bytes;
    errno = 0;
    if (fsys_read_at(fd, bytes, m->n, 0))
        return OK;
    struct stat st;
    if (fstat(fd, &st) == 0 && (uintmax_t)st.st_size < (uintmax_t)m->n)
        return err_set(e, ERR_DATA,
                       "%s: was shortened while it was read: put the whole "
                       "file back, then give the command again",
                       m->place);
    return err_system(e, m->place, "read");
}

static int map_file(struct mapping *m, int fd, struct err *e)
{
    void *bytes = mmap(NULL, m->n, PROT_READ, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        return err_system(e, m->place, "map into memory");
    m->bytes = bytes;
    m->is_mapped = true;
    m->next = mapped;
    mapped = m;
    watch_for_bus_errors();
    return OK;
}

static int fill(struct mapping *m, int fd, struct err *e)
{
    struct stat st;
    if (fstat(fd, &st))
        return err_system(e, m->place, "look at it");
    if (!S_ISREG(st.st_mode))
        return err_set(e, ERR_DATA, "%s: got a %s, want a file", m->place,
                       S_ISDIR(st.st_mode) ? "folder" : "device or pipe");
    m->stamp = file_stamp_of(&st);
    m->n = (size_t)st.st_size;
    return m->n < COPIED_BYTES ? copy_file(m, fd, e) : map_file(m, fd, e);
}

int mapping_open(struct mapping **mapping, const char *path, const char *place,
                 struct err *e)
{
    struct mapping *m = calloc(1, sizeof *m);
    *mapping = NULL;
    if (!m || !(m->path = strdup(path)) || !(m->place = strdup(place))) {
        mapping_close(m);
        return err_memory(e, place);
    }
    /* O_NONBLOCK: do not wait for the other end of a pipe */
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int rc = fd < 0 ? err_foreign(e, place, "open") : fill(m, fd, e);
    if (fd >= 0)
        close(fd);
    if (rc == OK)
        *mapping = m;
    else
        mapping_close(m);
    return rc;
}

static void forget(const struct mapping *m)
{
    struct mapping *before = mapped;
    if (before == m) {
        mapped = m->next;
        return;
    }
    while (before->next != m)
        before = before->next;
    before->next = m->next;
}

void mapping_close(struct mapping *m)
{
    if (!m)
        return;
    union {
        const unsigned char *read;
        void *own;
    } bytes = { m->bytes };
    if (m->is_mapped) {
        forget(m);
        munmap(bytes.own, m->n);
    } else {
        free(bytes.own);
    }
    free(m->path);
    free(m->place);
    free(m);
}

bool mapping_is_unchanged(const struct mapping *m)
{
    struct stat st;
    if (stat(m->path, &st))
        return false;
    struct file_stamp now = file_stamp_of(&st);
    return file_stamp_same(&now, &m->stamp);
}

int mapping_check(const struct mapping *m, struct err *e)
{
    struct stat st;
    if (!m->is_mapped || stat(m->path, &st))
        return OK;
    const struct file_stamp now = file_stamp_of(&st), *then = &m->stamp;
    bool is_same_file = now.inode == then->inode && now.device == then->device;
    if (is_same_file &&
        (now.mtime_ns != then->mtime_ns || now.bytes != then->bytes))
        return err_set(e, ERR_DATA, "%s" WAS_CHANGED, m->place);
    return OK;
}

void mapping_settle(struct mapping *m)
{
    struct stat st;
    if (stat(m->path, &st) == 0)
        m->stamp = file_stamp_of(&st);
}

#ifndef MADV_COLD /* Linux 5.4 has it, and glibc 2.32 */
#define MADV_COLD 20
#endif
#ifndef MADV_POPULATE_READ /* Linux 5.14, glibc 2.35 */
#define MADV_POPULATE_READ 22
#endif

/* What the system does not know it refuses, and that is no matter. */
void mapping_advise(const struct mapping *m, const unsigned char *p, size_t n,
                    enum mapping_advice advice)
{
    static const int of[] = { [MAPPING_WALK] = MADV_SEQUENTIAL,
                              [MAPPING_LEFT] = MADV_COLD,
                              [MAPPING_ANY] = MADV_NORMAL,
                              [MAPPING_NEAR] = MADV_POPULATE_READ };
    union {
        const unsigned char *read;
        void *own;
    } page = { p };
    size_t into = (size_t)(p - m->bytes) % (size_t)sysconf(_SC_PAGESIZE);
    page.read -= into;
    if (m->is_mapped)
        (void)madvise(page.own, n + into, of[advice]);
}
