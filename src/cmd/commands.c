#include "cmd/cmd.h"

#include <stddef.h>

const struct command commands[] = {
    { "train", "train a model from a config, or go on with a run", cmd_train },
    { "sweep", "train many runs from one file", cmd_sweep },
    { "analyze", "measure sinks in every checkpoint of a run, or a sweep",
      cmd_analyze },
    { "compare", "tabulate and plot several runs, or a sweep", cmd_compare },
    { "runs", "list runs and how they stand; archive, remove them", cmd_runs },
    { "verify", "check all that a run or a sweep holds for damage",
      cmd_verify },
    { "bench", "measure training speed of a config", cmd_bench },
    { "list", "what attention, optimizers, sources, metrics there are",
      cmd_list },
    { "help",
      "this list; `help COMMAND`; `help config`, `help attention` for all keys",
      cmd_help },
    { NULL, NULL, NULL },
};
