/* normalizer.h - what divides a row of mapped scores: a = f / Z.
 *
 *   none     Z = 1
 *   sum      Z = sum_j f_j + 1e-8   (the study's guard, arXiv 2410.10781)
 *   length   Z = number of visible keys (Wortsman et al., 2023; causal form)
 *   abs_sum  Z = max(|sum_j f_j|, 1)   (arXiv 2410.10781)
 *   p_norm   Z = (sum_j f_j^p)^(1/p) + 1e-8, p = [attention] normalizer_p > 0,
 *            for maps that are never negative and flat where they are zero
 *            (arXiv 2410.10781; the guard as for sum)
 */
#ifndef SINKLAB_NORMALIZER_H
#define SINKLAB_NORMALIZER_H

#include "base/base.h"
#include "base/op_text.h"

enum normalizer {
    NORMALIZER_OWN, /* what the weight map says */
    NORMALIZER_NONE,
    NORMALIZER_SUM,
    NORMALIZER_LENGTH,
    NORMALIZER_ABS_SUM,
    NORMALIZER_P_NORM,
};

const char *normalizer_name(int i); /* by enum normalizer; NULL past the end */

/* What they are, in that order; and the scale behind them. NULL ends. */
extern const struct op_text *const normalizer_texts[], *const normalizer_more[];

/* 1/Z for the row f (n), of which n_keys are keys. kind is not OWN; p is read
 * by p_norm alone. */
real normalizer_factor(enum normalizer kind, const real *f, idx n, idx n_keys,
                       double p);

/* g (n) in: gradient with respect to a = f/Z; out: with respect to f.
 * factor = 1/Z. In general (g_j - D dZ/df_j) / Z with D = sum_k a_k g_k. */
void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, idx n, double p);

#endif
