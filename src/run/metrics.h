/* metrics.h - metrics.csv, timing.csv and samples.csv: logs of rows that begin
 * with a step.
 *
 * A header line, then rows of as many cells; the first cell is the step, which
 * grows from row to row, the last is row_hash (io/row_chain.h), which this
 * module adds. A resumed run first drops the rows beyond the step it goes on
 * from, so that the file ends up as if it had never been stopped; this is why
 * times stand in a file of their own. Format: io/table.h.
 *
 * A file that is there keeps its header: columns are known by their names, so
 * one that was begun without some of them, by an earlier version say, goes on
 * without.
 * The run folder's lock must be held.
 */
#ifndef SINKLAB_METRICS_H
#define SINKLAB_METRICS_H

#include "base/base.h"
#include "base/err.h"
#include "io/row_chain.h"
#include "io/table.h"
#include "metric/columns.h"
#include "run/run_files.h"

/* Of a header, and the columns in it, row_hash included; of a row, be it one of
 * samples.csv, which holds a text. */
enum {
    METRICS_HEADER_MAX = RUN_LINE_MAX + sizeof "," ROW_CHAIN_COLUMN,
    METRICS_ROW_MAX = 1 << 16,
    METRICS_COLUMNS_MAX = RUN_COLUMNS_MAX + 1,
    METRICS_ABSENT_MAX = 256,
};
_Static_assert(RUN_LINE_MAX + HASH_HEX_MAX + 1 <= METRICS_ROW_MAX,
               "a row of every column fits");

struct metrics {
    char path[RUN_PATH_MAX];
    struct row_chain chain; /* of the last row */
    bool is_new;            /* metrics_open found no such file */
    idx cut_line;           /* metrics_open_cut dropped lines from this one on,
                               as they were damaged; 0: none */
    size_t bytes;           /* of the file */
    bool is_changed;        /* by another program, metrics_append found */
    idx n_columns;          /* of the file, without row_hash */
    short cells[METRICS_COLUMNS_MAX]; /* (n_columns) which cell of an appended
                                         row stands there */
    char absent[METRICS_ABSENT_MAX];  /* "a, b": what rows have and the file
                                         has not; cut */
};

/* metrics_create - a file of its header line alone, replacing any. header is
 * without newline and row_hash; at most RUN_COLUMNS_MAX names. OK or
 * ERR_IO. */
int metrics_create(struct metrics *m, const char *path, const char *header,
                   struct err *e);

/* metrics_open - make the file end after the row whose hash is `last`: the one
 * that was there when the state of step up_to_step was saved. Create it where
 * there is none (is_new).
 * OK; ERR_DATA: the file has a column that header has not, or a kept row that
 * is not what was written (file:line), or the rows end before that one; ERR_IO,
 * ERR_MEMORY. On error the file is unchanged. */
int metrics_open(struct metrics *m, const char *path, const char *header,
                 idx up_to_step, const char *last, struct err *e);

/* metrics_open_cut - for a log that may have lost rows, and of which nothing is
 * computed: make it end after the last sound row with a step of at most
 * up_to_step. Create it where there is none. OK, ERR_IO, ERR_MEMORY. */
int metrics_open_cut(struct metrics *m, const char *path, const char *header,
                     idx up_to_step, struct err *e);

/* A row as it stands in the file. */
struct metrics_row {
    idx line;               /* from 2 */
    idx step;               /* -1: it begins with none */
    struct row_chain chain; /* behind it */
    bool is_sound;          /* what was written, and behind the one in front */
};

/* metrics_walk - for checks: hand over every row of the log at path, damaged
 * ones too, until take says other than OK. *header: of the chain, *is_torn:
 * ends in the midst of a row.
 * OK; ERR_DATA: its header is not one with row_hash; ERR_IO, ERR_MEMORY; what
 * take gave. */
int metrics_walk(const char *path, struct row_chain *header, bool *is_torn,
                 int (*take)(void *user, const struct metrics_row *row),
                 void *user, struct err *e);

/* metrics_append - one row, without newline and hash, of fewer than
 * METRICS_ROW_MAX bytes with them: a cell for each name of the header that
 * create or open was given; one in quotes may hold commas. One write. OK or
 * ERR_IO, also where readers would refuse so large a file (TABLE_MAX_BYTES),
 * and where another program removed or changed it, which is_changed then says;
 * the file, and the chain, are then as before. */
int metrics_append(struct metrics *m, const char *row, struct err *e);

/* metrics_sync - rows appended so far survive a power cut. Call it before a
 * resume.h5 is saved that counts on them. OK or ERR_IO. */
int metrics_sync(const struct metrics *m, struct err *e);

#endif
