/* weights_stick_breaking.c - each key, from the query backwards, takes a share
 * b = sigmoid(s) of what the nearer ones have left:
 * a_j = b_j prod_{m nearer than j} (1 - b_m).
 *
 * The query's own key comes first, unlike in the published kernels, which see
 * earlier keys only and leave a first token without any. The extra column is
 * the farthest. What nobody takes is the row's remainder.
 *   ds_j = (1 - b_j) a_j g_j - b_j sum_{k farther than j} a_k g_k
 *
 * b and 1 - b are both computed without cancellation and lie in 0 .. 1, so a
 * product of any scores can only run to zero, and keeps the relative accuracy
 * that a sum of logarithms in single precision would lose. */
#include <string.h>

#include "kern/rows.h"
#include "kern/vecmath.h"
#include "nn/attention/weights/weights.h"

enum { BLOCK = 64 }; /* keys whose exp are computed at once, without memory */

/* What is left of a row below it is nothing. Within a block a product of
 * doubles that starts here stays clear of the smallest numbers, which are
 * slow. */
static const double TINY = 1e-37;

struct shares {
    real taken[BLOCK], left[BLOCK]; /* b, 1 - b */
};

static void shares_of(struct shares *x, const real *s, idx n)
{
#pragma omp simd
    for (idx j = 0; j < n; j++) {
        real e = vec_exp(s[j] < 0 ? s[j] : -s[j]);
        real larger = 1 / (1 + e), smaller = e * larger;
        x->taken[j] = s[j] < 0 ? smaller : larger;
        x->left[j] = s[j] < 0 ? larger : smaller;
    }
}

static void forward(real *a, const real *s, const struct weight_row *row)
{
    struct shares x;
    double left = 1;
    for (idx end = row->n; end > 0; end -= BLOCK) {
        idx start = idx_max(end - BLOCK, 0);
        if (left < TINY) {
            memset(a, 0, (size_t)end * sizeof *a);
            return;
        }
        shares_of(&x, s + start, end - start);
        for (idx j = end - start - 1; j >= 0; j--) {
            a[start + j] = (real)((double)x.taken[j] * left);
            left *= (double)x.left[j];
        }
    }
}

static void backward(real *ds, const real *s, const real *a, const real *g,
                     const struct weight_row *row)
{
    struct shares x;
    real farther = 0;
    for (idx start = 0; start < row->n; start += BLOCK) {
        idx n = idx_min(BLOCK, row->n - start);
        if (farther == 0 && row_sum(a + start, n) == 0) { /* all 0, no NaN */
            memset(ds + start, 0, (size_t)n * sizeof *ds);
            continue;
        }
        shares_of(&x, s + start, n);
        for (idx j = 0; j < n; j++) {
            real own = a[start + j] * g[start + j];
            ds[start + j] = x.left[j] * own - x.taken[j] * farther;
            farther += own;
        }
    }
}

const struct weight_map weights_stick_breaking = {
    .text = { .name = "stick_breaking",
              .formula = "b_j prod_{j < m <= t} (1 - b_m), b = 1 / (1 + "
                         "exp(-s)), t the "
                         "query",
              .parameters = "none; made for position = none",
              .source = "Tan et al., 2024 (without the query's own key)",
              .sinks = "not reported; near keys come first, and the remainder "
                       "can take "
                       "a sink's part" },
    .own = NORMALIZER_SUM,
    .normalizers = 1u << NORMALIZER_SUM,
    .has_own_built_in = true,
    .ignores_column = true, /* it is the farthest */
    .has_remainder = true,
    .is_causal_only = true,
    .forward = forward,
    .backward = backward,
};
