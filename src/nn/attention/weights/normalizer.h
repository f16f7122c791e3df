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

struct normalizer_choice {
    struct op_text text;
    /* 1/Z for the row f (n), of which n_keys are keys; p is read by p_norm
     * alone. NULL: 1. */
    real (*factor)(const real *f, idx n, idx n_keys, double p);
    /* g (n) in: gradient with respect to a = f/Z; out: with respect to f. In
     * general (g_j - D dZ/df_j) / Z with D = sum_k a_k g_k. NULL: Z does not
     * depend on f. */
    void (*backward)(real *g, const real *f, real factor, idx n, double p);
};

/* By enum normalizer; the last has no name. */
extern const struct normalizer_choice normalizers[];
const char *normalizer_name(int i); /* NULL past the end */

/* And the scale behind them; NULL ends. */
extern const struct op_text *const normalizer_more[];

/* The functions of a kind that is not OWN. f, g (n): a row and its gradient,
 * n_keys of it visible keys; p: of p_norm. */
real normalizer_factor(enum normalizer kind, const real *f, idx n, idx n_keys,
                       double p);
void normalizer_backward(enum normalizer kind, real *g, const real *f,
                         real factor, idx n, double p);

#endif
