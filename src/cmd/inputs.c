/* inputs.c - `sinklab inputs`: its command line. */
#include "report/inputs.h"

#include "base/machine.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "config/config.h"

#define FIELD(f) .offset = offsetof(struct inputs_options, f)
static const struct command_option options[] = {
    { .name = "columns",
      .type = OPTION_TEXT,
      .value = "NAMES",
      FIELD(columns),
      .help = "a table for each of these metrics "
              "(sink_1,first_mass,hidden_ratio)" },
    { .name = "csv",
      .type = OPTION_TEXT,
      .value = "FILE",
      FIELD(csv),
      .help = "write one table of all into FILE, shares as 0 to 1; -: standard "
              "output, which gets nothing else" },
    { .name = "markdown",
      .type = OPTION_TEXT,
      .value = "FILE",
      FIELD(markdown),
      .help = "write the tables into FILE as Markdown; - as above" },
    { .name = "last",
      .type = OPTION_COUNT,
      .value = "N",
      FIELD(last),
      .min = 1,
      .max = STEP_MAX,
      .help = "measure the newest N checkpoints alone: 1 is all that the "
              "tables show" },
    { .name = "again",
      FIELD(is_again),
      .help = "measure all anew, also what is up to date" },
    { .name = "jobs",
      .type = OPTION_COUNT,
      .value = "N",
      FIELD(jobs),
      .help = "runs at once (as many as there are cores and memory for)",
      .min = 1,
      .max = CORES_MAX },
    { .name = NULL },
};
#undef FIELD

static int run(int argc, char **argv, struct err *e)
{
    struct inputs_options o = { .columns = "sink_1,first_mass,hidden_ratio",
                                .unicode = utf8_terminal() };
    struct words words;
    if (!command_parse(&command_inputs, &o, &words, argc, argv, e)) {
        o.folders = words.at;
        o.n_folders = words.n;
        o.settings = words.settings;
        o.n_settings = words.n_settings;
        inputs_run(stdout, &o, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_inputs = {
    .name = "inputs",
    .summary = "sinks of several models by input, with BOS and without",
    .synopsis = "RUN|SWEEP... [section.key=value ...] [options]",
    .about =
        "Prints the table that compares models by what they are given: a row a "
        "run, at its last checkpoint, a column an input - its own data, random "
        "tokens, uniform or as frequent as in its data, one token over and "
        "over - with BOS and without it.\n\n"
        "Each input is an analysis of its own, as `sinklab analyze RUN --as "
        "random sink.input=random` makes it: data, random, unigram, repeat, "
        "data-no-bos, random-no-bos, unigram-no-bos, repeat-no-bos. What is up "
        "to date is not measured again; of what is not all checkpoints are "
        "measured, so that "
        "`compare --analysis random` has its curves; with --last 1 the one "
        "that the tables show, which of a run of many is far quicker. -: not "
        "measured, as the data of a model that was imported without any.",
    .options = options,
    .more = "Useful keys, of all runs alike: sink.sequences, sink.tokens, "
            "sink.eps, train.threads. The analyses have a loss of one sequence "
            "only, unless sink.val_tokens wants more.",
    .takes_settings = true,
    .missing = "which runs? Try `sinklab inputs runs/quick`",
    .run = run,
};
