/* optim_muon.c - momentum made orthogonal (Jordan et al. 2024, "Muon: an
 * optimizer for hidden layers in neural networks").
 *
 *   m = mu m + (1-mu) g;  x = mu m + (1-mu) g, or without nesterov m
 *   x = x / |x|;  x = a x + (b x x' + c (x x')^2) x, muon_steps times
 *   w = (1 - lr decay) w - lr scale x
 *
 * The steps bring the singular values of x near 1, within 0.7 to 1.2: the
 * coefficients a, b, c are those of the steepest start. Scale: matrix_scale.h.
 */
#include <math.h>

#include "optim/gram.h"
#include "optim/matrix_scale.h"
#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/update_sums.h"

static const real A = (real)3.4445, B = (real)-4.7750, C = (real)2.0315;
static const double LEAST_NORM = 1e-7;

static idx side_of(const struct tensor *t)
{
    return idx_min(t->rows, t->cols);
}

static idx scratch(const struct tensor *t, const struct optim_options *o)
{
    (void)o;
    return 2 * t->n + 5 * side_of(t) * side_of(t);
}

static void normalise(real *x, idx n)
{
    real scale = (real)(1 / fmax(sqrt(sum_squares(x, n)), LEAST_NORM));
#pragma omp simd
    for (idx i = 0; i < n; i++)
        x[i] *= scale;
}

/* p (S,S) out: x x' of x (R,K), or x' x, of the shorter side. */
static void gram(const struct gemm *by, real *p, const real *x, idx R, idx K)
{
    if (R > K)
        gram_columns(by, p, x, R, K, 1, 0);
    else
        gram_rows(by, p, x, R, K, 1, 0);
}

/* q (S,S) out: what a step multiplies x with, given its gram p. */
static void factor(const struct gemm *by, real *restrict q,
                   const real *restrict p, idx S)
{
    gram_rows(by, q, p, S, S, C, 0);
    for (idx i = 0; i < S * S; i++)
        q[i] += B * p[i];
    for (idx i = 0; i < S; i++)
        q[i * S + i] += A;
}

/* y = q x, or x q: q is of the shorter side. */
static void multiply(const struct gemm *by, real *restrict y,
                     const real *restrict x, const real *restrict q, idx R,
                     idx K)
{
    if (R > K)
        by->nn(y, K, x, K, q, K, R, K, K, 1, 0);
    else
        by->nn(y, K, q, R, x, K, R, K, R, 1, 0);
}

static void swap(real **x, real **y)
{
    real *kept = *x;
    *x = *y;
    *y = kept;
}

/* Both return which of x and y (R,K) has the result; room: five (S,S). */

static real *by_steps(const struct gemm *by, real *x, real *y, idx R, idx K,
                      idx steps, real *room)
{
    idx S = idx_min(R, K);
    real *p = room, *q = p + S * S;
    for (idx i = 0; i < steps; i++) {
        gram(by, p, x, R, K);
        factor(by, q, p, S);
        multiply(by, y, x, q, R, K);
        swap(&x, &y);
    }
    return x;
}

/* The same of a long matrix, which is multiplied once: the factors of all steps
 * are made of the gram alone, as that of q x is q p q. */
static real *by_factors(const struct gemm *by, real *x, real *y, idx R, idx K,
                        idx steps, real *room)
{
    idx S = idx_min(R, K);
    real *p = room, *q = p + S * S, *t = q + S * S;
    real *all = t + S * S, *next = all + S * S;
    gram(by, p, x, R, K);
    for (idx i = 0; i < steps; i++) {
        real *to = i ? q : all;
        factor(by, to, p, S);
        if (i) {
            by->nn(next, S, all, S, q, S, S, S, S, 1, 0);
            swap(&all, &next);
        }
        if (i == steps - 1)
            break;
        by->nn(t, S, to, S, p, S, S, S, S, 1, 0);
        gram_product(by, p, t, to, S);
    }
    multiply(by, y, x, all, R, K);
    return y;
}

static real *orthogonal(const struct gemm *by, real *x, real *y,
                        const struct tensor *t, idx steps, real *room)
{
    bool is_long = idx_max(t->rows, t->cols) >= 2 * side_of(t);
    if (is_long && steps > 1)
        return by_factors(by, x, y, t->rows, t->cols, steps, room);
    return by_steps(by, x, y, t->rows, t->cols, steps, room);
}

static void update(real *restrict w, const real *restrict g, real *const *state,
                   const struct update *u)
{
    const struct optim_options *o = u->options;
    const struct tensor *t = u->tensor;
    idx n = t->n;
    real *restrict m = state[0], *x = u->scratch, *y = x + n;
    real momentum = (real)o->muon_momentum, scale = u->grad_scale;
    for (idx i = 0; i < n; i++) {
        real d = (1 - momentum) * scale * g[i];
        m[i] = momentum * m[i] + d;
        x[i] = o->muon_nesterov ? momentum * m[i] + d : m[i];
    }
    normalise(x, n);
    x = orthogonal(u->gemm, x, y, t, o->muon_steps, y + n);
    real keep = (real)(1 - u->shrink);
    real rate = (real)(u->lr * matrix_scale(o->matrix_scale, t));
#pragma omp simd
    for (idx i = 0; i < n; i++)
        w[i] = keep * w[i] - rate * x[i];
}

const struct optimizer optim_muon = {
    .text = { .name = "muon",
              .formula = "m = mu m + (1-mu) g; x = (1-mu) g + mu m made "
                         "orthogonal by Newton-Schulz; w = (1 - lr decay) w - "
                         "lr scale x",
              .parameters =
                  "muon_momentum, muon_nesterov, muon_steps; scale is "
                  "matrix_scale's; for matrices within blocks, "
                  "queries', keys', values', gate's by themselves; "
                  "the others are rest's",
              .source = "Jordan et al. 2024 (kellerjordan.github.io/posts/muon)"
                        ", arXiv 2502.16982 for scale = rms",
              .sinks = "contradictory: excess kurtosis 361 (1575 with Adam for "
                       "embeddings) where Adam has 1818, with single-scale "
                       "norm 67, sinks remain (arXiv 2506.19697); a toy of 2 "
                       "layers without decay: sink by step 150, AdamW 4740, "
                       "and largest activation 4787, AdamW 246 (repository "
                       "muon-norm-cap-grokking)" },
    .is_for_matrices = true,
    .n_slots = 1,
    .slot_names = { "momentum" },
    .update_tensor = update,
    .scratch = scratch,
};
