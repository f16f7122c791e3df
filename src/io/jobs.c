#include "io/jobs.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/stopwatch.h"
#include "io/fsys_calls.h"
#include "io/tail.h"

static const int asked[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };

void jobs_open(struct jobs *j)
{
    struct sigaction usual = { .sa_handler = SIG_DFL }, now;
    struct sigaction ignored = { .sa_handler = SIG_IGN };
    BUG_ON(j->is_open);
    sigemptyset(&j->waited);
    sigaddset(&j->waited, SIGCHLD);
    for (idx i = 0; i < COUNT_OF(asked); i++)
        if (sigaction(asked[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(&j->waited, asked[i]); /* else as nohup asks */
    /* Ignored, as some parents leave it, it would hide how jobs end */
    sigaction(SIGCHLD, &usual, &j->former_child);
    /* Who reads our output may go; the jobs are still ours to wait for */
    sigaction(SIGPIPE, &ignored, &j->former_pipe);
    sigprocmask(SIG_BLOCK, &j->waited, &j->former);
    j->is_open = true;
}

void jobs_close(struct jobs *j)
{
    if (j->is_open) {
        sigprocmask(SIG_SETMASK, &j->former, NULL);
        sigaction(SIGCHLD, &j->former_child, NULL);
        sigaction(SIGPIPE, &j->former_pipe, NULL);
    }
    *j = (struct jobs){ 0 };
}

/* --- starting ----------------------------------------------------------- */

/* What the child does with nothing but system calls, all prepared before. */
struct launch {
    const struct job_spec *spec;
    const struct jobs *jobs;
    pid_t parent;
    int log, null, report; /* report: errno of what failed goes here */
    char **environment;
    cpu_set_t *set; /* NULL: any core */
    size_t set_size;
};

_Noreturn static void run_child(const struct launch *l)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGUSR1);
    signal(SIGUSR1, SIG_DFL); /* it must arrive */
    sigaction(SIGPIPE, &l->jobs->former_pipe, NULL);
    if (getppid() != l->parent)
        raise(SIGKILL); /* it died before that */
    if (l->set)         /* a core may have gone since; then any will do */
        sched_setaffinity(0, l->set_size, l->set);
    sigprocmask(SIG_SETMASK, &l->jobs->former, NULL);
    if (dup2(l->null, STDIN_FILENO) >= 0 && dup2(l->log, STDOUT_FILENO) >= 0 &&
        dup2(l->log, STDERR_FILENO) >= 0) {
        union {
            const char *const *in;
            char *const *out;
        } words = { l->spec->words }; /* exec keeps its promise */
        execve(l->spec->file, words.out, l->environment);
    }
    int errnum = errno;
    (void)!write(l->report, &errnum, sizeof errnum);
    _exit(127);
}

/* Does an entry of the environment set the same variable? */
static bool is_same_name(const char *entry, const char *setting)
{
    size_t n = strcspn(setting, "=") + 1;
    return strncmp(entry, setting, n) == 0;
}

/* Our environment with the settings in place of what they replace. The array
 * is the caller's to free, the strings are not. */
static char **make_environment(const char *const *settings)
{
    idx n = 0, n_settings = 0, used = 0;
    while (environ && environ[n])
        n++;
    while (settings[n_settings])
        n_settings++;
    const char **made = calloc((size_t)(n + n_settings + 1), sizeof *made);
    for (idx i = 0; made && i < n; i++) {
        bool is_set = false;
        for (idx k = 0; k < n_settings; k++)
            is_set = is_set || is_same_name(environ[i], settings[k]);
        if (!is_set)
            made[used++] = environ[i];
    }
    if (made)
        memcpy(made + used, settings, (size_t)n_settings * sizeof *made);
    union {
        const char **made;
        char **environment;
    } u = { made }; /* only execve sees it */
    return u.environment;
}

static void make_set(struct launch *l)
{
    const struct core_list *cores = l->spec->cores;
    if (!cores || cores->n == 0 || !(l->set = CPU_ALLOC(CORES_MAX)))
        return;
    l->set_size = CPU_ALLOC_SIZE(CORES_MAX);
    CPU_ZERO_S(l->set_size, l->set);
    for (idx i = 0; i < cores->n; i++)
        CPU_SET_S((size_t)cores->core[i], l->set_size, l->set);
}

static int fork_child(pid_t *process, struct launch *l, struct err *e)
{
    int ends[2], errnum = 0;
    if (pipe2(ends, O_CLOEXEC))
        return err_set(e, ERR_IO, "cannot make a pipe: %s", strerror(errno));
    l->report = ends[1];
    *process = fork();
    if (*process == 0)
        run_child(l);
    int fork_errnum = errno;
    close(ends[1]);
    if (*process < 0)
        err_set(e, ERR_IO, "cannot start another process: %s",
                strerror(fork_errnum));
    else if (read(ends[0], &errnum, sizeof errnum) > 0) { /* exec closes it */
        while (waitpid(*process, NULL, 0) < 0 && errno == EINTR) {
        }
        err_set(e, ERR_IO, "cannot start %s: %s", l->spec->file,
                strerror(errnum));
    } else {
        setpgid(*process, *process); /* whoever is first */
    }
    close(ends[0]);
    return e->code;
}

/* Nobody waits for the other end of a pipe: signals are blocked meanwhile. */
static int open_log(int *log, const char *path, struct err *e)
{
    struct stat st;
    *log = fsys_call_open(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK);
    if (*log < 0)
        return err_system(e, path, "open");
    if (fstat(*log, &st))
        return err_system(e, path, "look at it");
    return S_ISFIFO(st.st_mode)
               ? err_set(e, ERR_IO, "%s: is a pipe; move it away", path)
               : OK;
}

int job_start(pid_t *process, const struct jobs *j, const struct job_spec *s,
              struct err *e)
{
    struct launch l = {
        .spec = s,
        .jobs = j,
        .parent = getpid(),
        .log = -1,
        .null = -1,
        .environment = make_environment(s->settings),
    };
    BUG_ON(!j->is_open);
    make_set(&l);
    if (!l.environment)
        err_memory(e, NULL);
    else if (open_log(&l.log, s->log, e))
        ; /* it says why */
    else if ((l.null = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0)
        err_system(e, "/dev/null", "open");
    else
        fork_child(process, &l, e);
    if (l.null >= 0)
        close(l.null);
    if (l.log >= 0)
        close(l.log);
    CPU_FREE(l.set);
    free(l.environment);
    return e->code;
}

/* --- afterwards --------------------------------------------------------- */

void job_signal(pid_t process, int number)
{
    BUG_ON(process <= 1);
    kill(-process, number);
}

int job_last_words(char *text, size_t cap, const char *log, struct err *e)
{
    static const char ours[] = "sinklab: ";
    int rc = tail_line(text, cap, log, false, e);
    if (!strncmp(text, ours, sizeof ours - 1))
        memmove(text, text + sizeof ours - 1,
                strlen(text) + 1 - (sizeof ours - 1));
    return rc;
}

void job_end_tell(char *text, size_t cap, const struct job_end *end,
                  const char *log)
{
    char line[ERR_TEXT_MAX];
    struct err unread = { 0 };
    if (end->signal) {
        snprintf(text, cap, "killed by signal %d%s", end->signal,
                 end->signal == SIGKILL ? " (out of memory?)" : "");
        return;
    }
    const char *why = line;
    if (job_last_words(line, sizeof line, log, &unread))
        why = unread.text;
    else if (!*line) /* what it had to say could not be written, either */
        why = access(log, F_OK) ? "what it said was removed with its log"
                                : "it left no word of why: is the disk full?";
    snprintf(text, cap, "status %d: %s", end->status, why);
}

bool jobs_is_asked(void)
{
    sigset_t pending;
    sigemptyset(&pending);
    sigpending(&pending);
    for (idx i = 0; i < COUNT_OF(asked); i++)
        if (sigismember(&pending, asked[i]) == 1)
            return true;
    return false;
}

int jobs_take_signal(const struct jobs *j)
{
    const struct timespec at_once = { 0 };
    sigset_t wanted = j->waited;
    BUG_ON(!j->is_open);
    sigdelset(&wanted, SIGCHLD);
    int number = sigtimedwait(&wanted, NULL, &at_once);
    return number > 0 ? number : 0;
}

static bool take_ended(struct job_end *end)
{
    int status;
    pid_t process = waitpid(-1, &status, WNOHANG);
    if (process <= 0)
        return false;
    *end = (struct job_end){
        .process = process,
        .status = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
    };
    return true;
}

enum job_event jobs_wait(struct jobs *j, double timeout_s, struct job_end *end,
                         int *number)
{
    double until_s = clock_s() + timeout_s;
    BUG_ON(!j->is_open);
    /* Children first: several that end at once leave one SIGCHLD */
    while (!take_ended(end)) {
        double left_s = fmax(0, until_s - clock_s());
        struct timespec left = {
            .tv_sec = (time_t)left_s,
            .tv_nsec = (long)(1e9 * (left_s - floor(left_s))),
        };
        int got = timeout_s < 0 ? sigwaitinfo(&j->waited, NULL)
                                : sigtimedwait(&j->waited, NULL, &left);
        if (got > 0 && got != SIGCHLD) {
            *number = got;
            return JOBS_SIGNAL;
        }
        if (got < 0 && errno == EAGAIN)
            return JOBS_QUIET;
    }
    return JOBS_ENDED;
}
