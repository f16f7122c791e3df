/* optim_soap.c - Adam in the eigenbasis of Shampoo (arXiv 2409.11321).
 *
 *   L = b2 L + (1-b2) g g';  R = b2 R + (1-b2) g' g
 *   h = P g Q';  m = b1 m + (1-b1) h;  v = b2 v + (1-b2) h^2
 *   w = (1 - lr decay) w - lr P' (m^ / (sqrt(v^) + eps)) Q
 *
 * Rows of P and Q are the eigenvectors of L and R, nearly: every
 * precondition_every steps one of orthogonal iteration brings them nearer, and
 * m and v go along (v only changes places). The first step fills L and R and
 * changes no weight; t counts from the second. A side longer than
 * precondition_max is not turned.
 */
#include <math.h>
#include <string.h>

#include "optim/basis.h"
#include "optim/gram.h"
#include "optim/optimizer.h"
#include "optim/options.h"
#include "optim/side.h"

static idx states(struct state_shape *list, const struct tensor *t,
                  const struct optim_options *o)
{
    return side_states(list, t, o, "left_basis", "right_basis");
}

static idx scratch(const struct tensor *t, const struct optim_options *o)
{
    idx side = side_longest(t, o);
    return 4 * t->n + basis_room(side) + side + 16;
}

/* What an update works on. */
struct work {
    const struct gemm *by;
    idx R, K;
    real *m, *v, *left, *p, *right, *q; /* NULL: the side is not turned */
    real *g, *a, *b, *c;                /* (R,K) */
    real *room;
    int32_t *order;
};

static struct work work_of(real *const *state, const struct update *u)
{
    const struct optim_options *o = u->options;
    const struct tensor *t = u->tensor;
    struct work x = { .by = u->gemm, .R = t->rows, .K = t->cols };
    real *const *next = state + 2;
    x.m = state[0];
    x.v = state[1];
    if (side_kept(x.R, o))
        x.left = *next++, x.p = *next++;
    if (side_kept(x.K, o))
        x.right = *next++, x.q = *next++;
    x.g = u->scratch;
    x.a = x.g + t->n;
    x.b = x.a + t->n;
    x.c = x.b + t->n;
    x.room = x.c + t->n;
    idx side = idx_max(side_kept(x.R, o), side_kept(x.K, o));
    x.order = (int32_t *)(x.room + basis_room(side));
    return x;
}

/* y = P x Q', or back P' x Q; x, y, room (R,K) are three. */
static void turn(const struct work *k, real *y, const real *x, real *room,
                 bool is_back)
{
    idx R = k->R, K = k->K;
    real *half = k->q ? room : y;
    if (!k->p)
        memcpy(half, x, (size_t)(R * K) * sizeof *x);
    else if (is_back)
        k->by->tn(half, K, k->p, R, x, K, R, K, R, 1, 0);
    else
        k->by->nn(half, K, k->p, R, x, K, R, K, R, 1, 0);
    if (!k->q)
        return;
    if (is_back)
        k->by->nn(y, K, half, K, k->q, K, R, K, K, 1, 0);
    else
        k->by->nt(y, K, half, K, k->q, K, R, K, K, 1, 0);
}

static void follow(const struct work *k, real b2)
{
    idx R = k->R, K = k->K;
    if (k->p)
        gram_rows(k->by, k->left, k->g, R, K, 1 - b2, b2);
    if (k->q)
        gram_columns(k->by, k->right, k->g, R, K, 1 - b2, b2);
}

/* v (R,K): row i comes from row order[i], or so with columns; a is room. */
static void reorder_rows(const struct work *k)
{
    size_t bytes = (size_t)k->K * sizeof *k->v;
    memcpy(k->a, k->v, (size_t)k->R * bytes);
    for (idx i = 0; i < k->R; i++)
        memcpy(k->v + i * k->K, k->a + k->order[i] * k->K, bytes);
}

static void reorder_columns(const struct work *k)
{
    for (idx i = 0; i < k->R; i++) {
        real *row = k->v + i * k->K;
        memcpy(k->a, row, (size_t)k->K * sizeof *row);
        for (idx j = 0; j < k->K; j++)
            row[j] = k->a[k->order[j]];
    }
}

static void refine(const struct work *k)
{
    turn(k, k->g, k->m, k->b, true);
    if (k->p) {
        basis_refine(k->by, k->p, k->order, k->left, k->R, k->room);
        reorder_rows(k);
    }
    if (k->q) {
        basis_refine(k->by, k->q, k->order, k->right, k->K, k->room);
        reorder_columns(k);
    }
    turn(k, k->m, k->g, k->b, false);
}

static void start(const struct work *k)
{
    if (k->p)
        basis_start(k->by, k->p, k->left, k->R, k->room);
    if (k->q)
        basis_start(k->by, k->q, k->right, k->K, k->room);
}

static void step(real *restrict w, const struct work *k, const struct update *u)
{
    const struct optim_options *o = u->options;
    idx n = k->R * k->K;
    double t = (double)(u->step - 1);
    real b1 = (real)o->beta1, b2 = (real)o->beta2, eps = (real)o->eps;
    real keep = (real)(1 - u->shrink);
    real rate = (real)(u->lr / (1 - pow(o->beta1, t)));
    real unbias = (real)(1 / sqrt(1 - pow(o->beta2, t)));
    real *restrict m = k->m, *restrict v = k->v, *restrict h = k->a;
    turn(k, h, k->g, k->b, false);
#pragma omp simd
    for (idx i = 0; i < n; i++) {
        m[i] = b1 * m[i] + (1 - b1) * h[i];
        v[i] = b2 * v[i] + (1 - b2) * h[i] * h[i];
    }
    for (idx i = 0; i < n; i++)
        h[i] = m[i] / (real_sqrt(v[i]) * unbias + eps);
    real *d = k->c;
    turn(k, d, h, k->b, true);
    for (idx i = 0; i < n; i++)
        w[i] = keep * w[i] - rate * d[i];
}

static void update(real *restrict w, const real *restrict g, real *const *state,
                   const struct update *u)
{
    struct work k = work_of(state, u);
    real b2 = (real)u->options->beta2;
    for (idx i = 0; i < u->tensor->n; i++)
        k.g[i] = u->grad_scale * g[i];
    if (u->step > 1)
        step(w, &k, u);
    follow(&k, b2);
    if (u->step == 1)
        start(&k);
    else if (u->step % u->options->precondition_every == 0)
        refine(&k);
}

const struct optimizer optim_soap = {
    .text = { .name = "soap",
              .formula = "h = P g Q'; w = (1 - lr decay) w - lr P' (m^ / "
                         "(sqrt(v^) + eps)) Q, moments of h; P, Q: "
                         "eigenvectors of the means of g g' and g' g",
              .parameters =
                  "beta1, beta2 (the paper: 0.95 both), eps, "
                  "precondition_every, precondition_max; the first step "
                  "only looks; "
                  "for matrices within blocks, queries', keys', "
                  "values', gate's by themselves; the others are "
                  "rest's",
              .source = "arXiv 2409.11321",
              .sinks = "a preconditioner that is not diagonal makes fewer "
                       "outliers: OPT-125m in int8 with outlier-protected "
                       "blocks and SOAP 14.87 in perplexity (14.71 in float), "
                       "pre-norm and Adam 63.4 (16.00) (arXiv 2405.19279)" },
    .is_for_matrices = true,
    .n_slots = 2,
    .slot_names = { "moment1", "moment2" },
    .more_states = states,
    .update_tensor = update,
    .scratch = scratch,
};
