/* table.h - a CSV file of numbers, whole in memory, one array per column.
 *
 * The format is what this program writes: a header line of distinct names,
 * then lines of as many cells, comma between, no quotes, no spaces; a cell is
 * a number in C's notation (nan and inf included) or empty. The two say
 * different things: nan is a number that was measured and came out as none,
 * empty means that nothing was measured there, or that the column does not
 * apply. table_given tells them apart; both read as NAN. A last line
 * without newline is what a killed run leaves behind: it is dropped. Anything
 * else is ERR_DATA "file:line: got X, want Y".
 * Where the last column is row_hash (io/row_chain.h), the rows are checked by
 * it, and it is none of the table's columns.
 * One column, of a name that the caller gives, may be text: 16 hex digits, the
 * same in every row, which say what the numbers were made from.
 * A table owns all its memory. Zeroed, it may be released.
 */
#ifndef SINKLAB_TABLE_H
#define SINKLAB_TABLE_H

#include "base/arena.h"
#include "base/base.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/pool.h"

struct table {
    idx rows, columns;
    char **names; /* (columns) */
    double *v;    /* (columns,rows): a column is contiguous */
    bool *given;  /* the same: is there anything in the cell? */
    char *text;   /* the file; the names point into it */
    struct arena memory;
    struct pool added;         /* names of columns that no file has */
    bool is_chained;           /* the rows were checked by their hashes */
    bool is_torn;              /* a last line was dropped */
    char origin[HASH_HEX_MAX]; /* 16 hex digits; "" without such a column */
};

/* More is refused: it is none of this program's files. The logs of a run end
 * there (run/metrics.h). */
enum { TABLE_MAX_BYTES = 1 << 30, TABLE_MAX_COLUMNS = 4096 };

/* table_read - fill a zeroed table from the file at path; origin: the name of
 * the column that is no number, NULL: there is none.
 * OK; ERR_IO: it cannot be read, or is too large; ERR_DATA; ERR_MEMORY.
 * On error the table is empty again. */
int table_read(struct table *t, const char *path, const char *origin,
               struct err *e);
void table_release(struct table *t);

/* table_read_steps - the same of rows that belong to steps: ERR_DATA, too,
 * where no column is named step, or a cell of it is none (0, 1, ...). */
int table_read_steps(struct table *t, const char *path, const char *origin,
                     struct err *e);

/* table_make - fill a zeroed table with columns of these names (copied) and so
 * many rows, whose cells the caller fills: v and given are zeros. OK or
 * ERR_MEMORY. */
int table_make(struct table *t, char *const *names, idx columns, idx rows,
               struct err *e);

/* table_add - one column more behind the others, of the caller's own reckoning:
 * value and given (rows), copied. OK; ERR_MEMORY: the table is as it was. What
 * borrowed its columns has lost them. */
int table_add(struct table *t, const char *name, const double *value,
              const bool *given, struct err *e);

/* table_find - number of the column with this name; -1 where there is none. */
idx table_find(const struct table *t, const char *name);

/* table_column - the values (rows) of a column, NAN where the cell is empty or
 * says nan; NULL for column -1. */
const double *table_column(const struct table *t, idx column);

/* table_given - (rows) of a column: does the cell hold a number, be it nan?
 * false: it is empty. NULL for column -1. */
const bool *table_given(const struct table *t, idx column);

/* table_is_given - is there a cell in this column that holds a number, be it
 * nan? false for column -1. */
bool table_is_given(const struct table *t, idx column);

/* table_is_same - do both have the same columns and the same cells, to the bit?
 */
bool table_is_same(const struct table *a, const struct table *b);

/* table_last - the last number of a column, be it nan, into *value; false
 * (NAN) where all its cells are empty, and for column -1. */
bool table_last(double *value, const struct table *t, idx column);

#endif
