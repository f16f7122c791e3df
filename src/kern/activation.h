/* activation.h - the non-linearity of the feed-forward, one row a kind.
 *
 * A plain kind maps u (R,F) to y (R,F). A gated kind reads u (R,2F), whose
 * rows are [gate | up], and gives y = f(gate) * up (arXiv 2002.05202).
 */
#ifndef SINKLAB_ACTIVATION_H
#define SINKLAB_ACTIVATION_H

#include "base/base.h"

struct activation {
    bool is_gated;
    /* y (R,F) from u (R,F or 2F) */
    void (*forward)(real *restrict y, const real *u, idx R, idx F);
    /* du, as u, from dy (R,F): written, not added */
    void (*backward)(real *restrict du, const real *u, const real *dy, idx R,
                     idx F);
};

/* gelu is the tanh form; gelu_erf and geglu are the exact one. */
extern const struct activation activation_gelu, activation_swiglu,
    activation_relu, activation_gelu_erf, activation_silu, activation_reglu,
    activation_geglu;

#endif
