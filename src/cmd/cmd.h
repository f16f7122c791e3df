/* cmd.h - the subcommands. argv[0] is the subcommand's own name.
 *
 * Each parses its arguments, does its work and prints its result on standard
 * output. It returns OK or the code of the failure, whose message main.c
 * prints; the code is the exit status.
 */
#ifndef SINKLAB_CMD_H
#define SINKLAB_CMD_H

#include "base/err.h"

int cmd_train(int argc, char **argv, struct err *e);
int cmd_analyze(int argc, char **argv, struct err *e);
int cmd_compare(int argc, char **argv, struct err *e);
int cmd_sweep(int argc, char **argv, struct err *e);
int cmd_runs(int argc, char **argv, struct err *e);
int cmd_verify(int argc, char **argv, struct err *e);
int cmd_bench(int argc, char **argv, struct err *e);
int cmd_list(int argc, char **argv, struct err *e);
int cmd_help(int argc, char **argv, struct err *e);

/* The table of main.c, which help prints; ends with name NULL. */
struct command {
    const char *name, *summary;
    int (*run)(int argc, char **argv, struct err *e);
};
extern const struct command commands[];

#endif
