/* main.c - `sinklab COMMAND ...`: finds the command, prints its error, exits.
 * Reading order for newcomers: docs/ARCHITECTURE.md. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "base/moment.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "cmd/cmd.h"

static bool asks_for_help(const struct command *c, int argc, char **argv)
{
    return command_asks(c, argc, argv, "--help") ||
           command_asks(c, argc, argv, "-h");
}

/* `sinklab --help train` is `sinklab help train`; elsewhere it asks for help on
 * the command, wherever it stands: `sinklab sweep status --help`. */
static int run(int argc, char **argv, struct err *e)
{
    if (argc < 2)
        return command_help.run(argc, argv, e);
    if (strcmp(argv[1], "--version") == 0 && argc > 2)
        return err_set(e, ERR_USAGE,
                       "--version: unexpected argument %s: `sinklab --version` "
                       "takes none",
                       argv[2]);
    idx n;
    struct err none = { 0 };
    const struct command *command =
        command_find(&n, argc - 1, (const char *const *)argv + 1, &none);
    if (command_asks(command, argc - 1, argv + 1, "--version")) {
        command_print_version();
        return OK;
    }
    if (asks_for_help(NULL, 1, argv + 1))
        return command_help.run(argc - 1, argv + 1, e);
    if (!command)
        return err_pass(e, &none);
    if (asks_for_help(command, argc - 2, argv + 2)) {
        command_usage(command);
        return OK;
    }
    if (command->parts)
        return command_say_parts(command, e);
    if (!command->is_shared && command_check_single(command->name, e))
        return e->code;
    if (moments_read(getenv("SINKLAB_TEST"), argv[1], e))
        return e->code;
    return command->run(argc - (int)n, argv + n, e);
}

/* A file opened as number 1 would get what is meant for the terminal. What is
 * printed where nobody can get it fails, as on a full disk: open for reading
 * alone. */
static void open_standard_files(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
            open("/dev/null", fd == STDOUT_FILENO ? O_RDONLY : O_RDWR);
}

/* Static because a handler of exit() has no argument of ours. */
static bool is_over;

/* Libraries (OpenMP's, Fortran's below OpenBLAS) end the program where they get
 * no memory or thread; what they say then is no sentence of ours, and their
 * status is 1. */
static void catch_foreign_exit(void)
{
    if (is_over)
        return;
    terminal_end_line();
    fputs("sinklab: a library gave up for want of memory or threads (its words "
          "stand above): free some, or set fewer train.threads\n",
          stderr);
    _exit(ERR_MEMORY);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    atexit(catch_foreign_exit);
    open_standard_files();
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like another */
    int code = run(argc, argv, &e);
    /* What failed before leaves nothing for the last flush to fail at */
    if ((fflush(stdout) || ferror(stdout)) && !code)
        code = err_set(&e, ERR_IO, "cannot write to standard output");
    if (code) {
        fprintf(stderr, "%ssinklab:%s ",
                terminal_begin(STDERR_FILENO, STYLE_ERROR),
                terminal_end(STDERR_FILENO));
        /* It may quote a name, which must not steer the terminal */
        utf8_print(stderr, e.text, strlen(e.text), true);
        fputc('\n', stderr);
    }
    is_over = true;
    return code;
}
