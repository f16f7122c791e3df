/* train.c - `sinklab train`: its command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/cmd.h"
#include "train/train.h"

static const char usage[] =
    "usage: sinklab train CONFIG.ini [section.key=value ...] [--resume]\n"
    "       sinklab train RUN_FOLDER [section.key=value ...] [--restart]\n"
    "\n"
    "Trains the model that CONFIG.ini describes; the run folder (run.dir) "
    "keeps\n"
    "checkpoints and metrics.csv. With a run folder instead, goes on where it\n"
    "stopped, bit for bit.\n"
    "\n"
    "  --resume    go on if the run folder already holds this run\n"
    "  --restart   compute the run in RUN_FOLDER again from step 0, with the "
    "same\n"
    "              bits; what is there is replaced on the way\n"
    "  --dry-run   print parameters, memory, disk and FLOPs; run nothing\n"
    "\n"
    "All keys: sinklab help config\n";

static int parse_arguments(struct train_request *r, const char **overrides,
                           struct err *e)
{
    for (int i = 1; i < r->argc; i++) {
        const char *arg = r->argv[i];
        if (strcmp(arg, "--resume") == 0)
            r->wants_resume = true;
        else if (strcmp(arg, "--restart") == 0)
            r->wants_restart = true;
        else if (strcmp(arg, "--dry-run") == 0)
            r->is_dry = true;
        else if (arg[0] == '-')
            return err_set(e, ERR_USAGE,
                           "train: unknown option %s (see `sinklab help "
                           "train`)",
                           arg);
        else if (!r->path)
            r->path = arg;
        else if (strchr(arg, '='))
            overrides[r->n_overrides++] = arg;
        else
            return err_set(e, ERR_USAGE,
                           "train: %s is neither an option nor an override "
                           "section.key=value",
                           arg);
    }
    if (!r->path)
        return err_set(e, ERR_USAGE,
                       "train: which config? Try `sinklab train "
                       "configs/quick.ini`, or `sinklab help train`");
    return OK;
}

int cmd_train(int argc, char **argv, struct err *e)
{
    if (argc == 2 &&
        (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(usage, stdout);
        return OK;
    }
    const char **overrides = calloc((size_t)argc, sizeof *overrides);
    if (!overrides)
        return err_set(e, ERR_MEMORY, "out of memory");
    struct train_request r = { .overrides = overrides,
                               .argc = argc,
                               .argv = argv };
    if (!parse_arguments(&r, overrides, e))
        train_run(&r, e);
    free(overrides);
    return e->code;
}
