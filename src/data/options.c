#include "data/options.h"

#include "base/rng.h"
#include "data/source_kind.h"

#define FIELD(f) offsetof(struct data_options, f)
const struct key data_keys[] = {
    { "source", KEY_CHOICE, FIELD(source), "bigram-backcopy", 0, 0, source_name,
      0, "where tokens come from; `sinklab list source` explains each", NULL },
    { "task_seed", KEY_INT, FIELD(task_seed), "1", 0, RNG_SEED_MAX, NULL, 0,
      "bigram-backcopy: seed of the table of bigrams, which is the task; runs "
      "of one task share it",
      "data.source = bigram-backcopy" },
    { "eval_seed", KEY_INT, FIELD(eval_seed), "1", 0, RNG_SEED_MAX, NULL, 0,
      "seed of the held-out sequences, on which losses and sinks are measured; "
      "runs that are compared share it",
      NULL },
    { "path", KEY_TEXT, FIELD(path), "", 0, 0, NULL, KEY_RESUME,
      "text: a file, or a folder whose files are all read",
      "data.source = text" },
    { "hash", KEY_TEXT, FIELD(hash), "", 0, 0, NULL, 0,
      "text: 16 hex digits that its tokens must hash to (XXH3-64); empty: not "
      "checked. A run fills it in, so that it only goes on with the same "
      "text",
      "data.source = text" },
    { "bos", KEY_BOOL, FIELD(bos), "yes", 0, 0, NULL, 0,
      "every sequence begins with a BOS token", NULL },
    { "eos", KEY_BOOL, FIELD(eos), "no", 0, 0, NULL, 0,
      "text: an EOS token stands between documents (one file each)",
      "data.source = text" },
    { "val_fraction", KEY_REAL, FIELD(val_fraction), "0.1", 0.0001, 0.9, NULL,
      0, "text: share of the text, at its end, held out for validation",
      "data.source = text" },
    { "vocab", KEY_INT, FIELD(vocab), "64", 2, 1 << 20, NULL, 0,
      "synthetic sources: number of tokens, BOS not counted",
      "data.source = bigram-backcopy | random" },
    { "triggers", KEY_INT, FIELD(triggers), "3", 0, 1 << 20, NULL, 0,
      "bigram-backcopy: how many tokens ask for a copy of the one before",
      "data.source = bigram-backcopy" },
};
const idx n_data_keys = COUNT_OF(data_keys);
