/* runs.c - `sinklab runs`: its command line. */
#include "report/runs.h"

#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cmd/cmd.h"
#include "io/place.h"

#define FIELD(f) .offset = offsetof(struct runs_options, f)
static const struct command_option options[] = {
    { .name = "where",
      .value = "CONDITION",
      .type = OPTION_WHERE,
      FIELD(where),
      .help = "only runs for which it holds; several: all of them" },
    { .name = "sort",
      .value = "KEY",
      .type = OPTION_TEXT,
      FIELD(sort),
      .help = "by a key of the configuration or a value, all in one table; "
              "-KEY: the largest first" },
    { .name = "csv",
      .value = "FILE",
      .type = OPTION_TEXT,
      FIELD(csv),
      .help = "write one table of all into FILE; -: standard output, and no "
              "other table" },
    { .name = "json",
      FIELD(is_json),
      .help = "print that table alone, for programs: a list of objects, on one "
              "line" },
    { .name = "paths",
      FIELD(has_paths),
      .help = "print their folders alone, one a line, for other programs" },
    { .name = "remove",
      FIELD(has_remove),
      .help = "remove the listed runs with all that is in them" },
    { .name = "yes", FIELD(is_yes), .help = "answer the question beforehand" },
    { .name = NULL },
};
#undef FIELD

static int say_usage(struct err *e, const char *what)
{
    return err_set(e, ERR_USAGE, "runs: %s (see `sinklab help runs`)", what);
}

/* The folder without slashes at its end, into dir. */
static int take_folder(char dir[RUN_DIR_MAX], const char *word, struct err *e)
{
    size_t n = path_length(word);
    if (n == 0 || n >= RUN_DIR_MAX)
        return say_usage(e, n ? "the folder's path is too long"
                              : "the folder's path is empty");
    memcpy(dir, word, n);
    dir[n] = '\0';
    return OK;
}

static int run(int argc, char **argv, struct err *e)
{
    char dir[RUN_DIR_MAX] = "runs";
    struct runs_options o = {
        .dir = dir,
        .unicode = utf8_terminal(),
        .in = stdin,
        .is_interactive = isatty(STDIN_FILENO),
    };
    struct words words;
    command_parse(&command_runs, &o, &words, argc, argv, e);
    o.has_dir = words.n > 0;
    if (!e->code && o.has_dir)
        take_folder(dir, words.at[0], e);
    if (!e->code && o.is_yes && !o.has_remove)
        say_usage(e, "--yes without --remove");
    if (!e->code && (o.has_paths || o.is_json) && (o.csv || o.has_remove))
        say_usage(e, o.has_paths ? o.csv ? "--paths with --csv"
                                         : "--paths with --remove"
                     : o.csv     ? "--json with --csv"
                                 : "--json with --remove");
    if (!e->code && o.has_paths && o.is_json)
        say_usage(e, "--paths with --json");
    if (!e->code)
        runs_run(stdout, &o, e);
    filter_release(&o.where);
    words_release(&words);
    return e->code;
}

const struct command command_runs = {
    .name = "runs",
    .summary = "list runs and how they stand; remove them",
    .synopsis = "[FOLDER] [options]",
    .about =
        "Lists runs and how they stand; removes them.\n\n"
        "All runs below FOLDER (runs) are listed, folder by folder: status, "
        "step, what was last measured, and the keys in which the runs of a "
        "folder differ, if they are few. interrupted: stopped by a signal, "
        "or killed.",
    .options = options,
    .more =
        "CONDITION is as 'optim.lr>1e-3 and status=done': a key, an operator "
        "(= != < <= > >=), a value or several with | between; several are "
        "joined by and, or. Besides the keys of `sinklab help config` "
        "there are name (with * and ?), status, step, loss, val_loss and the "
        "metrics (sink_1, ..., shares as 0 to 1), which are the last ones "
        "measured while training. Where a value is not known only != "
        "holds.\n\n"
        "`sinklab runs FOLDER --paths | tar -czf FILE.tgz -T -` packs runs.\n\n"
        "A run that is in use is never touched, nor one of a sweep that is "
        "being run, nor one with other runs in its folder.",
    .words_max = 1,
    .run = run,
};
