/* main.c - `sinklab COMMAND ...`: finds the command, prints its error, exits.
 * Reading order for newcomers: docs/ARCHITECTURE.md. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

static const struct command *find_command(const char *name)
{
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static int run(int argc, char **argv, struct err *e)
{
    if (argc < 2)
        return cmd_help(0, NULL, e);
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    const struct command *command = find_command(name);
    if (!command)
        return err_set(e, ERR_USAGE,
                       "unknown command '%s': `sinklab help` lists them", name);
    return command->run(argc - 1, argv + 1, e);
}

int main(int argc, char **argv)
{
    struct err e = { 0 };
    signal(SIGXFSZ, SIG_IGN); /* a file size limit is an error like another */
    int code = run(argc, argv, &e);
    if (fflush(stdout) && !code)
        code = err_set(&e, ERR_IO, "cannot write to standard output");
    if (code)
        fprintf(stderr, "sinklab: %s\n", e.text);
    return code;
}
