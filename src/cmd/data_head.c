/* data_head.c - `sinklab data head`: its command line. */
#include "report/samples.h"

#include "base/text.h"
#include "base/utf8.h"
#include "cmd/cmd.h"
#include "cmd/config_word.h"

static const struct command_option options[] = {
    { .name = "split",
      .value = "NAME",
      .type = OPTION_TEXT,
      .offset = offsetof(struct samples_options, split),
      .help = "train, val (what a validation reads) or sink (what sinks are "
              "measured on); train" },
    { .name = "from",
      .value = "I",
      .type = OPTION_COUNT,
      .offset = offsetof(struct samples_options, from),
      .max = 1e15,
      .help = "the first sample, counted from 0 (0)" },
    { .name = "count",
      .value = "N",
      .type = OPTION_COUNT,
      .offset = offsetof(struct samples_options, count),
      .min = 1,
      .max = 1e15,
      .help = "so many, or as many as there are (3)" },
    { .name = "json",
      .offset = offsetof(struct samples_options, is_json),
      .help = "for programs: an object a line" },
    { .name = NULL },
};

static int run(int argc, char **argv, struct err *e)
{
    struct samples_options o = { .split = "train",
                                 .count = 3,
                                 .unicode = utf8_terminal() };
    struct config c;
    struct words words;
    if (!command_parse(&command_data_head, &o, &words, argc, argv, e) &&
        !config_of_word(&c, &words, e))
        samples_print(stdout, &c, &o, e);
    words_release(&words);
    return e->code;
}

const struct command command_data_head = {
    .name = "data head",
    .summary = "print samples as training, validation or the measuring of "
               "sinks sees them",
    .synopsis = "CONFIG.ini|RUN [section.key=value ...] [options]",
    .about =
        "Prints decoded samples of a config, or of a run by its folder: "
        "tokens with BOS, EOS, edits and padding, where documents begin, which "
        "targets count.\n\n"
        "With --json each line is an object: tokens, targets, weights (0: does "
        "not count), offsets (places in the corpus), documents, positions, and "
        "which sample it is. docs/FORMATS.md, \"How sample i is made\", says "
        "how to compute them elsewhere.",
    .options = options,
    .words_max = 1,
    .takes_settings = true,
    .missing = "which config? Try `sinklab data head configs/text.ini`",
    .run = run,
};
