/* metric.h - what is measured on a pass; one table row a metric.
 *
 * A metric is a pure function of one head of one sequence, of the rows at one
 * point of one, or of a whole sequence. It fills the axes that it has
 * beside those with ratios top/bottom; tops and bottoms are summed over
 * sequences first and divided then, so that a plain mean has bottom 1 and "mean
 * norm of the first over mean norm of the rest" is exact. A scalar for tables
 * and CSV files follows by reducing over all axes. A sequence that lacks what
 * is measured (key k, a token beside the first) is left out of the means.
 * meter.h runs them.
 *
 * Rows stand in files by idea, metric_NAME.c, which metric_table.h names.
 */
#ifndef SINKLAB_METRIC_H
#define SINKLAB_METRIC_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/model/tap.h"

/* What a metric has values over. */
enum metric_axis {
    OVER_NOTHING, /* behind the last */
    OVER_LAYER,
    OVER_HEAD,
    OVER_DEPTH,     /* 0..L of the residual stream */
    OVER_POSITION,  /* 0..T-1 of tokens */
    OVER_DIMENSION, /* 0..C-1 of hidden states */
    METRIC_AXES
};
enum { METRIC_NDIM_MAX = 3 };

/* The model and the sequences that are measured. */
struct metric_shape {
    idx L, H, T, C; /* H: heads that observers see */
    idx E;          /* width of what such a head gives */
};

struct metric_axis_row {
    const char *name, *long_name; /* unit: 1 */
    idx (*extent)(const struct metric_shape *s);
};
extern const struct metric_axis_row metric_axes[METRIC_AXES];

/* What a row belongs to: `[metrics] names` takes all of a group, too. */
struct metric_group {
    const char *name, *about;
};
extern const struct metric_group metric_groups[]; /* the last has no name */

#define GROUP_SINKS "sinks"
#define GROUP_COMPANIONS "companions"
#define GROUP_CIRCUITS "circuits"
#define GROUP_CONSEQUENCES "consequences"
#define GROUP_OPTIMIZER "optimizer" /* columns of update_metric.h */

enum metric_reduce {
    REDUCE_MEAN,
    REDUCE_MAX,
    REDUCE_MIN,
    REDUCE_SUM,
    REDUCE_SPREAD, /* standard deviation, divisor n */
};

/* Of one sequence, or summed over them. */
struct ratio {
    double top, bottom;
    bool is_none; /* it has nothing of this; a function finds it true */
};

static inline struct ratio plain(double value)
{
    return (struct ratio){ value, 1, false };
}

/* One head of one sequence, with what the definitions need beside it. */
struct metric_head {
    const struct head_view *head;
    idx rows;               /* the first so many of T are no padding */
    double eps;             /* threshold of a metric that takes one */
    idx k;                  /* key position, from 1, of a per-position metric */
    idx prefix;             /* first keys that all rows see; 0: none */
    double scale;           /* of q.k */
    bool sums_to_one;       /* rows are distributions: proxy = raw */
    const double *row_mass; /* (T) sum over a row of |weight| */
    const bool *separators; /* (T) BOS, EOS and tokens that begin a document */
    const int32_t *tokens;  /* (T) */
    double *room;           /* as many as the metric asks for */
};

/* Rows (rows,n) of one sequence at one point. Of logits a part of them: rows
 * first .. first + rows - 1, those in front came before. */
struct metric_rows {
    const real *x;
    idx first, rows, n; /* without padding */
    double *room;
};

/* Hidden states of one sequence at all depths 0..L. */
struct metric_sequence {
    const real *const *x;   /* (L+1) of (rows,C) */
    const real *const *ffn; /* (L) of (rows,C) what each feed-forward adds; of
                               metrics that read it */
    idx rows, C, L, T;      /* T: places of OVER_POSITION */
    double *room;
};

struct intervention;

struct metric {
    struct op_text text; /* its formula: the definition; its name, if it is per
                            position, a prefix: "sink_" gives sink_1, ... */
    const char *title;   /* a few words, for axes of figures; of a prefix, the
                            position follows */
    const char *of_all;  /* what is said behind it of the scalar, its reduction:
                            ", largest head"; NULL: the title says it */
    const char *unit;    /* "1" for fractions and ratios */
    const char *group;
    int reads; /* bits of taps, of all that it looks at; of rows one, of heads
                  either gradients or none, of sequences the stream and what
                  feed-forwards add */
    enum metric_axis axes[METRIC_NDIM_MAX + 1]; /* outermost first: layer and
                            head of one of heads, layer or depth of one of rows
                            in blocks; then those that it fills */
    enum metric_reduce reduce;
    idx least_rows; /* only of sequences of so many tokens */
    bool is_default;
    bool is_transition; /* of `transitions`, too: it says when something turned
                           (analysis/transition.h) */
    bool is_per_position;
    bool has_eps;     /* compares with a threshold */
    bool needs_extra; /* only where there is an extra column */
    bool of_copies;   /* measured on random tokens that come twice, whatever
                         sink.input says (data/input.h, INPUT_COPY) */
    bool is_share;    /* tables print percent */
    bool exceeds_one; /* a share of raw weights, which have no sum: no bound */
    bool is_progress; /* the one that a line of training shows (of a prefix:
                         k = 1) */
    bool is_drawn;    /* figures show it beside another metric */
    bool is_printed;  /* `sinklab analyze` prints it (of a prefix: k = 1) */

    /* Exactly one of them; r: (product of its own axes) none at first. Called
     * by many threads; what they see is there while they run. */
    void (*of_head)(struct ratio *r, const struct metric_head *v);
    void (*of_rows)(struct ratio *r, const struct metric_rows *v);
    void (*of_sequence)(struct ratio *r, const struct metric_sequence *v);
    /* Or what the model is changed by; the value is what the loss rises by
     * (intervention.h). Over nothing, layers, or layers and heads. */
    const struct intervention *under;

    /* Doubles of room that the function wants; NULL: none. */
    idx (*room)(const struct metric_shape *s);
    /* Changes the values (all axes), once they are divided and before they are
     * reduced; NAN where nothing was measured. NULL: nothing to do. */
    void (*finish)(double *value, const struct metric_shape *s);
};

/* metric_count - how many numbers it has over its axes behind the first `from`;
 * 0: over all. metric_ndim - how many axes. */
idx metric_count(const struct metric *m, const struct metric_shape *s,
                 idx from);
idx metric_ndim(const struct metric *m);

/* Does the meter run it? Other rows are measured elsewhere. */
static inline bool metric_is_metered(const struct metric *m)
{
    return m->of_head || m->of_rows || m->of_sequence || m->under;
}

/* metric_reduce - the scalar of n values, those that are given; NAN if none is.
 * A NaN that was measured is one in the scalar. */
double metric_reduce(const struct metric *m, const double *value,
                     const bool *given, idx n);

#endif
