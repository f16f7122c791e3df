/* metric_case.h - one metric on numbers that a test made up. */
#ifndef SINKLAB_METRIC_CASE_H
#define SINKLAB_METRIC_CASE_H

#include "metric/meter.h"
#include "metric/metric.h"

enum { CASE_T = 64 }; /* rows of a head that metric_case draws up */

/* The row of this name ("sink_" for sink_1); fails the test if there is none.
 */
const struct metric *metric_named(const char *name);

/* A head of CASE_T rows, all of them tokens, with weights (CASE_T, n_extra +
 * CASE_T) of its own that may be written to. */
struct metric_case {
    struct head_view head;
    struct metric_head view;
    real weights[CASE_T * (CASE_T + 1)];
    double row_mass[CASE_T];
    bool separators[CASE_T];
    int32_t tokens[CASE_T];
};

/* Zero but for its sizes. */
void metric_case_init(struct metric_case *c, idx n_extra);

/* Of query `row` and key j; j = -1: the extra column. */
real *metric_case_weight(struct metric_case *c, idx row, idx j);

/* Rows divide themselves evenly among what they see. */
void metric_case_uniform(struct metric_case *c);

/* Ratio number i that a metric gives; the functions below its quotient. */
struct ratio metric_of_head(const char *name, struct metric_case *c, idx i);
struct ratio metric_of_rows(const char *name, const real *x, idx rows, idx n,
                            idx i);
struct ratio metric_of_sequence(const char *name, const real *const *x, idx L,
                                idx rows, idx C, idx i);
/* With what feed-forwards add, too. */
struct ratio metric_of_writes(const char *name, const real *const *x,
                              const real *const *ffn, idx L, idx rows, idx C,
                              idx i);
double ratio_value(struct ratio r); /* fails the test if there is none */

/* The column of this name, or NULL. */
const struct meter_column *find_column(const struct meter *t, const char *name);

#endif
