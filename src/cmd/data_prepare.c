/* data_prepare.c - `sinklab data prepare`: its command line. */
#include "prepare/prepare.h"

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "cmd/cmd.h"
#include "run/run_place.h"

struct arguments {
    const char *dir, *separator, *key, *model;
    bool is_lines, is_jsonl, is_tails, is_documents, is_forced;
    idx vocab, seed;
    double val_fraction;
};

/* 256 bytes, <unk>, and room for the text's characters. */
enum { VOCAB_MIN = 300, VOCAB_MAX = 1 << 20 };

_Static_assert(HELD_OUT_MANY == 100, "help says so, three times");

#define FIELD(f) .offset = offsetof(struct arguments, f)
static const struct command_option options[] = {
    { .name = "output",
      .letter = 'o',
      .value = "DIR",
      .type = OPTION_TEXT,
      FIELD(dir),
      .help = "the folder to make" },
    { .name = "lines", FIELD(is_lines), .help = "a document is a line" },
    { .name = "jsonl",
      FIELD(is_jsonl),
      .help = "a document is the string \"text\" of a line's JSON object" },
    { .name = "key",
      .value = "NAME",
      .type = OPTION_TEXT,
      FIELD(key),
      .help = "with --jsonl: the string's name, if another than \"text\"" },
    { .name = "separator",
      .value = "LINE",
      .type = OPTION_TEXT,
      FIELD(separator),
      .help = "a document is what lies between lines that say just this, as "
              "'<|endoftext|>'" },
    { .name = "vocab",
      .value = "N",
      .type = OPTION_COUNT,
      FIELD(vocab),
      .min = VOCAB_MIN,
      .max = VOCAB_MAX,
      .help = "tokens are sub-words: SentencePiece learns N of them on the "
              "training part" },
    { .name = "tokenizer",
      .value = "MODEL",
      .type = OPTION_TEXT,
      FIELD(model),
      .help = "tokens are sub-words of this SentencePiece model, or of the "
              "folder of a corpus that has one" },
    { .name = "val-fraction",
      .value = "F",
      .type = OPTION_NUMBER,
      FIELD(val_fraction),
      .max = 0.9,
      .help = "share of the text that is held out (0.1; 0: none)" },
    { .name = "val-tails",
      FIELD(is_tails),
      .help =
          "hold out the end of each document; so it is with less than 100" },
    { .name = "val-documents",
      FIELD(is_documents),
      .help = "hold out whole documents, drawn at random; so it is with 100 or "
              "more" },
    { .name = "seed",
      .value = "N",
      .type = OPTION_COUNT,
      FIELD(seed),
      .max = RNG_SEED_MAX,
      .help = "of that draw (0); only where whole documents are held out" },
    { .name = "force",
      FIELD(is_forced),
      .help = "replace the corpus that is there" },
    { .name = NULL },
};
#undef FIELD

static int say_usage(struct err *e, const char *what)
{
    return err_set(e, ERR_USAGE,
                   "data prepare: %s (see `sinklab help data prepare`)", what);
}

/* What does not go together, or does nothing. */
static int check(const struct arguments *a, struct err *e)
{
    if (!a->dir)
        return say_usage(e, "which folder is to be made? Give -o DIR");
    if (a->is_lines + a->is_jsonl + (a->separator != NULL) > 1)
        return say_usage(e, "--lines, --jsonl and --separator exclude each "
                            "other");
    if (a->key && !a->is_jsonl)
        return say_usage(e, "--key is of --jsonl");
    if (a->separator && strchr(a->separator, '\n'))
        return say_usage(e, "--separator has a line feed, so no line says it: "
                            "give the text of one line");
    if (a->vocab && a->model)
        return say_usage(e, "--vocab and --tokenizer exclude each other");
    if (a->is_tails && a->is_documents)
        return say_usage(e, "--val-tails and --val-documents exclude each "
                            "other");
    if (a->val_fraction <= 0 && (a->is_tails || a->is_documents || a->seed))
        return say_usage(e, "--val-fraction 0 holds out nothing, so that "
                            "--val-tails, --val-documents and --seed do "
                            "nothing");
    if (a->seed && a->is_tails)
        return say_usage(e, "--seed does nothing with --val-tails");
    return OK;
}

static enum document_rule rule_of(const struct arguments *a)
{
    return a->is_lines    ? DOCUMENT_LINE
           : a->is_jsonl  ? DOCUMENT_JSONL
           : a->separator ? DOCUMENT_SEPARATOR
                          : DOCUMENT_FILE;
}

static int run(int argc, char **argv, struct err *e)
{
    struct arguments a = { .val_fraction = 0.1 };
    struct words words;
    command_parse(&command_data_prepare, &a, &words, argc, argv, e);
    if (!e->code && check(&a, e) == OK &&
        run_place_outside(a.dir, "-o", e) == OK) {
        const struct prepare_options o = {
            .paths = words.at,
            .n_paths = words.n,
            .dir = a.dir,
            .documents = rule_of(&a),
            .separator = a.separator,
            .key = a.key ? a.key : "text",
            .vocab = a.vocab,
            .model = a.model,
            .held_out = a.is_tails       ? HELD_OUT_TAILS
                        : a.is_documents ? HELD_OUT_DOCUMENTS
                                         : HELD_OUT_AUTO,
            .val_fraction = a.val_fraction,
            .seed = a.seed,
            .is_forced = a.is_forced,
            .argc = argc,
            .argv = argv,
            .out = stdout,
            .progress = stderr,
        };
        prepare_run(&o, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_data_prepare = {
    .name = "data prepare",
    .summary = "tokens from files of text: a training and a held-out part",
    .synopsis = "FILE|FOLDER ... -o DIR [options]",
    .about =
        "Makes a folder of tokens from files of text, for data.source = "
        "tokens, data.path = DIR.\n\n"
        "All files below a FOLDER are read, in the order of their names, "
        "hidden ones left out. A document is a file, unless an option says "
        "otherwise. Tokens are bytes, or sub-words with --vocab or "
        "--tokenizer, which SentencePiece's own programs make (`apt-get "
        "install sentencepiece`).",
    .options = options,
    .more = "A part of the text is kept from training: with 100 documents or "
            "more whole ones, else the end of each.\n\n"
            "DIR is a corpus once it has a manifest.ini, which is written "
            "last. The same command again finds it done, or begins anew where "
            "it was interrupted. docs/DATA.md shows commands for corpora that "
            "people have.",
    .missing = "which texts? Give files or folders, and -o DIR",
    .run = run,
};
