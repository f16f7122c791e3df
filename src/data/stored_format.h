/* stored_format.h - one layout of files with tokens, and the table of all: one
 * file (stored_NAME.c) and one line in stored_format.c. */
#ifndef SINKLAB_STORED_FORMAT_H
#define SINKLAB_STORED_FORMAT_H

#include "base/base.h"
#include "base/err.h"
#include "base/op_text.h"

struct mapping;
struct stored;
struct stored_query;

struct stored_format {
    struct op_text text; /* its formula: the layout */
    /* *is_one: is this file surely one of these? For `auto`, which asks one
     * format after the other. OK; ERR_IO: the system does not say.
     * NULL: nothing in a file shows it. */
    int (*claims)(bool *is_one, const struct mapping *m, struct err *e);
    /* Check an open file and add its tokens, and documents if it has them.
     * OK, ERR_DATA, ERR_IO, ERR_MEMORY. NULL: `auto`, which is no layout. */
    int (*add)(struct stored *s, const struct mapping *m,
               const struct stored_query *q, struct err *e);
};

/* Row i is what the key [data] format calls stored_format_name(i); row 0 is
 * `auto`. A text (source = text) is none of them. */
extern const struct stored_format *const stored_formats[]; /* ends with NULL */
const char *stored_format_name(int i); /* NULL past the end */
/* Does a file begin with a magic of llm.c's? Then it holds no bare tokens. */
bool llmc_begins(const struct mapping *m);

extern const struct stored_format stored_text, stored_llmc, stored_nanogpt,
    stored_megatron;

#endif
