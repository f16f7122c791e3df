/* import.c - `sinklab import`: its command line. */
#include "exchange/import.h"

#include "cmd/cmd.h"
#include "config/config_keys.h"

struct arguments {
    const char *dir;
    idx step;
    bool is_dry, is_state;
};

#define FIELD(f) .offset = offsetof(struct arguments, f)
static const struct command_option options[] = {
    { .name = "output",
      .letter = 'o',
      .value = "RUN",
      .type = OPTION_TEXT,
      FIELD(dir),
      .help = "the run folder to make" },
    { .name = "step",
      .value = "N",
      .type = OPTION_COUNT,
      FIELD(step),
      .max = STEP_MAX,
      .help = "the step that the one FOLDER is of; else what its name says "
              "(step1000), or 0" },
    { .name = "state",
      FIELD(is_state),
      .help = "also write what `sinklab train RUN train.steps=N` goes on from: "
              "the last weights and an optimizer that begins anew; takes the "
              "memory of training" },
    { .name = "dry-run",
      FIELD(is_dry),
      .help = "say what would be written, and the memory, and stop" },
    { .name = NULL },
};
#undef FIELD

static int run(int argc, char **argv, struct err *e)
{
    struct arguments a = { .step = -1 };
    struct words words;
    if (!command_parse(&command_import, &a, &words, argc, argv, e)) {
        const struct import_options o = {
            .folders = words.at,
            .n_folders = words.n,
            .dir = a.dir,
            .step = a.step,
            .settings = words.settings,
            .n_settings = words.n_settings,
            .is_dry = a.is_dry,
            .is_state = a.is_state,
            .argc = argc,
            .argv = argv,
            .out = stdout,
        };
        if (!a.dir)
            err_set(e, ERR_USAGE,
                    "import: which run is to be made? Give -o RUN (see "
                    "`sinklab help import`)");
        else if (a.step >= 0 && words.n > 1)
            err_set(e, ERR_USAGE,
                    "import: --step is of one folder; of several each name "
                    "has its step, as step1000");
        else
            import_run(&o, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_import = {
    .name = "import",
    .summary = "a run whose checkpoints are models made elsewhere",
    .synopsis = "FOLDER ... -o RUN [--step N] [section.key=value ...]",
    .about =
        "Reads config.json and safetensors of GPT-2, LLaMA, Mistral, Qwen2 and "
        "3, OLMo 1 and 2, GPT-NeoX (Pythia), GPT-Neo and OPT models, as "
        "`transformers` writes them, and "
        "makes a run folder, which is analysed, compared, shown and sampled "
        "like any other.\n\n"
        "Several FOLDERs are checkpoints of one run, whose steps their names "
        "have, as step1000. The data are random tokens of the model's "
        "vocabulary, unless "
        "settings (data.*, sink.*, metrics.*) say otherwise; BOS is the "
        "model's own, if config.json names it. docs/MODELS.md has commands.",
    .options = options,
    .takes_settings = true,
    .missing = "which model? Give the folder that holds its config.json, and "
               "-o RUN",
    .run = run,
};
