/* sample.c - `sinklab sample`: its command line. */
#include "report/continuation.h"

#include <unistd.h>

#include "base/rng.h"
#include "base/terminal.h"
#include "base/utf8.h"
#include "cmd/cmd.h"

struct sample_options {
    struct continuation c;
    idx step, seed;
};

#define C(field) .offset = offsetof(struct sample_options, c.field)
static const struct command_option options[] = {
    { .name = "step",
      .value = "S",
      .type = OPTION_COUNT,
      .offset = offsetof(struct sample_options, step),
      .max = 1e15,
      .help = "the checkpoint (the last)" },
    { .name = "prompt",
      .value = "TEXT",
      .type = OPTION_TEXT,
      C(prompt),
      .help = "what it goes on behind (BOS alone, if the model knows one)" },
    { .name = "prompt-ids",
      .value = "IDS",
      .type = OPTION_TEXT,
      C(prompt_ids),
      .help = "the same by the numbers of its tokens" },
    { .name = "tokens",
      .value = "N",
      .type = OPTION_COUNT,
      C(tokens),
      .min = 1,
      .max = 1e6,
      .help = "so many follow, or fewer up to EOS (100)" },
    { .name = "temperature",
      .value = "T",
      .type = OPTION_NUMBER,
      C(how.temperature),
      .max = 1e6,
      .help =
          "what logits are divided by; 0: always the most likely token (1)" },
    { .name = "top-k",
      .value = "K",
      .type = OPTION_COUNT,
      C(how.top_k),
      .min = 1,
      .max = 1e9,
      .help = "one of the K most likely tokens (any)" },
    { .name = "seed",
      .value = "N",
      .type = OPTION_COUNT,
      .offset = offsetof(struct sample_options, seed),
      .max = RNG_SEED_MAX,
      .help = "the same seed, the same text (1)" },
    { .name = "json",
      C(is_json),
      .help = "for programs, with the tokens; on one line" },
    { .name = NULL },
};
#undef C

enum { NOT_GIVEN = -1 };

static int check(struct sample_options *o, struct err *e)
{
    bool is_greedy = o->c.how.temperature == 0;
    if (o->c.prompt && o->c.prompt_ids)
        return err_set(e, ERR_USAGE,
                       "sample: --prompt and --prompt-ids say the same: give "
                       "one of them");
    if (is_greedy && (o->c.how.top_k || o->seed != NOT_GIVEN))
        return err_set(e, ERR_USAGE,
                       "sample: %s does nothing at --temperature 0, where the "
                       "most likely token is taken: leave it out",
                       o->c.how.top_k ? "--top-k" : "--seed");
    o->c.how.seed = o->seed == NOT_GIVEN ? 1 : (uint64_t)o->seed;
    return OK;
}

static int run(int argc, char **argv, struct err *e)
{
    struct sample_options o = { .step = NO_STEP, .seed = NOT_GIVEN };
    struct words words;
    o.c = (struct continuation){ .tokens = 100, .how = { .temperature = 1 } };
    if (!command_parse(&command_sample, &o, &words, argc, argv, e) &&
        !check(&o, e)) {
        o.c.model = (struct run_model_query){
            .dir = words.at[0],
            .step = o.step,
            .overrides = words.settings,
            .n_overrides = words.n_settings,
            .unicode = utf8_terminal(),
        };
        o.c.is_terminal = !o.c.is_json && terminal_is(STDOUT_FILENO);
        continuation_print(stdout, &o.c, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_sample = {
    .name = "sample",
    .summary = "let a run's model go on behind a prompt",
    .synopsis = "RUN [section.key=value ...] [options]",
    .about =
        "Prints the prompt and what the model of a checkpoint says behind it, "
        "token by token. Text comes out as it is; on a terminal what would "
        "steer it, or is no text, is escaped (\\x1b). A model that was not "
        "trained on text takes and gives numbers of tokens.\n\n"
        "The model sees BOS (if its sequences begin with one), the prompt and "
        "what it said, as far as that fits model.context. Then the window "
        "slides: for each token that comes the oldest behind BOS goes, and all "
        "is computed anew with places counted from the window's beginning. "
        "It ends early at EOS, or at a BOS. Edits of [data], as "
        "data.fixed_position, are not made.",
    .options = options,
    .more = "Useful keys: data.path, if the corpus lies elsewhere now; "
            "train.threads.",
    .words_max = 1,
    .takes_settings = true,
    .missing = "which run? Try `sinklab sample runs/text --prompt \"To be\"`",
    .run = run,
};
