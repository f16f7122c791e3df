/* compare.c - `sinklab compare`: its command line. */
#include "report/compare.h"

#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cmd/cmd.h"
#include "report/claims.h"
#include "report/figure.h"

enum { WIDTH_USUAL = 80 };

#define FIELD(f) .offset = offsetof(struct compare_options, f)
#define TEXT(f) .type = OPTION_TEXT, FIELD(f)
static const struct command_option options[] = {
    { .name = "output",
      .letter = 'o',
      .value = "FILE",
      TEXT(output),
      .help = "draw into FILE, .svg, .png or .pdf, with gnuplot; without it "
              "the plot is text on the terminal" },
    { .name = "figure",
      .value = "KIND",
      TEXT(figure),
      .help = "curves over training (the usual), setting: final values "
              "against a setting, loss: metric against loss, heads: maps by "
              "layer and head, positions: by position and layer, transitions: "
              "when induction, sink, massive activation and value drain came" },
    { .name = "metric",
      .value = "NAME",
      TEXT(metric),
      .help = "column to compare (sink_1; of --figure positions key_mass)" },
    { .name = "loss",
      .value = "NAME",
      TEXT(loss),
      .help = "column of the loss (val_loss)" },
    { .name = "threshold",
      .value = "X",
      .type = OPTION_NUMBER,
      FIELD(threshold),
      .min = -HUGE_VAL,
      .max = HUGE_VAL,
      .help = "the sink has emerged when the metric exceeds X, 0 to 1 for "
              "shares; by default what is usual of the metric (sink_1: 0.1), "
              "which is said below the table" },
    { .name = "log-x",
      FIELD(log_x),
      .help = "logarithmic steps (step 0 is not drawn then)" },
    { .name = "x",
      .value = "COLUMN",
      TEXT(x),
      .help = "x axis of curves: step or tokens (step)" },
    { .name = "y-range",
      .value = "LOW:HIGH",
      TEXT(y_range),
      .help = "of the metric's axis, or of the colours of maps: as 0:0.2 or "
              "0:20% (what the data take)" },
    { .name = "loss-range",
      .value = "LOW:HIGH",
      TEXT(loss_range),
      .help = "the same of the loss's axis" },
    { .name = "seeds",
      FIELD(has_seeds),
      .help = "draw the single runs of groups, too" },
    { .name = "setting",
      .value = "KEY",
      TEXT(setting),
      .help = "of --figure setting: the key that values are drawn against "
              "(the first that is a number)" },
    { .name = "step",
      .value = "S",
      .type = OPTION_NUMBER,
      FIELD(step),
      .max = STEP_MAX,
      .help = "of --figure heads and positions: what was measured last up to "
              "step S" },
    { .name = "bare",
      FIELD(is_bare),
      .help = "no caption in the figure: the paper has its own" },
    { .name = "csv",
      .value = "FILE",
      TEXT(csv),
      .help = "write the table into FILE: every differing key, shares as 0 to "
              "1; of groups mean, spread and n of each column, and paired "
              "differences; -: standard output, which gets nothing else; notes "
              "go to standard error" },
    { .name = "json",
      .value = "FILE",
      TEXT(json),
      .help = "write that table as JSON, a list of objects on one line; - as "
              "above" },
    { .name = "runs-csv",
      .value = "FILE",
      TEXT(runs_csv),
      .help = "of groups: a row for each run, with its values; - as above, for "
              "one of the two" },
    { .name = "markdown",
      .value = "FILE",
      TEXT(markdown),
      .help = "write what the terminal shows, all columns, into FILE as tables "
              "of Markdown; - as above" },
    { .name = "latex",
      .value = "FILE",
      TEXT(latex),
      .help = "the same as tabulars of LaTeX, with booktabs' rules where the "
              "document loads that" },
    { .name = "sort",
      .value = "COLUMN",
      TEXT(sort),
      .help = "order rows, legends and figures by a measured column as "
              "val_loss, a key as optim.lr, or name, n, steps, status, "
              "emerged; -COLUMN: falling" },
    { .name = "columns",
      .value = "NAMES",
      TEXT(columns),
      .help = "show these measured columns beside loss and metric, as "
              "value_ratio,row_sum" },
    { .name = "layers",
      FIELD(has_layers),
      .help = "show the metric of each layer by itself, too, as "
              "sink_1_layer_0, in place of the other columns that are usual, "
              "and draw its curves; --columns, --metric and claims take such "
              "names, too" },
    { .name = "wide",
      FIELD(is_wide),
      .help = "all columns of the table, however narrow the terminal is" },
    { .name = "report",
      .value = "DIR",
      TEXT(report),
      .help = "write DIR/index.html: one page, to be sent to anyone, with all "
              "curves, maps of layers and heads, tables and configurations, "
              "and what can be told from seeds; it needs no network" },
    OPTION_ANALYSIS(struct compare_options),
    { .name = "baseline",
      .value = "GROUP",
      TEXT(baseline),
      .help = "the group, by the name in the table of differences, that the "
              "others are compared with run by run, where seeds are the same "
              "(the first)" },
    { .name = "where",
      .value = "CONDITION",
      .type = OPTION_WHERE,
      FIELD(where),
      .help = "only runs for which it holds, as 'optim.lr>1e-3 and "
              "status=done' (`sinklab help runs`)" },
    { .name = "by",
      .value = "KEYS",
      TEXT(by),
      .help = "group by these keys, as optim.lr,model.layers, and average over "
              "all others" },
    { .name = "claims",
      FIELD(is_claims),
      .help = "judge what the file of one SWEEP expects, its section [claims]: "
              "a line each, supported, contradicted or undecided; with --csv, "
              "--json and --markdown (docs/EXPERIMENTS.md)" },
    { .name = "tables",
      .value = "DIR",
      TEXT(tables),
      .help =
          "of --claims: by the tables that tools/collect.py wrote into DIR, "
          "where the runs are gone" },
    { .name = NULL },
};
#undef TEXT
#undef FIELD

/* 0: it is none, or does not say. */
static idx terminal_width(void)
{
    struct winsize size = { 0 };
    if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

static int run(int argc, char **argv, struct err *e)
{
    struct compare_options o = {
        .loss = COMPARE_LOSS,
        .threshold = NAN, /* the usual one */
        .x = COMPARE_X,
        .step = NAN,
        .table_width = terminal_width(),
        .unicode = utf8_terminal(),
    };
    struct words words;
    o.width = o.table_width > 0 ? o.table_width : WIDTH_USUAL;
    if (!command_parse(&command_compare, &o, &words, argc, argv, e)) {
        o.runs = words.at;
        o.n_runs = words.n;
        o.drawn = o.metric ? NULL : figure_metric(o.figure);
        o.metric = o.metric ? o.metric : COMPARE_METRIC;
        if (o.is_claims)
            claims_run(stdout, &o, e);
        else if (o.tables)
            err_set(e, ERR_USAGE,
                    "compare: --tables does nothing without --claims");
        else
            compare_run(stdout, &o, e);
    }
    filter_release(&o.where);
    words_release(&words);
    return e->code;
}

const struct command command_compare = {
    .name = "compare",
    .summary = "tabulate and plot several runs, or a sweep",
    .synopsis = "RUN|SWEEP... [options]",
    .about =
        "Compares runs: one table of how they ended, one plot of how they got "
        "there.\n\n"
        "RUN is a run's folder that `sinklab analyze` has been through; "
        "without its analysis.csv what training measured (metrics.csv) is "
        "used. SWEEP is a folder with runs directly below it, or with the "
        "tables that an experiment keeps of them: then runs that "
        "differ in their seeds only are one row and one curve, their mean.",
    .options = options,
    .more =
        "The table names the keys in which the runs differ. final: at the last "
        "step measured. What columns are says `sinklab list metric`; metrics "
        "without raw in their name are of rows scaled to sum 1. -: not "
        "measured, or never.\n\n"
        "Of groups: n runs are averaged, those that are done; diverged, failed "
        "and unfinished ones are only counted under status. Where none is "
        "done, those under way count as far as all of them came: (n). Means "
        "are taken at steps that all n measured, nothing is interpolated. "
        "\302\261: sample standard deviation (n - 1), in figures the band. "
        "emerged in: k of the n runs, whose mean step it is. Differences are "
        "judged over seeds: over pairs of runs with the same seeds, where "
        "there "
        "are, else over all runs; p is of an exact permutation test, the "
        "interval of Student's or Welch's t; signs: how many pairs are above "
        "and below 0 (docs/COMPARE.md).",
    .missing = "no run folder given: try `sinklab compare runs/a runs/b`",
    .run = run,
};
