/* update_meter.h - measures updates of the weights, for the columns that
 * somebody asked for: what update_metric.h says.
 *
 * A meter that is asked for nothing has no columns and costs nothing. Measuring
 * an update changes none of its bits.
 */
#ifndef SINKLAB_UPDATE_METER_H
#define SINKLAB_UPDATE_METER_H

#include "base/arena.h"
#include "metric/names.h"
#include "metric/update_metric.h"
#include "metric/window.h"
#include "optim/options.h"

struct update_column {
    struct update_name is;
    bool is_given;         /* false: not measured yet */
    double value;          /* of the update that was measured last */
    struct window *window; /* of the values before; NULL: not is_z */
};

struct update_meter {
    const struct param_table *table; /* borrowed, as the options */
    const struct optim_options *options;
    struct update_column *columns;
    struct window *windows;    /* (n_windows) in the order of the columns */
    struct update_sums *rows;  /* (table count) of each tensor */
    struct update_sums *parts; /* (n_parts) of what columns are about */
    idx n_columns, n_windows, n_parts;
    idx n_layers;                 /* that tensors name */
    bool has_group[PARAM_GROUPS]; /* are there any that are trained? */
    struct arena arena;
};

/* update_meter_check - does every item of metrics.names that is about updates
 * alone ask for a column that the tensors have, and is there room for all that
 * is asked for? OK or ERR_CONFIG. */
int update_meter_check(const struct param_table *table,
                       const struct metric_choice *choice, struct err *e);

/* update_meter_open - borrows the table and the options. OK or ERR_MEMORY;
 * release in any state. */
int update_meter_open(struct update_meter *t, const struct param_table *table,
                      const struct optim_options *o,
                      const struct metric_choice *choice, struct err *e);
void update_meter_release(struct update_meter *t);

/* Bytes that update_meter_open would allocate; 0: nobody asks. */
size_t update_meter_bytes(const struct param_table *table,
                          const struct metric_choice *choice);

/* Is the next update to be measured? It is if there will be a row of it, and
 * always if a column compares it with the updates before (is_z). */
bool update_meter_is_due(const struct update_meter *t, bool is_logged);

/* update_meter_see - t->rows are those of an update at learning rate lr: fill
 * the columns. */
void update_meter_see(struct update_meter *t, double lr);

#endif
