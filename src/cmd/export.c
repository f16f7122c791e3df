/* export.c - `sinklab export`: its command line. */
#include "report/export.h"

#include "cmd/cmd.h"

#define FIELD(f) .offset = offsetof(struct export_options, f)
static const struct command_option options[] = {
    { .name = "tensorboard",
      .value = "DIR",
      .type = OPTION_TEXT,
      FIELD(tensorboard),
      .help = "write DIR/RUN/events.out.tfevents..., which TensorBoard shows: "
              "each column of metrics.csv, timing.csv and analysis.csv, and "
              "the configuration" },
    { .name = "jsonl",
      .value = "FILE",
      .type = OPTION_TEXT,
      FIELD(jsonl),
      .help = "write a line of JSON for each row of these files, with the "
              "run's name and the keys in which the runs differ; -: standard "
              "output, which gets nothing else" },
    OPTION_ANALYSIS(struct export_options),
    { .name = "where",
      .value = "CONDITION",
      .type = OPTION_WHERE,
      FIELD(where),
      .help = "only runs for which it holds (`sinklab help runs`)" },
    { .name = NULL },
};
#undef FIELD

static int run(int argc, char **argv, struct err *e)
{
    struct export_options o = { .n_folders = 0 };
    struct words words;
    if (!command_parse(&command_export, &o, &words, argc, argv, e)) {
        o.folders = words.at;
        o.n_folders = words.n;
        export_run(stdout, &o, e);
    }
    filter_release(&o.where);
    words_release(&words);
    return e->code;
}

const struct command command_export = {
    .name = "export",
    .summary = "a run's rows for TensorBoard, or as lines of JSON",
    .synopsis = "RUN|SWEEP... [--tensorboard DIR] [--jsonl FILE]",
    .about =
        "Writes what runs measured in the form of other programs.\n\n"
        "RUN is a run's folder, SWEEP a folder with runs directly below it. In "
        "TensorBoard a curve is called by its file and column, metrics/loss or "
        "analysis/sink_1; its clock begins with the run's training. Written "
        "again, files are replaced. docs/PYTHON.md shows what Python makes of "
        "a run without any of this.",
    .options = options,
    .missing = "no run folder given: try `sinklab export runs/a --jsonl -`",
    .run = run,
};
