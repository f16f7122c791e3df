#include "kern/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* The loader has no code for it, only words. */
static bool names_memory(const char *why)
{
    return strstr(why, "annot allocate memory") ||
           strstr(why, "failed to map") || strstr(why, "ut of memory");
}

/* The status of a loader that finds itself inconsistent. */
enum { LOADER_GAVE_UP = 127 };

static const int crashes[] = { SIGBUS, SIGSEGV, SIGILL, SIGFPE, SIGABRT };

static _Noreturn void load_in_child(pid_t parent, const char *file)
{
    static const int parents[] = { SIGINT, SIGTERM, SIGHUP, SIGUSR1 };
    const struct rlimit none = { 0, 0 };
    for (idx i = 0; i < COUNT_OF(parents); i++)
        signal(parents[i], SIG_IGN);
    for (idx i = 0; i < COUNT_OF(crashes); i++)
        signal(crashes[i], SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(0);
    setrlimit(RLIMIT_CORE, &none);
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    (void)dlopen(file, RTLD_NOW | RTLD_LOCAL);
    _exit(0);
}

/* The loader maps what a library's headers promise and looks at no size, so of
 * a file that was cut short it reads what is not there: SIGBUS, from which no
 * way leads back out of it. Which file it takes, and which others that one
 * needs, it alone knows (LD_LIBRARY_PATH, its cache), so looking at headers
 * ourselves is no way either. A child takes 2 ms for each of ours. That a child
 * cannot be had, or ends otherwise, says nothing: what is wrong then is told
 * when the library is loaded here.
 *
 * io/child.h is below this room, and its children may open no file. */
static bool crashes_loader(const char *file)
{
    int status = 0;
    pid_t parent = getpid(), child = fork();
    if (child == 0)
        load_in_child(parent, file);
    if (child < 0)
        return false;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return false; /* SIGCHLD is ignored: nobody knows */
    if (WIFEXITED(status))
        return WEXITSTATUS(status) == LOADER_GAVE_UP;
    for (idx i = 0; i < COUNT_OF(crashes); i++)
        if (WIFSIGNALED(status) && WTERMSIG(status) == crashes[i])
            return true;
    return false;
}

static void *load(const char *file, struct library_failure *why)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    const char *said = handle ? NULL : dlerror();
    if (handle ||
        (why->fault == LIBRARY_DAMAGED && !(said && names_memory(said))))
        return handle;
    *why = (struct library_failure){
        .fault =
            said && names_memory(said) ? LIBRARY_NO_MEMORY : LIBRARY_MISSING,
    };
    snprintf(why->text, sizeof why->text, "%s",
             said ? said : "no reason given");
    return NULL;
}

void *library_open(const char *const *files, idx n, struct library_failure *why)
{
    void *handle = NULL;
    *why = (struct library_failure){ .text = "no reason given" };
    for (idx i = 0; i < n && !handle && why->fault != LIBRARY_NO_MEMORY; i++)
        if (!crashes_loader(files[i])) {
            handle = load(files[i], why);
        } else {
            why->fault = LIBRARY_DAMAGED;
            snprintf(why->text, sizeof why->text,
                     "%s, or what it needs, is damaged: loading it crashes",
                     files[i]);
        }
    return handle;
}
