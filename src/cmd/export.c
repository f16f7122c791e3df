/* export.c - `sinklab export`: its command line. */
#include "report/export.h"

#include <string.h>

#include "analysis/run_model.h"
#include "cmd/cmd.h"
#include "config/config_keys.h"
#include "exchange/model_export.h"

struct arguments {
    struct export_options rows;
    const char *analysis;
    const char *dir, *format; /* of a model */
    idx step;
};

#define FIELD(f) .offset = offsetof(struct arguments, f)
static const struct command_option options[] = {
    { .name = "tensorboard",
      .value = "DIR",
      .type = OPTION_TEXT,
      FIELD(rows.tensorboard),
      .help = "write DIR/RUN/events.out.tfevents..., which TensorBoard shows: "
              "each column of metrics.csv, timing.csv and analysis.csv, and "
              "the configuration" },
    { .name = "jsonl",
      .value = "FILE",
      .type = OPTION_TEXT,
      FIELD(rows.jsonl),
      .help = "write a line of JSON for each row of these files, with the "
              "run's name and the keys in which the runs differ; -: standard "
              "output, which gets nothing else" },
    { .name = "layers",
      .value = "METRICS",
      .type = OPTION_TEXT,
      FIELD(rows.layers),
      .help = "of the analysis also each layer of these metrics by itself: "
              "sink_1,first_mass adds sink_1_layer_0 and others" },
    OPTION_ANALYSIS(struct arguments),
    { .name = "where",
      .value = "CONDITION",
      .type = OPTION_WHERE,
      FIELD(rows.where),
      .help = "only runs for which it holds (`sinklab help runs`)" },
    { .name = "output",
      .letter = 'o',
      .value = "FOLDER",
      .type = OPTION_TEXT,
      FIELD(dir),
      .help = "write the model of one RUN there, as model.safetensors" },
    { .name = "step",
      .value = "S",
      .type = OPTION_COUNT,
      FIELD(step),
      .max = STEP_MAX,
      .help = "with -o: the checkpoint; else the last" },
    { .name = "format",
      .value = "FORMAT",
      .type = OPTION_TEXT,
      FIELD(format),
      .help = "with -o: transformers (and config.json; GPT2LMHeadModel, "
              "LlamaForCausalLM or another class that has all of the "
              "settings), or plain (our names, and config.ini)" },
    { .name = NULL },
};
#undef FIELD

static int export_model(const struct arguments *a, struct err *e)
{
    const struct export_options *rows = &a->rows;
    const char *format = a->format ? a->format : "transformers";
    const struct model_export_options o = {
        .run = rows->n_folders ? rows->folders[0] : "",
        .step = a->step,
        .dir = a->dir,
        .is_plain = !strcmp(format, "plain"),
        .out = stdout,
    };
    if (rows->n_folders != 1 || rows->tensorboard || rows->jsonl ||
        rows->analysis || rows->layers || rows->where.n)
        return err_set(e, ERR_USAGE,
                       "export: -o is of one RUN, without --tensorboard, "
                       "--jsonl, --layers, --analysis and --where");
    if (!o.is_plain && strcmp(format, "transformers") != 0)
        return err_set(e, ERR_USAGE,
                       "export: --format %.40s: want transformers or plain",
                       format);
    return model_export_run(&o, e);
}

static int run(int argc, char **argv, struct err *e)
{
    struct arguments a = { .step = NO_STEP };
    struct words words;
    if (!command_parse(&command_export, &a, &words, argc, argv, e)) {
        a.rows.folders = words.at;
        a.rows.n_folders = words.n;
        a.rows.analysis = a.analysis;
        if (a.dir)
            export_model(&a, e);
        else if (a.format || a.step != NO_STEP)
            err_set(e, ERR_USAGE,
                    "export: --step and --format are of a model: give -o "
                    "FOLDER");
        else
            export_run(stdout, &a.rows, e);
    }
    filter_release(&a.rows.where);
    words_release(&words);
    return e->code;
}

const struct command command_export = {
    .name = "export",
    .summary = "a run's rows or a model for other programs",
    .synopsis = "RUN|SWEEP... [--tensorboard DIR] [--jsonl FILE]\n"
                "RUN [--step S] -o FOLDER [--format transformers|plain]",
    .about =
        "Writes what runs measured, or the model of a checkpoint, in the form "
        "of other programs.\n\n"
        "RUN is a run's folder, SWEEP a folder with runs directly below it. In "
        "TensorBoard a curve is called by its file and column, metrics/loss or "
        "analysis/sink_1; its clock begins with the run's training. Written "
        "again, files are replaced. docs/PYTHON.md shows what Python makes of "
        "a run without any of this, docs/MODELS.md what becomes of models.",
    .options = options,
    .missing = "no run folder given: try `sinklab export runs/a --jsonl -`",
    .run = run,
};
