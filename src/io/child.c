#include "io/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stopwatch.h"

/* The pipe's end in the child. */
enum { OUT = STDERR_FILENO + 1 };

/* Written behind all else by a child that did its work. */
static const char DONE = 'D';

bool child_write(int out, const void *bytes, size_t n)
{
    const char *at = bytes;
    while (n > 0) {
        ssize_t done = write(out, at, n);
        if (done < 0 && errno != EINTR)
            return false;
        at += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return true;
}

static void limit(int resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now;
    if (getrlimit(resource, &now))
        return;
    now.rlim_max = hard < now.rlim_max ? hard : now.rlim_max;
    now.rlim_cur = soft < now.rlim_cur ? soft : now.rlim_cur;
    now.rlim_cur = now.rlim_cur < now.rlim_max ? now.rlim_cur : now.rlim_max;
    setrlimit(resource, &now);
}

/* SIGPROF ends it at the end of its time; what has taken over the child and
 * holds that off is killed later. */
static void limit_time(int cpu_ms)
{
    struct itimerval timer = { .it_value = { cpu_ms / 1000,
                                             cpu_ms % 1000 * 1000 } };
    setitimer(ITIMER_PROF, &timer, NULL);
    limit(RLIMIT_CPU, (rlim_t)cpu_ms / 1000 + 2, (rlim_t)cpu_ms / 1000 + 3);
}

/* Null devices and the pipe; from here on no file can be opened. */
static void keep_only(int out)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    dup2(out, OUT); /* also if it is the same: then it changes nothing */
    if (close_range(OUT + 1, ~0U, 0))
        for (int fd = OUT + 1; fd < 1024; fd++) /* a system without it */
            close(fd);
    limit(RLIMIT_NOFILE, 0, 0);
}

static _Noreturn void be_child(pid_t parent, int out, rlim_t address_bytes,
                               bool (*work)(int out, void *context),
                               void *context, const struct child_limits *limits)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGUSR1, SIGSEGV, SIGBUS,
                                SIGFPE, SIGILL,  SIGABRT, SIGXCPU };
    for (idx i = 0; i < COUNT_OF(ends); i++)
        signal(ends[i], i < 3 ? SIG_IGN : SIG_DFL); /* those are the parent's */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    keep_only(out);
    limit(RLIMIT_CORE, 0, 0);
    limit(RLIMIT_FSIZE, 0, 0);
    if (limits->memory_bytes && address_bytes)
        limit(RLIMIT_AS, address_bytes, address_bytes);
    if (limits->cpu_ms)
        limit_time(limits->cpu_ms);
    _exit(work(OUT, context) && child_write(OUT, &DONE, 1) ? 0 : 1);
}

/* What this process takes of addresses and what is allowed on top; 0: not
 * known. */
static rlim_t address_limit(size_t more)
{
    size_t pages = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (!f || fscanf(f, "%zu", &pages) != 1)
        pages = 0;
    if (f)
        fclose(f);
    return pages ? pages * (size_t)sysconf(_SC_PAGESIZE) + more : 0;
}

/* All that comes through the pipe until it is closed. CHILD_FAILED: too much,
 * or too late. */
static enum child_end collect(char **bytes, size_t *n, size_t cap_bytes, int in,
                              int wall_s)
{
    size_t room = 0;
    double end_s = clock_s() + wall_s;
    for (;;) {
        struct pollfd p = { .fd = in, .events = POLLIN };
        double left_s = wall_s ? end_s - clock_s() : 1;
        if (*n == room) {
            room = room ? 2 * room : 1 << 16;
            char *more =
                room > 2 * cap_bytes + (1 << 17) ? NULL : realloc(*bytes, room);
            if (!more)
                return *n > cap_bytes ? CHILD_FAILED : CHILD_NO_MEMORY;
            *bytes = more;
        }
        int ready =
            left_s > 0 ? poll(&p, 1, wall_s ? (int)(left_s * 1e3) + 1 : -1) : 0;
        if (ready == 0)
            return CHILD_FAILED;
        ssize_t got = ready < 0 ? -1 : read(in, *bytes + *n, room - *n);
        if (got == 0)
            return *n > cap_bytes ? CHILD_FAILED : CHILD_OK;
        if (got < 0 && errno != EINTR)
            return CHILD_FAILED;
        *n += got > 0 ? (size_t)got : 0;
    }
}

/* A child that dies of want of memory says so no better than one that dies of
 * what it reads: is there any to be had? */
static bool has_memory(void)
{
    enum { PROBE_BYTES = 1 << 24 };
    char *small = malloc(PROBE_BYTES / 64);
    void *probe = mmap(NULL, PROBE_BYTES, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (probe != MAP_FAILED)
        munmap(probe, PROBE_BYTES);
    bool has = small && probe != MAP_FAILED;
    free(small);
    return has;
}

enum child_end child_run(char **bytes, size_t *n, size_t cap_bytes,
                         bool (*work)(int out, void *context), void *context,
                         const struct child_limits *limits)
{
    int pipes[2], status = 0;
    rlim_t address_bytes = address_limit(limits->memory_bytes);
    *bytes = NULL;
    *n = 0;
    if (pipe2(pipes, O_CLOEXEC))
        return CHILD_NONE;
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        be_child(parent, pipes[1], address_bytes, work, context, limits);
    close(pipes[1]);
    enum child_end end = child < 0 ? CHILD_NONE
                                   : collect(bytes, n, cap_bytes + 1, pipes[0],
                                             limits->wall_s); /* DONE, too */
    close(pipes[0]);
    if (child > 0 && end != CHILD_OK)
        kill(child, SIGKILL);
    /* Where SIGCHLD is ignored there is no status, and DONE must do */
    while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
        continue;
    if (end == CHILD_OK && (status || *n == 0 || (*bytes)[*n - 1] != DONE))
        end = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL
                  ? CHILD_NO_MEMORY /* by the system, which wants it back */
                  : CHILD_FAILED;
    if (end == CHILD_FAILED && !has_memory())
        end = CHILD_NO_MEMORY;
    else if (end == CHILD_FAILED && *n == 0)
        end = CHILD_NO_START;
    if (end == CHILD_OK) {
        --*n;
    } else {
        free(*bytes);
        *bytes = NULL;
        *n = 0;
    }
    return end;
}
