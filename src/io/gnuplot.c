#include "io/gnuplot.h"

#include "base/base.h"
#include "base/utf8.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
    STATUS_NOT_FOUND = 127, /* of a child that could not run the program */
    WORDS_MAX = 4000,       /* of gnuplot's complaints, how much is read */
    SHOWN_COLUMNS = 200,
};

static int say_missing(struct err *e)
{
    return err_set(e, ERR_TOOL,
                   "gnuplot not found: install it with tools/deps.sh, or "
                   "leave out -o for a text plot");
}

/* Run gnuplot over the three streams and wait for its end. */
static int spawn_and_wait(int *status, FILE *script, FILE *picture, FILE *words,
                          struct err *e)
{
    static const char *const argv[] = { "gnuplot", "--default-settings", "-",
                                        NULL };
    posix_spawn_file_actions_t actions;
    pid_t child;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed)
        return err_set(e, ERR_IO, "cannot start gnuplot: %s", strerror(failed));
    failed = posix_spawn_file_actions_adddup2(&actions, fileno(script), 0);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, fileno(picture), 1);
    if (!failed)
        failed = posix_spawn_file_actions_adddup2(&actions, fileno(words), 2);
    if (!failed) /* POSIX: the argument strings are not modified */
        failed = posix_spawnp(&child, argv[0], &actions, NULL,
                              (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT)
        return say_missing(e);
    if (failed)
        return err_set(e, ERR_TOOL, "cannot start gnuplot: %s",
                       strerror(failed));
    while (waitpid(child, status, 0) < 0)
        if (errno != EINTR)
            return err_set(e, ERR_IO, "cannot wait for gnuplot: %s",
                           strerror(errno));
    return OK;
}

static int say_failed(int status, FILE *words, struct err *e)
{
    char text[WORDS_MAX + 1] = "", shown[4 * SHOWN_COLUMNS];
    rewind(words);
    size_t n = fread(text, 1, WORDS_MAX, words);
    while (n > 0 && strchr(" \t\r\n", text[n - 1]))
        n--;
    text[n] = '\0';
    const char *line = strrchr(text, '\n');
    utf8_show(shown, sizeof shown, line ? line + 1 : text, SHOWN_COLUMNS, true);
    if (WIFSIGNALED(status))
        return err_set(e, ERR_TOOL, "gnuplot was killed by signal %d",
                       WTERMSIG(status));
    return err_set(e, ERR_TOOL, "gnuplot failed with status %d: %s",
                   WEXITSTATUS(status), *shown ? shown : "(no message)");
}

static int read_back(char **bytes, size_t *n, FILE *f, struct err *e)
{
    long size = fseek(f, 0, SEEK_END) == 0 ? ftell(f) : -1;
    if (size < 0)
        return err_set(e, ERR_IO, "cannot read gnuplot's picture: %s",
                       strerror(errno));
    if (size == 0)
        return err_set(e, ERR_TOOL, "gnuplot wrote no picture");
    rewind(f);
    *bytes = malloc((size_t)size);
    if (!*bytes)
        return err_set(e, ERR_MEMORY,
                       "not enough memory for a picture of %ld "
                       "bytes",
                       size);
    *n = fread(*bytes, 1, (size_t)size, f);
    if (*n == (size_t)size)
        return OK;
    free(*bytes);
    *bytes = NULL;
    return err_set(e, ERR_IO, "cannot read gnuplot's picture back");
}

int gnuplot_run(char **picture, size_t *n, FILE *script, struct err *e)
{
    int status = 0, rc = OK;
    FILE *drawn = tmpfile(), *words = tmpfile();
    *picture = NULL;
    *n = 0;
    if (!drawn || !words || fflush(script) != 0 || ferror(script) ||
        fseek(script, 0, SEEK_SET) != 0) {
        rc = err_set(e, ERR_IO, "cannot write temporary files for gnuplot: %s",
                     strerror(errno));
        goto out;
    }
    rc = spawn_and_wait(&status, script, drawn, words, e);
    if (rc != OK)
        goto out;
    if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
        rc = say_missing(e);
    else if (status != 0)
        rc = say_failed(status, words, e);
    else
        rc = read_back(picture, n, drawn, e);
out:
    if (drawn)
        fclose(drawn);
    if (words)
        fclose(words);
    return rc;
}

void gnuplot_quote(FILE *out, const char *s)
{
    fputc('"', out);
    for (; *s; s++) {
        unsigned char byte = (unsigned char)*s;
        /* no digits: they would be taken for more of an escape before them */
        bool is_plain = (byte >= 'a' && byte <= 'z') ||
                        (byte >= 'A' && byte <= 'Z') || byte == ' ';
        fprintf(out, is_plain ? "%c" : "\\%03o", byte);
    }
    fputc('"', out);
}
