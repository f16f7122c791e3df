/* rows.h - one row of n >= 1 contiguous numbers: its largest, its sum, its
 * softmax. Results may lie where arguments do. The order of a sum depends on n
 * alone.
 */
#ifndef SINKLAB_ROWS_H
#define SINKLAB_ROWS_H

#include "base/base.h"
#include "kern/vecmath.h"

/* All of rows of n: x, y, a, s, g, ds (n). */
real row_max(const real *x, idx n);
real row_sum(const real *x, idx n);
real row_dot(const real *x, const real *y, idx n);
void row_scale(real *x, real factor, idx n); /* x *= factor */

/* a = softmax(c s) */
void softmax_forward(real *a, const real *s, real c, idx n);
/* ds = a (g - sum_k a_k g_k); holds for any a = exp(s) / (z + sum exp). */
void softmax_backward(real *ds, const real *a, const real *g, idx n);

/* Softmax of a row that is not kept, because something else was made of it. */
struct softmax_terms {
    real max, factor;
};
struct softmax_terms softmax_terms(const real *s, idx n);
static inline real softmax_at(struct softmax_terms terms, real s)
{
    return vec_exp(s - terms.max) * terms.factor; /* s <= max */
}

#endif
