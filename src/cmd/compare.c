/* compare.c - `sinklab compare`: its command line. */
#include "report/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cmd/cmd.h"

enum { WIDTH_USUAL = 80 };

static const char help[] =
    "Compare runs: one table of how they ended, one plot of how they got\n"
    "there.\n"
    "\n"
    "    sinklab compare RUN|SWEEP... [-o FILE] [--metric NAME] [--loss NAME]\n"
    "                    [--threshold X] [--log-x] [--csv FILE]\n"
    "                    [--where CONDITION]... [--by KEYS]\n"
    "                    [--runs-csv FILE] [--baseline GROUP]\n"
    "\n"
    "RUN is a run's folder that `sinklab analyze` has been through; without\n"
    "its analysis.csv what training measured (metrics.csv) is used. SWEEP is\n"
    "a folder with runs directly below it: then runs that differ in their\n"
    "seeds only are one row and one curve, their mean.\n"
    "\n"
    "    -o FILE         draw into FILE, .svg or .png, with gnuplot;\n"
    "                    without it the plot is text on the terminal\n"
    "    --metric NAME   column to compare (sink_1)\n"
    "    --loss NAME     column of the loss (val_loss)\n"
    "    --threshold X   the sink has emerged when the metric exceeds X,\n"
    "                    0 to 1 for shares; by default what is usual of the\n"
    "                    metric (sink_1: 0.1), which is said below the table\n"
    "    --log-x         logarithmic steps (step 0 is not drawn then)\n"
    "    --csv FILE      write the table into FILE: every differing key,\n"
    "                    shares as 0 to 1; of groups mean, spread and n of\n"
    "                    each column, and paired differences; -: standard\n"
    "                    output, which gets nothing else; notes go to\n"
    "                    standard error\n"
    "    --runs-csv FILE  of groups: a row for each run, with its values; -\n"
    "                    as above, for one of the two\n"
    "    --baseline GROUP  the group, by the name in the table of\n"
    "                    differences, that the others are compared with run\n"
    "                    by run, where seeds are the same (the first)\n"
    "    --where CONDITION  only runs for which it holds, as\n"
    "                    'optim.lr>1e-3 and status=done' (`sinklab help "
    "runs`)\n"
    "    --by KEYS       group by these keys, as optim.lr,model.layers, and\n"
    "                    average over all others\n"
    "\n"
    "The table names the keys in which the runs differ. final: at the last\n"
    "step measured. sink bias: share of heads that sink into the extra column\n"
    "(attention.bias). first mass raw: mean attention to the first token, as\n"
    "it is; metrics without raw are of rows scaled to sum 1. row sum: mean\n"
    "sum of raw attention rows. val_loss_se: standard error of a run's\n"
    "val_loss, from its held-out sequences. val_excess: val_loss above the\n"
    "least there is for its source; no text has it. -: not measured, or\n"
    "never.\n"
    "\n"
    "Of groups: n runs are averaged, those that are done; diverged, failed\n"
    "and unfinished ones are only counted under status. Where none is done,\n"
    "those under way count as far as all of them came: (n). Means are taken\n"
    "at steps that all n measured, nothing is interpolated. \302\261: sample\n"
    "standard deviation (n - 1), in figures the band. emerged in: k of the n\n"
    "runs, whose mean step it is. In the table of differences, error:\n"
    "standard error of their mean; signs: how many are above and below 0.\n";

static int say_usage(struct err *e, const char *what, const char *which)
{
    return err_set(e, ERR_USAGE,
                   "compare: %s%s; `sinklab compare --help` shows what it "
                   "takes",
                   what, which);
}

static int parse_threshold(double *threshold, const char *text, struct err *e)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end || !isfinite(v))
        return err_set(e, ERR_USAGE,
                       "compare: --threshold: got '%.60s', want a number",
                       text);
    *threshold = v;
    return OK;
}

/* Take the option at argv[*i], with its value behind `=` or in the next
 * argument. OK or ERR_USAGE. */
static int parse_option(struct compare_options *o, int *i, int argc,
                        char **argv, struct err *e)
{
    const char *arg = argv[*i], *threshold = NULL, *where = NULL, *value;
    const struct {
        const char *name, **value;
    } takers[] = {
        { "-o", &o->figure },
        { "--csv", &o->csv },
        { "--runs-csv", &o->runs_csv },
        { "--baseline", &o->baseline },
        { "--metric", &o->metric },
        { "--loss", &o->loss },
        { "--threshold", &threshold },
        { "--where", &where },
        { "--by", &o->by },
    };
    if (strcmp(arg, "--log-x") == 0) {
        o->log_x = true;
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
            return err_prefix(e, "compare: --where");
        return threshold ? parse_threshold(&o->threshold, threshold, e) : OK;
    }
    return say_usage(e, "unknown option ", arg);
}

static idx terminal_width(void)
{
    struct winsize size = { 0 };
    if (!isatty(STDOUT_FILENO) ||
        ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return WIDTH_USUAL;
    return size.ws_col;
}

int cmd_compare(int argc, char **argv, struct err *e)
{
    struct compare_options o = { .metric = "sink_1", .loss = "val_loss" };
    int rc = OK;
    bool has_options = true; /* until -- */
    o.threshold = NAN;       /* the usual one */
    o.width = terminal_width();
    o.unicode = utf8_terminal();
    const char **runs = calloc((size_t)argc + 1, sizeof *runs);
    if (!runs)
        return err_set(e, ERR_MEMORY, "not enough memory");
    o.runs = runs;
    for (int i = 1; i < argc && rc == OK; i++) {
        if (has_options &&
            (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            fputs(help, stdout);
            goto out;
        }
        if (has_options && strcmp(argv[i], "--") == 0)
            has_options = false;
        else if (has_options && argv[i][0] == '-' && argv[i][1])
            rc = parse_option(&o, &i, argc, argv, e);
        else
            runs[o.n_runs++] = argv[i];
    }
    if (rc == OK && o.n_runs == 0)
        rc = say_usage(e, "no run folder given", "");
    if (rc == OK)
        rc = compare_run(stdout, &o, e);
out:
    free(runs);
    return rc;
}
