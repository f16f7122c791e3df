#include "report/gnuplot.h"

#include "base/base.h"
#include "io/tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const char SCRIPT[] = "/dev/stdin";

static int say_missing(struct err *e)
{
    return err_set(e, ERR_TOOL,
                   "gnuplot, which draws figures and plots, is not found: "
                   "install it (tools/deps.sh does)");
}

/* Run gnuplot over the three streams and wait for its end. */
static int run_and_wait(FILE *script, FILE *picture, FILE *words, struct err *e)
{
    /* of "-" it reads one byte a system call */
    bool is_named = access(SCRIPT, R_OK) == 0;
    const char *const command[] = { "gnuplot", "--default-settings",
                                    is_named ? SCRIPT : "-", NULL };
    int status;
    struct err own = { 0 };
    int rc = tool_run(&status, command, script, picture, words, &own);
    if (rc == ERR_TOOL && errno == ENOENT)
        return say_missing(e);
    if (rc != OK)
        return err_pass(e, &own);
    /* A loader that finds no library ends with this, too, and says so */
    if (WIFEXITED(status) && WEXITSTATUS(status) == TOOL_NOT_FOUND &&
        fseek(words, 0, SEEK_END) == 0 && ftell(words) == 0)
        return say_missing(e);
    return tool_check(status, command[0], words, e);
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
    *bytes = calloc((size_t)size + 1, 1);
    if (!*bytes)
        return err_memory(e, NULL);
    *n = fread(*bytes, 1, (size_t)size, f);
    if (*n == (size_t)size)
        return OK;
    free(*bytes);
    *bytes = NULL;
    return err_set(e, ERR_IO, "cannot read gnuplot's picture back");
}

int gnuplot_run(char **picture, size_t *n, FILE *script, struct err *e)
{
    int rc = OK;
    FILE *drawn = tmpfile(), *words = tmpfile();
    *picture = NULL;
    *n = 0;
    if (!drawn || !words || fflush(script) != 0 || ferror(script) ||
        fseek(script, 0, SEEK_SET) != 0) {
        rc = err_system(e, "temporary files for gnuplot", "write");
        goto out;
    }
    rc = run_and_wait(script, drawn, words, e);
    if (rc == OK)
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
