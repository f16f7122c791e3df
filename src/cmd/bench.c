/* bench.c - `sinklab bench`: its command line. */
#include "train/bench.h"

#include <math.h>
#include <stdio.h>

#include "base/text.h"
#include "cmd/cmd.h"

struct bench_options {
    bool is_json;
    double seconds;
};

static const struct command_option options[] = {
    { .name = "json",
      .offset = offsetof(struct bench_options, is_json),
      .help = "the same for programs, on one line" },
    { .name = "seconds",
      .value = "X",
      .type = OPTION_NUMBER,
      .offset = offsetof(struct bench_options, seconds),
      .min = 1e-9,
      .max = HUGE_VAL,
      .help = "measure steps for about so long (10)" },
    { .name = NULL },
};

static int run(int argc, char **argv, struct err *e)
{
    struct bench_options o = { .seconds = 10 };
    struct config_source *origins = NULL;
    struct config c;
    struct words words;
    if (!command_parse(&command_bench, &o, &words, argc, argv, e) &&
        !config_load(&c, words.at[0], words.settings, words.n_settings,
                     &origins, e)) {
        text_print_lines(stdout, "note: ", config_notes(origins));
        bench_run(&c, o.seconds, o.is_json, e);
    }
    config_source_free(origins);
    words_release(&words);
    return e->code;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "measure training speed of a config",
    .synopsis = "CONFIG.ini [section.key=value ...] [options]",
    .about = "Measures, in turns, the rate of a large matrix product on all "
             "threads and training steps of the config; prints tokens a "
             "second, model FLOP/s, their ratio to the product's rate "
             "(utilisation; medians), where the time of a step goes, what "
             "probe and checkpoints cost, and peak memory. Only a temporary "
             "file is written, in the current folder.",
    .options = options,
    .words_max = 1,
    .takes_settings = true,
    .missing = "which config? Try `sinklab bench configs/bench-small.ini`",
    .is_shared = true,
    .run = run,
};
