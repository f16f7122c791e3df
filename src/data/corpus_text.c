/* corpus_text.c - any text file, or all files of a folder, byte by byte: tokens
 * are the bytes 0 .. 255, one file is one document. */
#include "data/corpus_stored.h"
#include "data/stored_format.h"

static int open_text(struct corpus *c, const struct data_options *o,
                     struct err *e)
{
    c->n_plain = 256;
    return corpus_open_stored(c, o, &stored_text, e);
}

const struct corpus_kind corpus_text = {
    .text = { .name = "text",
              .key = "[data] source = text",
              .formula = "a text file, or all files below a folder, as bytes "
                         "(data.path)" },
    .is_stored = true,
    .open = open_text,
};
