/* chained.h - CSV text as the program writes it, with the column row_hash. */
#ifndef SINKLAB_CHAINED_H
#define SINKLAB_CHAINED_H

/* chained - text with row_hash behind every whole line; a last line without
 * line feed stays as it is. Lives until the eighth call from now. */
const char *chained(const char *text);

/* The row_hash of the last whole line; of a header, its hash. Lives as long. */
const char *chained_last(const char *text);

#endif
