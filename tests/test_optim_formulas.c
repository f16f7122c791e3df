/* Optimizers that are more than a formula of one number: what a matrix, a
 * vector and a fused matrix become in a dozen steps, against the papers'
 * formulas in double, written with plain loops. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"
#include "optim/optim.h"
#include "optim/rotation.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 9, STEPS = 13, EVERY = 4 };

/* --- matrices in double --------------------------------------------------- */

typedef double square[N * N];

/* c (R,K) = a (R,J) b (J,K); a or b may be read transposed. */
static void product(double *c, const double *a, bool a_turned, const double *b,
                    bool b_turned, idx R, idx J, idx K)
{
    square sum = { 0 };
    for (idx i = 0; i < R; i++)
        for (idx k = 0; k < K; k++)
            for (idx j = 0; j < J; j++)
                sum[i * K + k] += (a_turned ? a[j * R + i] : a[i * J + j]) *
                                  (b_turned ? b[k * J + j] : b[j * K + k]);
    memcpy(c, sum, sizeof(double) * (size_t)(R * K));
}

/* Rows of q (n,n), by Gram and Schmidt. */
static void orthonormalise(double *q, idx n)
{
    for (idx i = 0; i < n; i++)
        for (int again = 0; again < 2; again++) {
            double norm = 0;
            for (idx j = 0; j < i; j++) {
                double share = 0;
                for (idx k = 0; k < n; k++)
                    share += q[i * n + k] * q[j * n + k];
                for (idx k = 0; k < n; k++)
                    q[i * n + k] -= share * q[j * n + k];
            }
            for (idx k = 0; k < n; k++)
                norm += q[i * n + k] * q[i * n + k];
            for (idx k = 0; k < n; k++)
                q[i * n + k] /= sqrt(norm);
        }
}

/* root (n,n) = (a + ridge)^(-1/4), by Jacobi's rotations to eigenvectors. */
static void inverse_root(double *root, const double *a, double ridge, idx n)
{
    square d, v = { 0 };
    memcpy(d, a, sizeof(double) * (size_t)(n * n));
    for (idx i = 0; i < n; i++)
        v[i * n + i] = 1;
    for (int sweep = 0; sweep < 60; sweep++)
        for (idx p = 0; p < n; p++)
            for (idx q = p + 1; q < n; q++) {
                if (d[p * n + q] == 0)
                    continue;
                double theta =
                    (d[q * n + q] - d[p * n + p]) / (2 * d[p * n + q]);
                double t = (theta < 0 ? -1 : 1) /
                           (fabs(theta) + sqrt(theta * theta + 1));
                double c = 1 / sqrt(t * t + 1), s = t * c;
                for (idx k = 0; k < n; k++) {
                    double x = d[k * n + p], y = d[k * n + q];
                    d[k * n + p] = c * x - s * y;
                    d[k * n + q] = s * x + c * y;
                }
                for (idx k = 0; k < n; k++) {
                    double x = d[p * n + k], y = d[q * n + k];
                    d[p * n + k] = c * x - s * y;
                    d[q * n + k] = s * x + c * y;
                    x = v[k * n + p], y = v[k * n + q];
                    v[k * n + p] = c * x - s * y;
                    v[k * n + q] = s * x + c * y;
                }
            }
    memset(root, 0, sizeof(double) * (size_t)(n * n));
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j < n; j++)
            for (idx k = 0; k < n; k++)
                root[i * n + j] += v[i * n + k] * v[j * n + k] *
                                   pow(d[k * n + k] + ridge, -0.25);
}

/* --- the formulas --------------------------------------------------------- */

/* A matrix (R,K), or a vector of one row, with what is remembered of it. */
struct naive {
    const struct optim_options *o;
    idx R, K;
    bool is_vector;
    square w, m, v, left, right, p, q;
};

static double rms(const double *x, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sqrt(sum / (double)n);
}

static double largest(double a, double b)
{
    return a > b ? a : b;
}

/* Each gives x, which is stepped along times a rate that it may change. */

static void adafactor(struct naive *k, double *x, const double *g, double step,
                      double *rate)
{
    idx R = k->R, K = k->K;
    double b = pow(step, -0.8), mean = 0, eps = 1.1920929e-7;
    for (idx i = 0; i < R * K && k->is_vector; i++) {
        k->v[i] += b * (g[i] * g[i] - k->v[i]);
        x[i] = g[i] / sqrt(k->v[i]);
    }
    for (idx i = 0; i < R && !k->is_vector; i++) {
        k->left[i] += b * (pow(rms(g + i * K, K), 2) - k->left[i]);
        mean += k->left[i] / (double)R;
    }
    for (idx j = 0; j < K && !k->is_vector; j++) {
        double sum = 0;
        for (idx i = 0; i < R; i++)
            sum += g[i * K + j] * g[i * K + j] / (double)R;
        k->right[j] += b * (sum - k->right[j]);
        for (idx i = 0; i < R; i++)
            x[i * K + j] = g[i * K + j] /
                           sqrt(k->left[i] * k->right[j] / largest(mean, eps));
    }
    *rate = largest(1e-3, rms(k->w, R * K)) * fmin(*rate, 1 / sqrt(step)) /
            largest(1, rms(x, R * K));
}

static double shape_scale(const struct naive *k)
{
    return sqrt(largest(1, (double)k->R / (double)k->K));
}

static void muon(struct naive *k, double *x, const double *g, double step,
                 double *rate)
{
    idx n = k->R * k->K;
    double mu = k->o->muon_momentum, norm = 0;
    (void)step;
    for (idx i = 0; i < n; i++) {
        k->m[i] = mu * k->m[i] + (1 - mu) * g[i];
        x[i] = k->o->muon_nesterov ? mu * k->m[i] + (1 - mu) * g[i] : k->m[i];
    }
    norm = rms(x, n) * sqrt((double)n);
    for (idx i = 0; i < n; i++)
        x[i] /= norm;
    for (idx s = 0; s < k->o->muon_steps; s++) {
        square a, ax, aax;
        product(a, x, false, x, true, k->R, k->K, k->R);
        product(ax, a, false, x, false, k->R, k->R, k->K);
        product(aax, a, false, ax, false, k->R, k->R, k->K);
        for (idx i = 0; i < n; i++)
            x[i] = 3.4445 * x[i] - 4.7750 * ax[i] + 2.0315 * aax[i];
    }
    *rate *= shape_scale(k);
}

/* Adam's step in a basis, P g Q', and back; its moments have had `step`. */
static void turned_adam(struct naive *k, double *x, const double *g,
                        double step)
{
    const struct optim_options *o = k->o;
    idx R = k->R, K = k->K;
    square h;
    product(h, k->p, false, g, false, R, R, K);
    product(h, h, false, k->q, true, R, K, K);
    for (idx i = 0; i < R * K; i++) {
        k->m[i] = o->beta1 * k->m[i] + (1 - o->beta1) * h[i];
        k->v[i] = o->beta2 * k->v[i] + (1 - o->beta2) * h[i] * h[i];
        h[i] = k->m[i] / (1 - pow(o->beta1, step)) /
               (sqrt(k->v[i] / (1 - pow(o->beta2, step))) + o->eps);
    }
    product(h, k->p, true, h, false, R, R, K);
    product(x, h, false, k->q, false, R, K, K);
}

static void fill_rotation(double *p, idx n)
{
    real q[N * N] = { 1 };
    if (n > 1)
        rotation_fill(q, n);
    for (idx i = 0; i < n * n; i++)
        p[i] = (double)q[i];
}

static void orthoadam(struct naive *k, double *x, const double *g, double step,
                      double *rate)
{
    (void)rate;
    fill_rotation(k->p, k->R);
    fill_rotation(k->q, k->K);
    turned_adam(k, x, g, step);
}

static void follow_grams(struct naive *k, const double *g)
{
    idx R = k->R, K = k->K;
    double b = k->o->beta2;
    square left, right;
    product(left, g, false, g, true, R, K, R);
    product(right, g, true, g, false, K, R, K);
    for (idx i = 0; i < R * R; i++)
        k->left[i] = b * k->left[i] + (1 - b) * left[i];
    for (idx i = 0; i < K * K; i++)
        k->right[i] = b * k->right[i] + (1 - b) * right[i];
}

/* A side that is too long is left as it is: true, and q is made so. */
static bool is_left(const struct naive *k, double *q, idx n)
{
    if (n <= k->o->precondition_max)
        return false;
    for (idx i = 0; i < n * n; i++)
        q[i] = i % (n + 1) == 0;
    return true;
}

/* Orthogonal iteration from the axes on. */
static void start_basis(double *q, const double *a, idx n)
{
    square shifted;
    double trace = 0;
    for (idx i = 0; i < n; i++)
        trace += a[i * n + i];
    for (idx i = 0; i < n * n; i++) {
        bool is_diagonal = i % (n + 1) == 0;
        shifted[i] = a[i] + (is_diagonal ? 0.1 * trace / (double)n : 0);
        q[i] = is_diagonal;
    }
    for (int step = 0; step < 10; step++) {
        product(q, q, false, shifted, false, n, n, n);
        orthonormalise(q, n);
    }
}

/* One step of it, rows in falling order of q a q'; order: whence they come. */
static void refine_basis(double *q, idx *order, const double *a, idx n)
{
    square aq;
    double value[N] = { 0 };
    product(aq, q, false, a, false, n, n, n);
    for (idx i = 0; i < n; i++) {
        order[i] = i;
        for (idx j = 0; j < n; j++)
            value[i] += q[i * n + j] * aq[i * n + j];
    }
    for (idx i = 0; i < n; i++)
        for (idx j = 0; j + 1 < n; j++)
            if (value[order[j]] < value[order[j + 1]]) {
                idx kept = order[j];
                order[j] = order[j + 1];
                order[j + 1] = kept;
            }
    for (idx i = 0; i < n; i++)
        memcpy(q + i * n, aq + order[i] * n, sizeof(double) * (size_t)n);
    orthonormalise(q, n);
}

static void soap(struct naive *k, double *x, const double *g, double step,
                 double *rate)
{
    idx R = k->R, K = k->K, rows[N], columns[N];
    memset(x, 0, sizeof(square));
    if (step > 1)
        turned_adam(k, x, g, step - 1);
    else
        *rate = NAN; /* no step, no decay */
    follow_grams(k, g);
    if (step == 1) {
        if (!is_left(k, k->p, R))
            start_basis(k->p, k->left, R);
        if (!is_left(k, k->q, K))
            start_basis(k->q, k->right, K);
    } else if (fmod(step, EVERY) == 0) {
        square v, back;
        product(back, k->p, true, k->m, false, R, R, K);
        product(back, back, false, k->q, false, R, K, K);
        for (idx i = 0; i < N; i++)
            rows[i] = columns[i] = i;
        if (!is_left(k, k->p, R))
            refine_basis(k->p, rows, k->left, R);
        if (!is_left(k, k->q, K))
            refine_basis(k->q, columns, k->right, K);
        product(back, k->p, false, back, false, R, R, K);
        product(k->m, back, false, k->q, true, R, K, K);
        for (idx i = 0; i < R * K; i++)
            v[i] = k->v[rows[i / K] * K + columns[i % K]];
        memcpy(k->v, v, sizeof v);
    }
}

/* A ridge of 1e-6 of the largest sum of sizes in a row. */
static void root_of(double *root, const double *a, double unbias, idx n)
{
    square mean;
    double ridge = 0;
    for (idx i = 0; i < n; i++) {
        double sum = 0;
        for (idx j = 0; j < n; j++) {
            mean[i * n + j] = a[i * n + j] / unbias;
            sum += fabs(mean[i * n + j]);
        }
        ridge = largest(ridge, 1e-6 * sum);
    }
    inverse_root(root, mean, ridge, n);
}

static void shampoo(struct naive *k, double *x, const double *g, double step,
                    double *rate)
{
    const struct optim_options *o = k->o;
    idx R = k->R, K = k->K;
    follow_grams(k, g);
    for (idx i = 0; i < R * K; i++)
        k->m[i] = o->beta1 * k->m[i] + (1 - o->beta1) * g[i];
    if (step == 1 || fmod(step, EVERY) == 0) {
        if (!is_left(k, k->p, R))
            root_of(k->p, k->left, 1 - pow(o->beta2, step), R);
        if (!is_left(k, k->q, K))
            root_of(k->q, k->right, 1 - pow(o->beta2, step), K);
    }
    product(x, k->p, false, k->m, false, R, R, K);
    product(x, x, false, k->q, false, R, K, K);
    *rate *= shape_scale(k) / (1 - pow(o->beta1, step));
}

/* w is x, left is z, right holds the largest rate and the sum of squares. */
static void schedule_free(struct naive *k, double *x, const double *g,
                          double step, double *rate)
{
    const struct optim_options *o = k->o;
    double *z = k->left, *kept = k->right, lr = *rate;
    kept[0] = largest(kept[0], lr);
    kept[1] += kept[0] * kept[0];
    double c = kept[0] * kept[0] / kept[1];
    for (idx i = 0; i < k->R * k->K; i++) {
        if (step == 1)
            z[i] = k->w[i];
        double y = (1 - o->beta1) * z[i] + o->beta1 * k->w[i];
        k->v[i] = o->beta2 * k->v[i] + (1 - o->beta2) * g[i] * g[i];
        double root = sqrt(k->v[i] / (1 - pow(o->beta2, step)));
        z[i] -= lr * (g[i] / (root + o->eps) + o->weight_decay * y);
        x[i] = c * (k->w[i] - z[i]);
    }
    *rate = 1;
}

static const struct formula {
    const char *name;
    void (*step)(struct naive *k, double *x, const double *g, double step,
                 double *rate);
    /* Of float, relative to the sum of rates; of square matrices, of others.
     * Shampoo divides by the fourth root of eigenvalues down to 1e-6 of the
     * largest, of which float has one digit. */
    double bound, ragged_bound;
    bool decays_itself, is_for_matrices;
} formulas[] = {
    { "adafactor", adafactor, 1e-5, 1e-5, false, false },
    { "muon", muon, 1e-5, 1e-5, false, true },
    { "orthoadam", orthoadam, 2e-5, 2e-5, false, false },
    { "soap", soap, 2e-5, 2e-5, false, true },
    { "shampoo", shampoo, 2e-5, 0.2, false, true },
    { "schedule-free", schedule_free, 1e-5, 1e-5, true, false },
};

/* --- held against them ---------------------------------------------------- */

static void naive_step(struct naive *k, const struct formula *f, const real *g,
                       double scale, double step, double lr)
{
    idx n = k->R * k->K;
    square x = { 0 }, wide = { 0 };
    double rate = lr, decay = f->decays_itself ? 0 : k->o->weight_decay;
    for (idx i = 0; i < n; i++)
        wide[i] = scale * (double)g[i];
    f->step(k, x, wide, step, &rate);
    for (idx i = 0; i < n && !isnan(rate); i++)
        k->w[i] =
            (f->decays_itself ? 1 : 1 - lr * decay) * k->w[i] - rate * x[i];
}

/* Square matrices are far from singular ones, and so are their means. */
static void fill_gradient(real *g, idx step, idx R, idx K, int parts)
{
    fill_normal(g, R * K * parts, 0.3, (uint64_t)(10 + step));
    for (idx i = 0; i < R * parts && R == K; i++)
        g[i * K + i % K] += 2;
}

/* What is remembered, but for bases and roots: the former have a sign. */
static void check_states(const struct formula *f, const struct optim *s,
                         const struct naive *k)
{
    static const char *const slots[] = { "momentum", "moment1", "moment2",
                                         "left",     "rows",    "right",
                                         "columns" };
    for (idx i = 0; i < s->n_states; i++) {
        const struct optim_state *x = &s->states[i];
        const struct naive *of = &k[strcmp(x->name, "a.b") == 0];
        const double *const values[] = { of->m,    of->m,    of->v,
                                         of->left, of->left, of->right,
                                         of->right };
        for (idx n = 0; n < COUNT_OF(slots); n++)
            for (idx j = 0; strcmp(x->slot, slots[n]) == 0 && j < x->n; j++)
                assert_near((double)x->values[j], values[n][j], 5 * f->bound,
                            1);
    }
}

/* Weights of one tensor start this large, and rates are so much larger. */
struct start {
    double size, rates;
};

/* One tensor, in `parts` matrices of so many rows. */
static void check_tensor(const struct formula *f, struct start start,
                         const struct optim_options *o, int ndim, idx R, idx K,
                         int parts)
{
    static struct naive k[2];
    struct param_table t = { 0 };
    struct arena measure = { 0 }, arena = { 0 };
    struct optim s;
    struct err e = { 0 };
    double rates = 0;
    idx shape[2] = { ndim == 1 ? K : R * parts, K };
    param_declare(&t, PARAM_LINEAR, 1, ndim, shape, "a");
    for (int i = 0; i < parts && parts > 1; i++)
        param_cut(param_last(&t), i ? "b" : "c", R);
    optim_plan(&s, &measure, o, &t, 1);
    assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
    optim_plan(&s, &arena, o, &t, 1);
    real *w = calloc((size_t)t.total, sizeof *w);
    real *dw = calloc((size_t)t.total, sizeof *dw);
    fill_normal(w, t.rows[0].n, start.size, 1);
    memset(k, 0, sizeof k);
    for (int i = 0; i < parts; i++) {
        k[i] = (struct naive){ .o = o, .R = R, .K = K, .is_vector = ndim == 1 };
        for (idx j = 0; j < R * K; j++)
            k[i].w[j] = (double)w[i * R * K + j];
    }
    optim_look(&s, w);
    for (idx step = 1; step <= STEPS; step++) {
        double lr =
            0.02 * start.rates * (double)(step < 6 ? step : 12 - step / 2);
        fill_gradient(dw, step, R, K, parts);
        double norm = optim_grad_norm(&s, dw);
        double scale = norm > o->clip ? o->clip / norm : 1;
        for (int i = 0; i < parts; i++)
            naive_step(&k[i], f, dw + i * R * K, scale, (double)step, lr);
        optim_step(&s, w, dw, step, lr, norm);
        rates += lr;
        double bound = R == K ? f->bound : f->ragged_bound;
        for (idx j = 0; j < t.rows[0].n; j++)
            assert_near((double)w[j], k[j / (R * K)].w[j % (R * K)], bound,
                        rates);
        if (!f->decays_itself)
            check_states(f, &s, k);
    }
    free(w), free(dw);
    arena_release(&arena);
    param_table_release(&t);
}

static void check_formula(const struct formula *f)
{
    struct optim_options o = { 0 };
    key_defaults(optim_keys, n_optim_keys, &o);
    while (strcmp(optimizer_name(o.name), f->name) != 0)
        o.name++;
    o.weight_decay = 0.3;
    o.clip = 0.7; /* reached */
    o.eps = 1e-3;
    o.beta1 = 0.8;
    o.precondition_every = EVERY;
    for (int nesterov = 0; nesterov < 2; nesterov++) {
        o.muon_nesterov = nesterov;
        const struct start usual = { 1, 1 };
        check_tensor(f, usual, &o, 2, 5, 6, 1);
        check_tensor(f, usual, &o, 2, 8, 3, 1); /* long, tall and wide */
        check_tensor(f, usual, &o, 2, 3, 8, 1);
        check_tensor(f, usual, &o, 2, 4, 4, f->is_for_matrices ? 2 : 1);
        if (!f->is_for_matrices)
            check_tensor(f, usual, &o, 1, 1, 7, 1);
    }
    if (f->is_for_matrices) {
        o.precondition_max = 5; /* the other side, then neither */
        check_tensor(f, (struct start){ 1, 1 }, &o, 2, 8, 3, 1);
        check_tensor(f, (struct start){ 1, 1 }, &o, 2, 3, 8, 1);
        check_tensor(f, (struct start){ 1, 1 }, &o, 2, 6, 6, 1);
        o.precondition_max = 8192;
    }
    check_tensor(f, (struct start){ 0, 1 }, &o, 2, 4, 4, 1);
    check_tensor(f, (struct start){ 1, 10 }, &o, 2, 4, 4, 1);
}

static void test_optim__whole_tensors_follow_their_formulas(void **state)
{
    (void)state;
    for (idx i = 0; i < COUNT_OF(formulas); i++)
        check_formula(&formulas[i]);
}

/* Who is not held here is elementwise, and held in test_optim.c. */
static void test_optim__no_formula_is_left_out(void **state)
{
    (void)state;
    for (int i = 0; optimizer_name(i); i++) {
        bool is_here = false;
        for (idx k = 0; k < COUNT_OF(formulas); k++)
            is_here |= strcmp(formulas[k].name, optimizer_name(i)) == 0;
        assert_int_equal(is_here,
                         !optimizers[i]->update || optimizers[i]->has_eval);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optim__whole_tensors_follow_their_formulas),
        cmocka_unit_test(test_optim__no_formula_is_left_out),
    };
    return cmocka_run_group_tests_name("optim_formulas", tests, start, NULL);
}
