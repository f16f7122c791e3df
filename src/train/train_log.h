/* train_log.h - metrics.csv and timing.csv of a run. */
#ifndef SINKLAB_TRAIN_LOG_H
#define SINKLAB_TRAIN_LOG_H

#include "metric/columns.h"
#include "run/metrics.h"
#include "train/session.h"

struct train_log {
    struct metrics metrics, timing;
    struct run_columns columns;
};

/* train_log_create - both files of their header lines alone; borrows what the
 * columns do. */
int train_log_create(struct train_log *l, struct run_columns columns,
                     const char *dir, struct err *e);

/* train_log_open - both files end after the rows up to `step`; last_row is the
 * row_hash of the last of them in metrics.csv, as resume.h5 has it. Says so on
 * standard output where rows of a file are missing all the same, and where the
 * file has not all columns that a new one would have. */
int train_log_open(struct train_log *l, const struct session *s,
                   const char *dir, idx step, const char *last_row,
                   struct err *e);

/* train_log_row - append a row to both. OK or ERR_IO. */
int train_log_row(struct train_log *l, const struct readings *r, struct err *e);

#endif
