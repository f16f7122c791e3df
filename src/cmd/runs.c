/* runs.c - `sinklab runs`: its command line. */
#include "report/runs.h"

#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cmd/cmd.h"

static const char help[] =
    "List runs and how they stand; archive or remove them.\n"
    "\n"
    "    sinklab runs [FOLDER] [--where CONDITION]... [--sort KEY] [--csv "
    "FILE]\n"
    "                 [--archive FILE.tar.gz] [--remove] [--yes]\n"
    "\n"
    "All runs below FOLDER (runs) are listed, folder by folder: status, step,\n"
    "what was last measured, and the keys in which the runs of a folder\n"
    "differ, if they are few. interrupted: `status` says running, but no\n"
    "process is at it.\n"
    "\n"
    "    --where CONDITION  only runs for which it holds; several: all of "
    "them\n"
    "    --sort KEY         by a key of the configuration or a value; -KEY:\n"
    "                       the largest first\n"
    "    --csv FILE         write one table of all into FILE; -: standard\n"
    "                       output, and no other table\n"
    "    --archive FILE     pack the listed runs into FILE, .tar.gz or .tgz,\n"
    "                       by the system's tar; then ask whether to remove\n"
    "                       them\n"
    "    --remove           remove the listed runs with all that is in them\n"
    "    --yes              answer the question beforehand; --archive --yes\n"
    "                       removes only with --remove\n"
    "\n"
    "CONDITION is as 'optim.lr>1e-3 and status=done': a key, an operator (= "
    "!=\n"
    "< <= > >=), a value. Besides the keys of `sinklab help config` there are\n"
    "name (with * and ?), status, step, loss, val_loss and the metrics\n"
    "(sink_1, ..., shares as 0 to 1), which are the last ones measured while\n"
    "training. Where a value is not known only != holds.\n"
    "\n"
    "A run that is in use is never touched, nor one of a sweep that is being\n"
    "run, nor one with other runs in its folder.\n";

static int say_usage(struct err *e, const char *what, const char *which)
{
    return err_set(e, ERR_USAGE,
                   "runs: %s%s; `sinklab runs --help` shows what it takes",
                   what, which);
}

/* Take the option at argv[*i], with its value behind `=` or in the next
 * argument. OK or ERR_USAGE. */
static int parse_option(struct runs_options *o, int *i, int argc, char **argv,
                        struct err *e)
{
    const char *arg = argv[*i], *where = NULL, *value;
    const struct {
        const char *name, **value;
    } takers[] = {
        { "--where", &where },
        { "--sort", &o->sort },
        { "--csv", &o->csv },
        { "--archive", &o->archive },
    };
    const struct {
        const char *name;
        bool *flag;
    } flags[] = { { "--remove", &o->has_remove }, { "--yes", &o->is_yes } };
    for (idx k = 0; k < COUNT_OF(flags); k++)
        if (strcmp(arg, flags[k].name) == 0) {
            *flags[k].flag = true;
            return OK;
        }
    for (idx k = 0; k < COUNT_OF(takers); k++) {
        size_t n = strlen(takers[k].name);
        if (strncmp(arg, takers[k].name, n) != 0 || (arg[n] && arg[n] != '='))
            continue;
        value = arg[n] ? arg + n + 1 : *i + 1 < argc ? argv[++*i] : "";
        if (!*value)
            return say_usage(e, takers[k].name, " without a value");
        *takers[k].value = value;
        if (where && filter_add(&o->where, where, e) != OK)
            return err_prefix(e, "runs: --where");
        return OK;
    }
    return say_usage(e, "unknown option ", arg);
}

static int take_folder(struct runs_options *o, char *arg, struct err *e)
{
    size_t n = strlen(arg);
    if (o->has_dir)
        return say_usage(e, "more than one folder: ", arg);
    while (n > 1 && arg[n - 1] == '/')
        arg[--n] = '\0';
    if (n == 0 || n >= RUN_DIR_MAX)
        return say_usage(e, "a folder's path is ", n ? "too long" : "empty");
    o->dir = arg;
    o->has_dir = true;
    return OK;
}

int cmd_runs(int argc, char **argv, struct err *e)
{
    struct runs_options o = {
        .dir = "runs",
        .unicode = utf8_terminal(),
        .in = stdin,
        .is_interactive = isatty(STDIN_FILENO),
    };
    int rc = OK;
    bool has_options = true; /* until -- */
    for (int i = 1; i < argc && rc == OK; i++) {
        if (has_options &&
            (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(help, stdout);
            return OK;
        }
        if (has_options && strcmp(argv[i], "--") == 0)
            has_options = false;
        else if (has_options && argv[i][0] == '-' && argv[i][1])
            rc = parse_option(&o, &i, argc, argv, e);
        else
            rc = take_folder(&o, argv[i], e);
    }
    if (rc == OK && o.is_yes && !o.has_remove && !o.archive)
        rc = say_usage(e, "--yes without --remove or --archive", "");
    return rc == OK ? runs_run(stdout, &o, e) : rc;
}
