/* sealed_text.h - text files that are replaced whole, with a hash at their end.
 *
 *   [run]
 *   ...
 *   ; seal = 16 hex digits: XXH3-64 of all bytes in front of this line
 *
 * To an INI reader the seal is a comment. Files of an older version end
 * without; they are read as they are, but for empty ones, which none wrote.
 * Accidents show, not forgery.
 *
 * Rows that are appended one by one are chained instead (io/row_chain.h,
 * io/sealed_line.h), and HDF5 files have a seal of their own (io/hdf.h).
 */
#ifndef SINKLAB_SEALED_TEXT_H
#define SINKLAB_SEALED_TEXT_H

#include "base/base.h"
#include "base/err.h"

/* Bytes of the line, and of a buffer for it. */
enum { SEAL_LINE_BYTES = 26, SEAL_LINE_MAX = SEAL_LINE_BYTES + 1 };

/* sealed_text_line - the seal of n bytes of text, with line feed. */
void sealed_text_line(char line[SEAL_LINE_MAX], const char *text, size_t n);

/* sealed_text_write - replace path by these bytes and their seal.
 * OK or ERR_IO (fsys_replace). */
int sealed_text_write(const char *path, const char *text, size_t n,
                      struct err *e);

enum seal_state { SEAL_GOOD, SEAL_NONE, SEAL_BROKEN };

/* sealed_text_open - check n bytes of text (NUL behind them) and cut the seal
 * off: *n is less then, with a NUL there. */
enum seal_state sealed_text_open(char *text, size_t *n);

/* sealed_text_read - the file without its seal; as fsys_read_file, and
 * damage_code "path: was changed after sinklab wrote it ...; remedy" for a
 * broken seal or a NUL, "path: is empty ...; remedy". *is_sealed (may be NULL): it has one. */
int sealed_text_read(char **text, size_t *n, bool *is_sealed, const char *path,
                     size_t cap_bytes, int damage_code, const char *remedy,
                     struct err *e);

#endif
