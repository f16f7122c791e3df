/* loss_term.h - a term of the loss: something that training adds to the
 * cross-entropy, times a factor that [loss] gives.
 *
 *     objective = cross-entropy + sum over terms of factor x term
 *
 * One file a term (loss_NAME.c, exporting one const struct) and one line in
 * terms_table.h; the key, `sinklab list loss`, the column of metrics.csv, the
 * gradient tests and those of threads and micro-batches follow from the line.
 *
 * A term works on one row of a thing at a time: it gives a value, and adds its
 * gradient. Rows, their mean, the factor, layers, heads and threads are the
 * model's affair (nn/model/loss.c). Every mean is over rows, each with the
 * weight of its target, of a whole update: a row whose target does not count
 * has no part in any term. Functions are called by many threads at once.
 */
#ifndef SINKLAB_LOSS_TERM_H
#define SINKLAB_LOSS_TERM_H

#include "base/base.h"
#include "base/op_text.h"
#include "nn/param.h"

struct loss_options;

/* A row of the residual stream behind a block. */
struct loss_hidden {
    idx C, depth, L; /* behind block `depth` of 1 .. L */
    const real *x;   /* (C) */
    const struct loss_options *options;
};

/* Numbers of a tensor that is trained, all or some of them. */
struct loss_params {
    const struct param *param;
    idx n;
    const real *w; /* (n) */
    const struct loss_options *options;
};

/* The weights of one query in one head, as values are mixed with them: the
 * extra column if there is one, then visible keys, registers in front of
 * tokens; none is negative. */
struct loss_weights {
    idx n, n_extra; /* entries, and those that are no keys */
    idx tokens;     /* where those of tokens begin */
    idx first;      /* which is the first token's; -1: it is not seen */
    const real *a;  /* (n) */
};

/* What a row of logits is: of one target. */
struct loss_logits {
    idx V;
    const real *logits; /* (V) */
    int32_t target;
    real log_sum; /* log sum_v exp(logits_v) */
};

struct loss_term {
    struct op_text text;

    /* One of these is given: what the term is of. Each returns the value of a
     * row; to a gradient that is not NULL `share` times the derivatives are
     * added. */
    real (*of_logits)(const struct loss_logits *row, real *dlogits, real share);
    /* Depths are added up. */
    real (*of_hidden)(const struct loss_hidden *row, real *dx, real share);
    /* Mean over heads, unless there is of_heads, and over layers; heads that do
     * not work row by row, or have negative weights, give 0. */
    real (*of_weights)(const struct loss_weights *row, real *dweights,
                       real share);
    /* Added up over tensors; no mean is taken. */
    double (*of_params)(const struct loss_params *part, real *dw, real share);

    /* Beside of_weights: from the means of H heads over the rows of a sequence
     * to the value of a layer; `*dmean`, unless NULL, becomes the derivative by
     * that of head h. NULL: their mean. */
    double (*of_heads)(double *dmean, const double *means, idx H, idx h);
};

extern const struct loss_term *const loss_terms[]; /* ends with NULL */

/* Is the factor of term i ever other than 0? */
bool loss_term_is_on(const struct loss_options *o, idx i);
bool loss_has_terms(const struct loss_options *o);

#endif
