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

struct loss_options;

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
     * row; with a gradient, which is not NULL, `share` times the derivatives
     * are added to it. */
    real (*of_logits)(const struct loss_logits *row, real *dlogits, real share);
};

extern const struct loss_term *const loss_terms[]; /* ends with NULL */

/* Is the factor of term i ever other than 0? */
bool loss_term_is_on(const struct loss_options *o, idx i);
bool loss_has_terms(const struct loss_options *o);

#endif
