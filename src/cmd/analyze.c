/* analyze.c - `sinklab analyze`: its command line. */
#include "analysis/analyze.h"

#include "base/machine.h"
#include "cmd/cmd.h"

static const struct command_option options[] = {
    { .name = "again",
      .offset = offsetof(struct analyze_options, is_again),
      .help = "measure all anew, also what is up to date" },
    { .name = "json",
      .offset = offsetof(struct analyze_options, is_json),
      .help = "print an object on one line, for programs, when all is done" },
    { .name = "as",
      .type = OPTION_TEXT,
      .value = "NAME",
      .offset = offsetof(struct analyze_options, name),
      .help = "write analysis-NAME.csv and .h5, beside what is there; "
              "`compare --analysis NAME` takes them" },
    { .name = "last",
      .type = OPTION_COUNT,
      .value = "N",
      .offset = offsetof(struct analyze_options, last),
      .min = 1,
      .max = STEP_MAX,
      .help = "the newest N checkpoints alone, for what takes long; with --as, "
              "as it is no analysis of a run" },
    { .name = "jobs",
      .type = OPTION_COUNT,
      .value = "N",
      .offset = offsetof(struct analyze_options, jobs),
      .min = 1,
      .max = CORES_MAX,
      .help = "runs at once (as many as there are cores and memory for)" },
    { .name = NULL },
};

static int run(int argc, char **argv, struct err *e)
{
    struct analyze_options o = { .name = "" };
    struct words words;
    command_parse(&command_analyze, &o, &words, argc, argv, e);
    if (!e->code && words.n > 1)
        command_check_single("analyze of several runs", e);
    if (!e->code && o.last > 0 && !*o.name)
        err_set(e, ERR_USAGE,
                "analyze: --last %td measures some checkpoints, and a run's "
                "analysis without a name is of all: name it with --as NAME",
                o.last);
    if (!e->code && *o.name)
        run_analysis_check(o.name, "analyze: --as", e);
    if (!e->code) {
        o.folders = words.at;
        o.n_folders = words.n;
        o.overrides = words.settings;
        o.n_overrides = words.n_settings;
        analyze_folders(&o, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_analyze = {
    .name = "analyze",
    .summary = "measure sinks in every checkpoint of a run, or a sweep",
    .synopsis = "RUN|SWEEP... [section.key=value ...] [options]",
    .about =
        "Reads every checkpoint of a run, measures sinks and validation loss, "
        "prints a line each and writes analysis.csv and analysis.h5 there.\n\n"
        "SWEEP is a folder with runs directly below it: all that are done, or "
        "were stopped by a rule of theirs, are analyzed, several at once. Of "
        "these, and of several RUNs, those whose analysis is up to date with "
        "their checkpoints and settings are left alone, so the same command "
        "goes on where it was stopped. Of a run only what is missing is "
        "measured: "
        "checkpoints that are new or have changed, and metrics that were not "
        "asked for before. A signal stops it behind the checkpoint at hand, "
        "and "
        "what was measured of a run is kept, unless the analysis that was "
        "there holds more.\n\n"
        "Several processes (mpirun, srun) share one RUN, to the same files.",
    .options = options,
    .more =
        "The table has the usual columns of analysis.csv, with shares in "
        "percent, and sink_1 at each threshold of metrics.eps; `sinklab list "
        "metric` explains them. -: not measured. What metrics.names asks for "
        "beside them is in the files only. An analysis takes the place of the "
        "one before, unless --as gives it a name of its own: sinks of text, of "
        "random and of repeated tokens stand side by side.\n\n"
        "--json has of a run its checkpoints (step; measured, kept or failed, "
        "and why; values, as in analysis.csv) and files, of several runs what "
        "became of each.\n\n"
        "Useful keys: sink.eps, sink.tokens, sink.sequences, sink.positions, "
        "sink.val_tokens, sink.input, sink.bos, sink.edits, metrics.names, "
        "metrics.eps, train.threads.",
    .takes_settings = true,
    .is_shared = true,
    .missing = "which run? Try `sinklab analyze runs/quick`",
    .run = run,
};
