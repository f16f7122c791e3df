/* optim_shampoo.c - preconditioned on both sides (arXiv 1802.09568), with means
 * in place of sums (arXiv 2309.06497).
 *
 *   L = b2 L + (1-b2) g g';  R = b2 R + (1-b2) g' g;  m = b1 m + (1-b1) g
 *   w = (1 - lr decay) w - lr scale L^(-1/4) m^ R^(-1/4)
 *
 * L and R are divided by 1 - b2^t, and RIDGE of the largest row sum is added to
 * their diagonals. Roots are computed at the first step and then every
 * precondition_every ones. Of one gradient alone the step is an orthogonal
 * matrix, so it has Muon's length: scale is matrix_scale.h's.
 */
#include <math.h>
#include <string.h>

#include "optim/gram.h"
#include "optim/matrix_scale.h"
#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/side.h"

enum { ROOT_STEPS = 30 };
static const double RIDGE = 1e-6;

static idx states(struct state_shape *list, const struct tensor *t,
                  const struct optim_options *o)
{
    return side_states(list, t, o, "left_root", "right_root");
}

static idx scratch(const struct tensor *t, const struct optim_options *o)
{
    idx side = side_longest(t, o);
    return 2 * t->n + 4 * side * side;
}

/* The largest sum of magnitudes of a row: no eigenvalue is larger. */
static double largest_row(const real *a, idx n)
{
    double largest = 0;
    for (idx i = 0; i < n; i++) {
        double sum = 0;
        for (idx j = 0; j < n; j++)
            sum += fabs((double)a[i * n + j]);
        largest = fmax(largest, sum);
    }
    return largest;
}

/* root (n,n) = (a / unbias + ridge)^(-1/4), by the coupled Newton iteration
 * (Guo and Higham 2006): x to the root, y to 1, t = (5 - y) / 4, x = x t,
 * y = t^4 y. As many steps as eigenvalues from RIDGE to 1 need: below 1 one
 * multiplies them by (5/4)^4. room: four times (n,n). */
static void inverse_root(const struct gemm *by, real *root, const real *a,
                         double unbias, idx n, real *room)
{
    real *y = room, *t = y + n * n, *t2 = t + n * n, *next = t2 + n * n;
    double largest = largest_row(a, n) / unbias;
    if (!(largest > 0))
        largest = 1; /* of a tensor without gradient: any root will do */
    double size = (1 + RIDGE) * largest;
    real scale = (real)(1 / (size * unbias));
    real ridge = (real)(RIDGE * largest / size);
    real start = (real)pow(size, -0.25);
    memset(root, 0, (size_t)(n * n) * sizeof *root);
    for (idx i = 0; i < n * n; i++)
        y[i] = scale * a[i];
    for (idx i = 0; i < n; i++) {
        y[i * n + i] += ridge;
        root[i * n + i] = start;
    }
    for (int step = 0; step < ROOT_STEPS; step++) {
        for (idx i = 0; i < n * n; i++)
            t[i] = (real)-0.25 * y[i];
        for (idx i = 0; i < n; i++)
            t[i * n + i] += (real)1.25;
        by->nn(next, n, root, n, t, n, n, n, n, 1, 0);
        memcpy(root, next, (size_t)(n * n) * sizeof *root);
        by->nn(t2, n, t, n, t, n, n, n, n, 1, 0);
        by->nn(next, n, t2, n, y, n, n, n, n, 1, 0);
        by->nn(y, n, t2, n, next, n, n, n, n, 1, 0);
    }
}

static void update(real *restrict w, const real *restrict g, real *const *state,
                   const struct update *u)
{
    const struct optim_options *o = u->options;
    const struct tensor *t = u->tensor;
    idx R = t->rows, K = t->cols, n = t->n;
    real *const *next = state + 1;
    real *left = NULL, *p = NULL, *right = NULL, *q = NULL;
    if (side_kept(R, o))
        left = *next++, p = *next++;
    if (side_kept(K, o))
        right = *next++, q = *next++;
    real *restrict m = state[0], *a = u->scratch, *b = a + n, *room = b + n;
    double unbias = 1 - pow(o->beta2, (double)u->step);
    real b1 = (real)o->beta1, b2 = (real)o->beta2;
    for (idx i = 0; i < n; i++) {
        a[i] = u->grad_scale * g[i];
        m[i] = b1 * m[i] + (1 - b1) * a[i];
    }
    if (p)
        gram_rows(u->gemm, left, a, R, K, 1 - b2, b2);
    if (q)
        gram_columns(u->gemm, right, a, R, K, 1 - b2, b2);
    if (u->step == 1 || u->step % o->precondition_every == 0) {
        if (p)
            inverse_root(u->gemm, p, left, unbias, R, room);
        if (q)
            inverse_root(u->gemm, q, right, unbias, K, room);
    }
    const real *d = m;
    if (p) {
        u->gemm->nn(a, K, p, R, d, K, R, K, R, 1, 0);
        d = a;
    }
    if (q) {
        u->gemm->nn(b, K, d, K, q, K, R, K, K, 1, 0);
        d = b;
    }
    real keep = (real)(1 - u->shrink);
    real rate = (real)(u->lr * matrix_scale(o->matrix_scale, t) /
                       (1 - pow(o->beta1, (double)u->step)));
    for (idx i = 0; i < n; i++)
        w[i] = keep * w[i] - rate * d[i];
}

const struct optimizer optim_shampoo = {
    .text = { .name = "shampoo",
              .formula =
                  "w = (1 - lr decay) w - lr scale L^(-1/4) m^ R^(-1/4), "
                  "L and R the means of g g' and g' g",
              .parameters = "beta1, beta2, precondition_every, "
                            "precondition_max; scale is matrix_scale's; for "
                            "matrices within blocks, "
                            "queries', keys', values', gate's by themselves; "
                            "the others are rest's",
              .source = "arXiv 1802.09568; means and the roots' iteration of "
                        "arXiv 2309.06497, without its grafting",
              .sinks = "of preconditioners that are not diagonal: fewer "
                       "outliers (arXiv 2405.19279, with SOAP)" },
    .is_for_matrices = true,
    .n_slots = 1,
    .slot_names = { "moment1" },
    .more_states = states,
    .update_tensor = update,
    .scratch = scratch,
};
