/* stored_text.c - any file byte by byte: tokens 0 .. 255, a file a document. */
#include "data/stored.h"
#include "data/stored_format.h"
#include "io/mapping.h"

static int add_text(struct stored *s, const struct mapping *m,
                    const struct stored_query *q, struct err *e)
{
    (void)q;
    int rc = stored_add_document(s, s->n, e);
    s->text_bytes += (double)m->n;
    return rc == OK ? stored_add_piece(s, m, m->bytes, (idx)m->n, 1, e) : rc;
}

const struct stored_format stored_text = {
    .text = { .name = "text",
              .key = "[data] source = text",
              .formula = "bytes; a file is a document" },
    .add = add_text,
};
