/* row_chain.h - CSV lines that each carry a hash of all that stands before.
 *
 *   step,loss,row_hash
 *   0,5.5,36b1b8f2a9d7e0c4     16 hex digits
 *
 * The last cell of a row is the XXH3-64 of 32 digits: those of the row before
 * (of the header line's hash for the first row), and those of the hash of the
 * row's bytes in front of the last comma. So a changed byte shows in its line,
 * and a row that is lost, doubled or moved in the line behind it; rows lost at
 * the end show where the chain's value is kept elsewhere (resume.h5). It finds
 * accidents, not forgery.
 *
 * Lists that several processes append to have lines which know nothing of
 * each other instead: io/sealed_line.h.
 */
#ifndef SINKLAB_ROW_CHAIN_H
#define SINKLAB_ROW_CHAIN_H

#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"

#define ROW_CHAIN_COLUMN "row_hash"

/* Where a chain stands: the hash of the last line it went over. */
struct row_chain {
    char hex[HASH_HEX_MAX];
};

/* row_chain_start - go over a header line of n bytes. false: its last column
 * is not ours, so the rows carry no hashes. */
bool row_chain_start(struct row_chain *c, const char *header, size_t n);

/* row_chain_next - go over a row that is to be written: its bytes without the
 * last comma and the hash, which is c->hex afterwards. */
void row_chain_next(struct row_chain *c, const char *row, size_t n);

/* row_chain_take - go over a row that was read, n bytes with its hash. false:
 * it is not what was written, or not behind that row; c stays where it was. */
bool row_chain_take(struct row_chain *c, const char *line, size_t n);

/* row_chain_write - replace path by a CSV text of whole lines (n bytes, without
 * the column) with row_hash behind each. OK, ERR_IO (fsys_replace),
 * ERR_MEMORY. */
int row_chain_write(const char *path, const char *text, size_t n,
                    struct err *e);

#endif
