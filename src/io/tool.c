#include "io/tool.h"

#include "base/utf8.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    WORDS_MAX = 4000, /* of the complaints, how much is read */
    SHOWN_COLUMNS = 200,
};

int tool_run(int *status, const char *const *words, FILE *in, FILE *out,
             FILE *complaints, struct err *e)
{
    return tool_run_in(status, NULL, words, in, out, complaints, e);
}

int tool_run_in(int *status, const char *folder, const char *const *words,
                FILE *in, FILE *out, FILE *complaints, struct err *e)
{
    FILE *const files[] = { in, out, complaints };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return err_set(e, ERR_IO, "cannot start %s: %s", words[0],
                       strerror(failed));
    for (int i = 0; i < COUNT_OF(files) && !failed; i++)
        failed =
            posix_spawn_file_actions_adddup2(&actions, fileno(files[i]), i);
    if (!failed && folder)
        failed = posix_spawn_file_actions_addchdir_np(&actions, folder);
    if (!failed) /* POSIX: the argument strings are not modified */
        failed = posix_spawnp(&child, words[0], &actions, NULL,
                              (char *const *)(uintptr_t)words, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed) {
        err_set(e, ERR_TOOL, "cannot start %s: %s", words[0],
                failed == ENOENT ? "not found" : strerror(failed));
        errno = failed;
        return ERR_TOOL;
    }
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return err_set(e, ERR_IO, "cannot wait for %s: %s", words[0],
                           strerror(errno));
    return OK;
}

int tool_check(int status, const char *name, FILE *complaints, struct err *e)
{
    char text[WORDS_MAX + 1] = "", shown[4 * SHOWN_COLUMNS];
    if (status == 0)
        return OK;
    rewind(complaints);
    size_t n = fread(text, 1, WORDS_MAX, complaints);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    text[n] = '\0';
    const char *line = strrchr(text, '\n');
    utf8_show(shown, sizeof shown, line ? line + 1 : text, SHOWN_COLUMNS, true);
    if (WIFSIGNALED(status))
        return err_set(e, ERR_TOOL, "%s was killed by signal %d", name,
                       WTERMSIG(status));
    return err_set(e, ERR_TOOL, "%s failed with status %d: %s", name,
                   WEXITSTATUS(status), *shown ? shown : "(no message)");
}
