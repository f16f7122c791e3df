/* metrics.h - metrics.csv and timing.csv: logs of rows that begin with a step.
 *
 * A header line, then rows of as many cells; the first cell is the step, which
 * grows from row to row. A resumed run first drops the rows beyond the step it
 * goes on from, so that the file ends up as if it had never been stopped; this
 * is why times stand in a file of their own. Format: io/table.h.
 * The run folder's lock must be held.
 */
#ifndef SINKLAB_METRICS_H
#define SINKLAB_METRICS_H

#include "base/base.h"
#include "base/err.h"
#include "io/run.h"

struct metrics {
    char path[RUN_PATH_MAX];
};

enum { METRICS_HEADER_MAX = 16384, METRICS_MAX_BYTES = 1 << 30 };

/* metrics_open - make the file end after the last row with a step of at most
 * up_to_step; create it with its header where it is missing (or was killed
 * before that was whole). header is without newline. up_to_step -1 starts anew.
 * A last line without newline is dropped.
 * OK; ERR_DATA: another header, or a kept row that is none (file:line);
 * ERR_IO, ERR_MEMORY. On error the file is unchanged. */
int metrics_open(struct metrics *m, const char *path, const char *header,
                 idx up_to_step, struct err *e);

/* metrics_append - one row, without newline; one write. OK or ERR_IO. */
int metrics_append(const struct metrics *m, const char *row, struct err *e);

/* metrics_sync - rows appended so far survive a power cut. Call it before a
 * resume.h5 is saved that counts on them. OK or ERR_IO. */
int metrics_sync(const struct metrics *m, struct err *e);

#endif
