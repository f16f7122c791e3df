/* run_arrays.h - a metric of a run over its own axes, out of analysis.h5. */
#ifndef SINKLAB_RUN_ARRAYS_H
#define SINKLAB_RUN_ARRAYS_H

#include "base/pool.h"
#include "metric/metric.h"
#include "report/run_data.h"

/* Its memory is a pool's. */
struct run_array {
    idx n_steps;
    double *step; /* (n_steps) rising */
    int ndim;     /* behind the step */
    enum metric_axis axes[METRIC_NDIM_MAX];
    idx extent[METRIC_NDIM_MAX];
    idx n;     /* numbers a step */
    double *v; /* (n_steps,n) */
};

/* run_array_axes - those of a column, by its name; *n: how many. */
const enum metric_axis *run_array_axes(int *n, const char *column);

/* run_array_load - all steps, or the last that is at most `step` alone (NAN:
 * all). OK; ERR_DATA: there is no analysis.h5, it is damaged, has no such
 * metric, or begins later; ERR_IO; ERR_MEMORY. */
int run_array_load(struct run_array *a, struct pool *memory,
                   const struct run_data *r, const char *column, double step,
                   struct err *e);

/* Has it that axis? */
bool run_array_is_over(const struct run_array *a, enum metric_axis axis);

/* run_array_at - the numbers (n) of the last step that is at most `step`, and
 * its number; NULL: it begins later. */
const double *run_array_at(idx *row, const struct run_array *a, double step);

#endif
