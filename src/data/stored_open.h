/* stored_open.h - find the files that tokens are in, map them, check what they
 * say of themselves, and know what they are by their hash.
 *
 * Nothing is read beyond headers and tables of documents, unless the hash is
 * not known (identity.h) or is asked to be anew.
 */
#ifndef SINKLAB_STORED_OPEN_H
#define SINKLAB_STORED_OPEN_H

#include "base/err.h"
#include "data/stored.h"
#include "data/stored_format.h"
#include "data/stored_query.h"

/* stored_open - all tokens of a text, of token files, or of a part of a
 * prepared folder, at least one. All files have one format and one width.
 * OK; ERR_DATA: missing, cut off, damaged, of another format, mixed; ERR_IO,
 * ERR_MEMORY. Close in any case. */
int stored_open(struct stored *s, const struct stored_query *q, struct err *e);

/* stored_is_tokens - does the path show that tokens are there: a prepared
 * folder, or a file with a header? Else it may be a text. */
bool stored_is_tokens(const struct stored_query *q);

#endif
