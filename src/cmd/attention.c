/* attention.c - `sinklab attention`: its command line. */
#include "report/attention_show.h"

#include "base/utf8.h"
#include "cmd/cmd.h"

#define Q(field) .offset = offsetof(struct attention_show, query.field)
static const struct command_option options[] = {
    { .name = "step",
      .value = "S",
      .type = OPTION_COUNT,
      Q(model.step),
      .max = 1e15,
      .help = "the checkpoint (the last)" },
    { .name = "text",
      .value = "TEXT",
      .type = OPTION_TEXT,
      Q(text),
      .help = "what is read, with BOS in front if the model's sequences begin "
              "with one (sink.bos=no: without)" },
    { .name = "tokens",
      .value = "IDS",
      .type = OPTION_TEXT,
      Q(tokens),
      .help = "the same by the numbers of its tokens, taken as they are" },
    { .name = "layer",
      .value = "L",
      .type = OPTION_COUNT,
      Q(layer),
      .max = 1e6,
      .help = "this layer alone, counted from 0" },
    { .name = "head",
      .value = "H",
      .type = OPTION_COUNT,
      Q(head),
      .max = 1e6,
      .help = "this head alone, counted from 0" },
    { .name = "output",
      .letter = 'o',
      .value = "FILE",
      .type = OPTION_TEXT,
      .offset = offsetof(struct attention_show, output),
      .help = "all weights, as numbers (.h5) or drawn (.svg, .png, .pdf)" },
    { .name = "json",
      .offset = offsetof(struct attention_show, is_json),
      .help = "the table for programs, on one line" },
    { .name = NULL },
};
#undef Q

static int run(int argc, char **argv, struct err *e)
{
    struct attention_show o = { .output = NULL };
    struct words words;
    o.query = (struct attention_query){ .model = { .step = NO_STEP },
                                        .layer = ALL_OF_THEM,
                                        .head = ALL_OF_THEM };
    if (!command_parse(&command_attention, &o, &words, argc, argv, e)) {
        o.query.model.dir = words.at[0];
        o.query.model.overrides = words.settings;
        o.query.model.n_overrides = words.n_settings;
        o.query.model.unicode = utf8_terminal();
        attention_show(stdout, &o, e);
    }
    words_release(&words);
    return e->code;
}

const struct command command_attention = {
    .name = "attention",
    .summary = "show what a run's model attends to in a text, head by head",
    .synopsis = "RUN --text TEXT [section.key=value ...] [options]",
    .about =
        "Lets the model of a checkpoint read a text and prints, for each "
        "head, where its weight goes, a mean over queries: on the first token, "
        "on the query's own, on the one in front of it, and on no token (extra "
        "column, registers, what a row lacks to one).\n\n"
        "FILE.h5 gets every weight (layer, head, query, key), see "
        "docs/FORMATS.md. A picture has a panel for each head: queries from "
        "top "
        "to bottom, keys from left to right, darker where there is more "
        "weight.",
    .options = options,
    .more = "Useful keys: sink.bos=no, data.path, train.threads.",
    .ask = "sinklab attention --help", /* `help attention` is a page */
    .words_max = 1,
    .takes_settings = true,
    .missing =
        "which run? Try `sinklab attention runs/quick --tokens \"1 2 3\"`",
    .run = run,
};
