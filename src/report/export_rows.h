/* export_rows.h - a run's rows as JSON lines, and as TensorBoard's events. */
#ifndef SINKLAB_EXPORT_ROWS_H
#define SINKLAB_EXPORT_ROWS_H

#include <stdio.h>

#include "report/run_data.h"

/* What a run has measured, and what tells it from the others. */
struct export_run {
    const struct run_data *data;
    const struct table *timing;    /* may be empty */
    const struct config_key *keys; /* (n_keys) in which the runs differ */
    idx n_keys;
};

/* export_jsonl - a line for each row of each file:
 *     {"run":"a","optim.lr":0.001,"file":"metrics","step":10,"loss":3.2}
 * run: its folder's name, or whole path where another has that name.
 * Empty cells are left out; nan, inf and -inf are texts. OK or ERR_MEMORY. */
int export_jsonl(FILE *out, const struct export_run *r, struct err *e);

/* export_events - an event for each cell, metrics/loss and so on, at the
 * seconds that training had taken; and the configuration as a text. OK or
 * ERR_MEMORY. */
int export_events(FILE *out, const struct export_run *r, struct err *e);

#endif
