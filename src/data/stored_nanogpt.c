/* stored_nanogpt.c - tokens and nothing else, as nanoGPT's prepare.py writes
 * them: nothing in the file says how wide they are.
 *
 * KEEP WITH: docs/FORMATS.md, "Token files".
 */
#include "data/stored.h"
#include "data/stored_format.h"
#include "data/stored_query.h"
#include "io/mapping.h"

static int add_nanogpt(struct stored *s, const struct mapping *m,
                       const struct stored_query *q, struct err *e)
{
    idx width = q->token_bytes;
    if (llmc_begins(m))
        return err_set(e, ERR_DATA,
                       "%s: begins as an llm.c file does, whose header are no "
                       "tokens: set data.format = llmc",
                       m->place);
    if (width == 0)
        return err_set(e, ERR_DATA,
                       "%s: has no header, so nothing says how wide its "
                       "tokens are: set data.token_bytes = 2 (or 4)",
                       m->place);
    if (width != 2 && width != 4)
        return err_set(e, ERR_DATA, "%s: [data] token_bytes = %td: want 2 or 4",
                       m->place, width);
    if (m->n == 0)
        return err_set(e, ERR_DATA, "%s: is empty: take it away", m->place);
    if (m->n % (size_t)width)
        return err_set(e, ERR_DATA,
                       "%s: its %zu bytes are no whole number of tokens of "
                       "%td (data.token_bytes): it was cut off, or has another "
                       "format",
                       m->place, m->n, width);
    return stored_add_piece(s, m, m->bytes, (idx)m->n / width, width, e);
}

const struct stored_format stored_nanogpt = {
    .text = { .name = "nanogpt",
              .formula = "tokens of data.token_bytes each and nothing else",
              .parameters = "data.token_bytes",
              .source = "karpathy/nanoGPT, data/openwebtext/prepare.py" },
    .add = add_nanogpt,
};
