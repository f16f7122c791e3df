/* jobs.h - processes that a launcher starts, waits for and stops.
 *
 * Each job leads a process group of its own, so that a Ctrl-C at the terminal
 * reaches the launcher alone, which then decides. If the launcher dies, however
 * it dies, the system sends its jobs SIGUSR1: they save their state and end,
 * and a job that saves already is not disturbed (base/stop.h).
 *
 * While a struct jobs is open, SIGINT, SIGTERM, SIGHUP and SIGUSR1 are blocked
 * in the calling thread, and jobs_wait returns them; those that were ignored
 * before stay so. SIGPIPE is ignored. All children of the process are taken
 * for jobs: start no other ones meanwhile. One at a time, from one thread,
 * which must stay alive.
 */
#ifndef SINKLAB_JOBS_H
#define SINKLAB_JOBS_H

#include <signal.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/machine.h"

struct jobs {
    bool is_open;
    sigset_t waited; /* what jobs_wait takes */
    sigset_t former; /* the mask that jobs start with */
    struct sigaction former_child, former_pipe;
};

struct job_spec {
    const char *file;              /* to execute; a path */
    const char *const *words;      /* its argv, NULL at the end */
    const char *const *settings;   /* "NAME=value" on top of our environment,
                                      NULL at the end */
    const char *log;               /* output is appended here */
    const struct core_list *cores; /* where it may run; NULL: as we may */
};

/* How a job ended: an exit status, or the signal that ended it. */
struct job_end {
    pid_t process;
    int status; /* 0.. or -1 */
    int signal; /* 0: none */
};

enum job_event {
    JOBS_QUIET,  /* nothing within the time */
    JOBS_ENDED,  /* *end is set */
    JOBS_SIGNAL, /* *number is the signal that the launcher got */
};

/* jobs_open - from now on signals wait for jobs_wait. */
void jobs_open(struct jobs *j);

/* jobs_close - signals act as before; one that waits does so now. Jobs that
 * still run go on running. A zeroed struct may be closed. */
void jobs_close(struct jobs *j);

/* job_last_words - the last line of its log, without the "sinklab: " that our
 * own program begins it with, cut to cap bytes; empty where there is none.
 * OK; ERR_IO: it cannot be read. */
int job_last_words(char *text, size_t cap, const char *log, struct err *e);

/* job_end_tell - why it failed, in words: "status 3: " and its last words, or
 * "killed by signal 9 (out of memory?)"; cut to cap bytes. */
void job_end_tell(char *text, size_t cap, const struct job_end *end,
                  const char *log);

/* job_start - OK and its process id; ERR_IO: log or program cannot be opened,
 * or the system has no more processes. */
int job_start(pid_t *process, const struct jobs *j, const struct job_spec *s,
              struct err *e);

/* job_signal - to the job's whole process group. */
void job_signal(pid_t process, int number);

/* jobs_is_asked - does a signal that asks to stop wait for jobs_wait? For who
 * waits for something else meanwhile. jobs_take_signal - its number, and it
 * waits no longer; 0: none does. */
bool jobs_is_asked(void);
int jobs_take_signal(const struct jobs *j);

/* jobs_wait - the next thing that happens, within timeout_s; negative: however
 * long it takes. Sleeps meanwhile. */
enum job_event jobs_wait(struct jobs *j, double timeout_s, struct job_end *end,
                         int *number);

#endif
