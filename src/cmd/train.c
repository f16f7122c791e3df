/* train.c - `sinklab train`: its command line. */
#include "train/train.h"

#include "cmd/cmd.h"

#define FLAG(field) .offset = offsetof(struct train_request, field)
static const struct command_option options[] = {
    { .name = "resume",
      FLAG(wants_resume),
      .help = "go on if the run folder already holds this run" },
    { .name = "restart",
      FLAG(wants_restart),
      .help = "compute the run in RUN_FOLDER again from step 0, with the same "
              "bits; what is there is replaced on the way" },
    { .name = "dry-run",
      FLAG(is_dry),
      .help = "print parameters, memory, disk, FLOPs and how long it will "
              "take, from some steps that are timed; write nothing" },
    { .name = "rate",
      .value = "R",
      .type = OPTION_NUMBER,
      FLAG(dry.rate),
      .min = 1e-6,
      .max = 1e18,
      .help = "with --dry-run: at R tokens a second, without timing" },
    { .name = "json",
      FLAG(dry.is_json),
      .help = "with --dry-run: for programs, on one line" },
    { .name = NULL },
};
#undef FLAG

static int run(int argc, char **argv, struct err *e)
{
    struct train_request r = { .argc = argc, .argv = argv };
    struct words words;
    command_parse(&command_train, &r, &words, argc, argv, e);
    if (!e->code && !r.is_dry && (r.dry.rate > 0 || r.dry.is_json))
        err_set(e, ERR_USAGE,
                "train: --%s goes with --dry-run (see `sinklab help train`)",
                r.dry.is_json ? "json" : "rate");
    if (!e->code && r.is_dry)
        command_check_single("train --dry-run", e);
    if (!e->code) {
        r.path = words.at[0];
        r.overrides = words.settings;
        r.n_overrides = words.n_settings;
        train_run(&r, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_train = {
    .name = "train",
    .summary = "train a model from a config, or go on with a run",
    .synopsis = "CONFIG.ini [section.key=value ...] [--resume | --dry-run]\n"
                "RUN_FOLDER [section.key=value ...] [--restart]",
    .about = "Trains the model that CONFIG.ini describes; the run folder "
             "(run.dir) keeps checkpoints and metrics.csv. With a run folder "
             "instead, goes on where it stopped, bit for bit.",
    .options = options,
    .more = "All keys: sinklab help config",
    .words_max = 1,
    .takes_settings = true,
    .missing = "which config? Try `sinklab train configs/quick.ini`",
    .is_shared = true,
    .run = run,
};
