/* train_log.h - metrics.csv and timing.csv of a run. */
#ifndef SINKLAB_TRAIN_LOG_H
#define SINKLAB_TRAIN_LOG_H

#include "run/metrics.h"
#include "train/session.h"

/* What one row says. What it has not was not measured: an empty cell. */
struct train_row {
    idx step;
    bool has_update;            /* none at step 0 */
    double loss, grad_norm, lr; /* of the update */
    struct val_result val;      /* of no sequences: not measured */
    bool has_sinks; /* the session's meter holds this step's columns */
};

struct train_log {
    struct metrics metrics, timing;
};

/* train_log_create - both files of their header lines alone. */
int train_log_create(struct train_log *l, const struct session *s,
                     const char *dir, struct err *e);

/* train_log_open - both files end after the rows up to `step`; last_row is the
 * row_hash of the last of them in metrics.csv, as resume.h5 has it. Says so on
 * standard output where rows of a file are missing all the same. */
int train_log_open(struct train_log *l, const struct session *s,
                   const char *dir, idx step, const char *last_row,
                   struct err *e);

/* train_log_row - append the row, and to timing.csv the wall seconds since the
 * start of this process and the tokens a second since the last row. */
int train_log_row(struct train_log *l, const struct session *s,
                  const struct train_row *row, double wall_s,
                  double tokens_per_s, struct err *e);

/* Columns of a meter as CSV: ",sink_1,sink_2" and ",0.5,0.25"; what is not
 * given (or measured) is an empty cell. */
struct text;
void csv_meter_names(struct text *t, const struct meter *meter);
void csv_meter_values(struct text *t, const struct meter *meter,
                      bool is_measured);
/* Columns of a validation of this session, empty cells where nothing was
 * measured; val_excess only where the source's floor is known. */
void csv_val_names(struct text *t, const struct session *s);
void csv_val_values(struct text *t, const struct session *s,
                    const struct val_result *v);
/* ",value"; "nan", "inf" and "-inf" as well. A NaN has no sign. Not measured:
 * ",". */
void csv_number(struct text *t, bool is_measured, double value);

#endif
