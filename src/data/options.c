#include "data/options.h"

#include "base/rng.h"
#include "data/corpus_kind.h"
#include "data/order.h"
#include "data/stored_format.h"

#define FIELD(f) offsetof(struct data_options, f)

#define FILES "data.source = text | tokens"
#define STORED DATA_HAS_DOCUMENTS
#define HAS_PLACES "model.position = learned | sinusoid | rope"

const struct key data_keys[] = {
    { "source", KEY_CHOICE, FIELD(source), "bigram-backcopy", 0, 0, corpus_name,
      0, "where tokens come from; `sinklab list source` explains each", NULL },
    { "task_seed", KEY_INT, FIELD(task_seed), "1", 0, RNG_SEED_MAX, NULL, 0,
      "seed of what the task is, which runs of one task share: the table of "
      "bigrams, which samples data.unique_tokens of a synthetic source are, "
      "what edits draw",
      "task_draws" },
    { "eval_seed", KEY_INT, FIELD(eval_seed), "1", 0, RNG_SEED_MAX, NULL, 0,
      "seed of the held-out sequences, on which losses and sinks are measured; "
      "runs that are compared share it",
      NULL },
    { "path", KEY_TEXT, FIELD(path), "", 0, 0, NULL, KEY_RESUME,
      "text: a file, or a folder whose files are all read; tokens: a shard, a "
      "folder or pattern of shards, or what `sinklab data prepare` made",
      FILES },
    { "val_path", KEY_TEXT, FIELD(val_path), "", 0, 0, NULL, KEY_RESUME,
      "the held-out part, if it is not the end of data.path", FILES },
    { "bigram_path", KEY_TEXT, FIELD(bigram_path), "", 0, 0, NULL, KEY_RESUME,
      "bigram-backcopy: a text, or a folder of texts, whose bytes are the "
      "tokens and whose pairs of bytes are the table; empty: data.vocab tokens "
      "and a table drawn from data.task_seed",
      "has_bigrams" },
    { "mixture", KEY_TEXT, FIELD(mixture), "", 0, 0, NULL, 0,
      "mixture: weights and sources, as in 0.7*text:novels, 0.3*random",
      "data.source = mixture" },
    { "hash", KEY_TEXT, FIELD(hash), "", 0, 0, NULL, 0,
      "16 hex digits that the tokens of the files must hash to (XXH3-64); "
      "empty: not checked. A run fills it in, so that it only goes on with the "
      "same corpus",
      "reads_files" },
    { "format", KEY_CHOICE, FIELD(format), "auto", 0, 0, stored_format_name, 0,
      "tokens: layout of the shards; auto finds out all that have a header",
      "data.source = tokens | mixture" },
    { "token_bytes", KEY_INT, FIELD(token_bytes), "0", 0, 4, NULL, 0,
      "tokens: bytes of one in files without a header, 2 or 4; 0: not said",
      "data.source = tokens | mixture" },
    { "bos", KEY_BOOL, FIELD(bos), "yes", 0, 0, NULL, 0,
      "every sequence begins with a BOS token; with order = packed every "
      "document does",
      NULL },
    { "bos_token", KEY_INT, FIELD(bos_token), "-1", -1, 1 << 20, NULL, 0,
      "which of the corpus's tokens BOS is, as in models made elsewhere; -1: "
      "one more, behind them",
      "data.bos = yes" },
    { "eos", KEY_BOOL, FIELD(eos), "no", 0, 0, NULL, 0,
      "an EOS token stands between documents (of a text, files)", STORED },
    { "val_fraction", KEY_REAL, FIELD(val_fraction), "0.1", 0.0001, 0.9, NULL,
      0,
      "share of the corpus, at its end, held out for validation, where nothing "
      "else is",
      "cuts_held_out" },
    { "vocab", KEY_INT, FIELD(vocab), "64", 2, 1 << 20, NULL, 0,
      "number of tokens, BOS and others of ours not counted; of prepared "
      "shards their own, if that is more",
      "counts_tokens" },
    { "triggers", KEY_INT, FIELD(triggers), "3", 0, 1 << 20, NULL, 0,
      "how many tokens tell the one behind them: in bigram-backcopy the one "
      "before them again, in induction what followed them before",
      "has_triggers" },
    { "copy_length", KEY_INT, FIELD(copy_length), "16", 1, 1 << 20, NULL, 0,
      "copy: tokens of the block that comes again and again", "has_copies" },
    { "order", KEY_CHOICE, FIELD(order), "windows", 0, 0, order_name, 0,
      "which tokens make a sequence; `sinklab list order` explains each",
      NULL },
    { "restart_positions", KEY_BOOL, FIELD(restart_positions), "no", 0, 0, NULL,
      0, "tokens' places count from the beginning of their document",
      HAS_PLACES " and " DATA_HAS_DOCUMENTS " or " HAS_PLACES
                 " and attention.document_token != -1" },
    { "unique_tokens", KEY_INT, FIELD(unique_tokens), "0", 0, 1e15, NULL, 0,
      "training reads only so many different tokens, from the beginning, over "
      "and over: less are part of more; of a mixture, each part; 0: all",
      NULL },
    { "shuffle", KEY_BOOL, FIELD(shuffle), "no", 0, 0, NULL, 0,
      "the tokens of a sequence come in a random order", NULL },
    { "random_positions", KEY_LIST, FIELD(random_positions), "", 1, 1 << 20,
      NULL, 0,
      "places, counted from 1 with BOS, where uniformly random tokens stand",
      NULL },
    { "random_fresh", KEY_BOOL, FIELD(random_fresh), "no", 0, 0, NULL, 0,
      "what edits draw is drawn anew each time a piece of the corpus is read; "
      "no: once",
      "edits_draw" },
    { "fixed_position", KEY_INT, FIELD(fixed_position), "0", 0, 1 << 20, NULL,
      0, "place, counted from 1 with BOS, of data.fixed_token; 0: none", NULL },
    { "fixed_token", KEY_INT, FIELD(fixed_token), "-1", -1, 1 << 20, NULL, 0,
      "the token at data.fixed_position; -1: one of its own, that nothing else "
      "has",
      "data.fixed_position != 0" },
    { "fixed_target", KEY_BOOL, FIELD(fixed_target), "yes", 0, 0, NULL, 0,
      "the fixed token is also a target for the one before",
      "data.fixed_position > 1" },
    { "label_noise", KEY_REAL, FIELD(label_noise), "0", 0, 1, NULL, 0,
      "share of training's targets that are replaced by uniformly random "
      "tokens",
      NULL },
};
const idx n_data_keys = COUNT_OF(data_keys);
