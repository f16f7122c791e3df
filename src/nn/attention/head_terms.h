/* head_terms.h - terms of the loss that are of rows of weights, in one head of
 * one sequence: what they are, and their gradient, row by row.
 *
 * Weights are as heads mix with them: normalised, scaled, the extra column in
 * front. Whoever makes a head says which terms it is asked for (struct head).
 */
#ifndef SINKLAB_HEAD_TERMS_H
#define SINKLAB_HEAD_TERMS_H

#include "nn/loss/loss_term.h"
#include "nn/loss_options.h"
#include "nn/visible.h"

struct head_terms {
    idx n;
    struct head_term {
        const struct loss_term *term;
        double *mean; /* forward: += the values of rows, by their weights */
        double share; /* backward: of the value of a row of weight 1 in the
                         objective */
    } of[LOSS_TERMS_MAX];
    const real *weights; /* (T) of the queries' targets */
    idx first_key;       /* of the first token */
};

/* A row that a weight map made: n entries, n_extra of them no keys, of query t,
 * which sees `span`. */
struct head_row {
    idx t, n, n_extra;
    struct span span;
    const real *a;
};

/* Add the row's values; add its gradient to g (n). */
void head_terms_forward(const struct head_terms *h, const struct head_row *row);
void head_terms_backward(const struct head_terms *h, const struct head_row *row,
                         real *g);

#endif
