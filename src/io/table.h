/* table.h - a CSV file of numbers, whole in memory, one array per column.
 *
 * The format is what this program writes: a header line of distinct names,
 * then lines of as many cells, comma between, no quotes, no spaces; a cell is
 * a number in C's notation (nan and inf included) or empty, which reads as
 * NAN. A last line without newline is what a killed run leaves behind: it is
 * dropped. Anything else is ERR_DATA "file:line: got X, want Y".
 * A table owns all its memory. Zeroed, it may be released.
 */
#ifndef SINKLAB_TABLE_H
#define SINKLAB_TABLE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"

struct table {
    idx rows, columns;
    char **names; /* (columns) */
    double *v;    /* (columns,rows): a column is contiguous */
    char *text;   /* the file; the names point into it */
    struct arena memory;
};

/* More is refused: it is none of this program's files. */
enum { TABLE_MAX_BYTES = 256 << 20, TABLE_MAX_COLUMNS = 4096 };

/* table_read - fill a zeroed table from the file at path.
 * OK; ERR_IO: it cannot be read, or is too large; ERR_DATA; ERR_MEMORY.
 * On error the table is empty again. */
int table_read(struct table *t, const char *path, struct err *e);
void table_release(struct table *t);

/* table_find - number of the column with this name; -1 where there is none. */
idx table_find(const struct table *t, const char *name);

/* table_column - the values (rows) of a column; NULL for column -1. */
const double *table_column(const struct table *t, idx column);

#endif
