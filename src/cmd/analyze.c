/* analyze.c - `sinklab analyze`: its command line. */
#include "analysis/analyze.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/machine.h"
#include "cmd/cmd.h"

static const char usage[] =
    "usage: sinklab analyze RUN|SWEEP... [--again] [--jobs N]\n"
    "                       [section.key=value ...]\n"
    "\n"
    "Reads every checkpoint of a run, measures sinks and validation loss,\n"
    "prints a line each and writes analysis.csv and analysis.h5 there.\n"
    "\n"
    "SWEEP is a folder with runs directly below it: all that are done, or "
    "were\n"
    "stopped by a rule of theirs, are analyzed, several at once. Of these, "
    "and\n"
    "of several RUNs, those whose analysis is up to date with their\n"
    "checkpoints and settings are left alone, so the same command goes on\n"
    "where it was stopped. A single RUN is always measured anew.\n"
    "\n"
    "    --again     also those that are up to date\n"
    "    --jobs N    runs at once (as many as there are cores)\n"
    "\n"
    "The table has the columns of analysis.csv, with shares in percent; "
    "`sinklab\n"
    "list metric` explains them. -: not measured.\n"
    "\n"
    "Useful keys: sink.eps, sink.tokens, sink.sequences, sink.positions,\n"
    "sink.val_tokens, train.threads.\n";

static int say_usage(const char *what, const char *which, struct err *e)
{
    return err_set(e, ERR_USAGE, "analyze: %s%s (see `sinklab help analyze`)",
                   what, which);
}

/* An option at argv[*i], with its value behind = or in the next argument. */
static int parse_option(struct analyze_options *o, int *i, int argc,
                        char **argv, struct err *e)
{
    static const char jobs[] = "--jobs";
    const char *arg = argv[*i], *value;
    char *end;
    size_t n = strlen(jobs);
    if (strcmp(arg, "--again") == 0) {
        o->is_again = true;
        return OK;
    }
    if (strncmp(arg, jobs, n) != 0 || (arg[n] && arg[n] != '='))
        return say_usage("unexpected argument ", arg, e);
    value = arg[n] ? arg + n + 1 : *i + 1 < argc ? argv[++*i] : "";
    o->jobs = strtol(value, &end, 10);
    if (!*value || *end || o->jobs < 1 || o->jobs > CORES_MAX)
        return say_usage("--jobs wants a number of runs at once, from 1; got ",
                         *value ? value : "nothing", e);
    return OK;
}

int cmd_analyze(int argc, char **argv, struct err *e)
{
    bool has_options = true; /* until -- */
    const char **words = calloc(2 * (size_t)argc, sizeof *words);
    if (!words)
        return err_set(e, ERR_MEMORY, "out of memory");
    struct analyze_options o = { .folders = words, .overrides = words + argc };
    for (int i = 1; i < argc && !e->code; i++) {
        bool is_option = has_options && argv[i][0] == '-' && argv[i][1];
        if (is_option &&
            (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(usage, stdout);
            free(words);
            return OK;
        }
        if (is_option && strcmp(argv[i], "--") == 0)
            has_options = false;
        else if (is_option)
            parse_option(&o, &i, argc, argv, e);
        else if (has_options && strchr(argv[i], '='))
            words[argc + o.n_overrides++] = argv[i];
        else
            words[o.n_folders++] = argv[i];
    }
    if (!e->code && o.n_folders == 0)
        err_set(e, ERR_USAGE,
                "analyze: which run? Try `sinklab analyze runs/quick`, or "
                "`sinklab help analyze`");
    if (!e->code)
        analyze_folders(&o, e);
    free(words);
    return e->code;
}
