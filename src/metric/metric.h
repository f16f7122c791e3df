/* metric.h - what is measured on a forward pass; one table row a metric.
 *
 * A metric is a pure function of one head's weights, queries, keys and values
 * (or of the hidden states at one depth) for one sequence. It gives a ratio
 * top/bottom; tops and bottoms are averaged over sequences first and divided
 * then, so that a plain mean has bottom 1 and "mean norm of the first over mean
 * norm of the rest" is exact. A scalar for tables and CSV files follows by
 * reducing over layers and heads. A metric is not asked about a sequence that
 * has not what it needs: key k, or a token beside the first. meter.h runs them.
 */
#ifndef SINKLAB_METRIC_H
#define SINKLAB_METRIC_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/model/model.h"

enum metric_axes {
    METRIC_HEAD, /* a value for each (layer, head) */
    METRIC_DEPTH /* a value for each depth 0..L of the residual stream */
};
enum metric_reduce { REDUCE_MEAN, REDUCE_MAX };

struct ratio {
    double top, bottom;
};

/* One head of one sequence, with what the definitions need beside it. */
struct weight_view {
    const struct head_view *head;
    idx rows;               /* the first so many of T are no padding */
    double eps;             /* sink threshold */
    idx k;                  /* key position, from 1, of a per-position metric */
    bool sums_to_one;       /* rows are distributions: proxy = raw */
    const double *row_mass; /* (T) sum over a row of |weight| */
};

/* Hidden states (rows,C) of one sequence at one depth. */
struct hidden_view {
    const real *x;
    idx rows, C;
};

struct metric {
    struct op_text text; /* its formula: the definition; its name, if it is per
                            position, a prefix: "sink_" gives sink_1, ... */
    const char *unit;    /* "1" for fractions and ratios */
    enum metric_axes axes;
    enum metric_reduce reduce;
    bool is_per_position;
    bool needs_extra; /* only where there is an extra column */
    bool needs_rest;  /* only where there are tokens beside the first */
    bool is_share;    /* tables print percent */
    bool exceeds_one; /* a share of raw weights, which have no sum: no bound */
    bool is_progress; /* the one that a line of training shows (of a prefix:
                         k = 1) */
    bool is_drawn;    /* figures show it beside another metric */
    bool is_printed;  /* `sinklab analyze` prints it (of a prefix: k = 1) */
    struct ratio (*of_head)(const struct weight_view *v);
    struct ratio (*of_depth)(const struct hidden_view *v);
};

extern const struct metric metric_table[]; /* the last has no name */
extern const idx n_metric_table;

#endif
