/* Norms, activations, linear layers, rotary positions, cross-entropy and whole
 * attention heads: backward against central differences, 1e-7. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"

#include <stdlib.h>
#include <string.h>

#include "kern/activation.h"
#include "kern/norm.h"
#include "kern/xent.h"
#include "nn/attention.h"
#include "nn/linear.h"
#include "nn/normalizer.h"
#include "nn/rope.h"

static const double BOUND = 1e-7;

static double dot(const real *x, const real *y, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)(x[i] * y[i]);
    return sum;
}

static real *normal(idx n, double std, uint64_t seed)
{
    real *x = calloc((size_t)n + 1, sizeof *x);
    fill_normal(x, n, std, seed);
    return x;
}

struct norm_case {
    const struct norm *norm;
    idx R, C;
    real *x, *gain, *shift, *g;
};

static double norm_value(void *context)
{
    struct norm_case *c = context;
    real y[64], stats[16];
    c->norm->forward(y, stats, c->x, c->gain, c->shift, c->R, c->C);
    return dot(y, c->g, c->R * c->C);
}

static void test_norms__backward_matches_differences(void **state)
{
    (void)state;
    const idx shapes[][2] = { { 1, 1 }, { 1, 2 }, { 3, 5 }, { 4, 16 } };
    for (int i = 0; norm_name(i); i++) {
        for (int s = 0; s < COUNT_OF(shapes); s++) {
            idx R = shapes[s][0], C = shapes[s][1], n = R * C;
            struct norm_case c = { norms[i],
                                   R,
                                   C,
                                   normal(n, 1, 1),
                                   normal(C, 1, 2),
                                   normal(C, 1, 3),
                                   normal(n, 1, 4) };
            if (!c.norm->has_shift) {
                free(c.shift);
                c.shift = NULL;
            }
            real y[64], stats[16], dx[64] = { 0 }, dgain[16] = { 0 },
                                   dshift[16] = { 0 };
            c.norm->forward(y, stats, c.x, c.gain, c.shift, R, C);
            c.norm->backward(dx, dgain, c.shift ? dshift : NULL, c.g, c.x,
                             stats, c.gain, R, C);
            check_gradient("norm x", norm_value, &c, c.x, dx, n, BOUND, 1e-2);
            check_gradient("norm gain", norm_value, &c, c.gain, dgain, C, BOUND,
                           1e-2);
            if (c.shift)
                check_gradient("norm shift", norm_value, &c, c.shift, dshift, C,
                               BOUND, 1e-2);
            free(c.x), free(c.gain), free(c.shift), free(c.g);
        }
    }
}

struct activation_case {
    const struct activation *f;
    idx R, F;
    real *u, *g;
};

static double activation_value(void *context)
{
    struct activation_case *c = context;
    real y[64];
    c->f->forward(y, c->u, c->R, c->F);
    return dot(y, c->g, c->R * c->F);
}

static void test_activations__backward_matches_differences(void **state)
{
    (void)state;
    for (int i = 0; activation_name(i); i++) {
        for (double std = 0.5; std < 5; std *= 3) {
            struct activation_case c = { activations[i], 3, 7, NULL, NULL };
            idx n = c.R * c.F * (c.f->is_gated ? 2 : 1);
            real du[64];
            c.u = normal(n, std, 5);
            c.g = normal(c.R * c.F, 1, 6);
            c.f->backward(du, c.u, c.g, c.R, c.F);
            check_gradient(c.f->name, activation_value, &c, c.u, du, n, BOUND,
                           1e-2);
            free(c.u), free(c.g);
        }
    }
}

struct linear_case {
    idx R, N, K;
    real *x, *w, *b, *g;
};

static double linear_value(void *context)
{
    struct linear_case *c = context;
    real *y = calloc((size_t)(c->R * c->N), sizeof *y);
    linear_forward(y, c->x, c->w, c->b, c->R, c->N, c->K, 0);
    double value = dot(y, c->g, c->R * c->N);
    free(y);
    return value;
}

static void test_linear__backward_matches_differences(void **state)
{
    (void)state;
    /* ragged, and more outputs than one gradient task covers */
    const idx shapes[][3] = { { 1, 1, 1 }, { 5, 3, 7 }, { 67, 130, 2 } };
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        idx R = shapes[s][0], N = shapes[s][1], K = shapes[s][2];
        struct linear_case c = { R,
                                 N,
                                 K,
                                 normal(R * K, 1, 7),
                                 normal(N * K, 1, 8),
                                 normal(N, 1, 9),
                                 normal(R * N, 1, 10) };
        real *dx = normal(R * K, 0, 0), *dw = normal(N * K, 0, 0);
        real *db = normal(N, 0, 0);
        struct linear_grad grad = { dw, db, c.g, c.x, R, N, K };
        linear_backward(dx, c.g, c.w, R, N, K);
        for (idx i = 0; i < linear_grad_tasks(&grad); i++)
            linear_grad_run(&grad, i);
        check_gradient("linear x", linear_value, &c, c.x, dx, R * K, BOUND,
                       1e-2);
        check_gradient("linear w", linear_value, &c, c.w, dw, N * K, BOUND,
                       1e-2);
        check_gradient("linear b", linear_value, &c, c.b, db, N, BOUND, 1e-2);
        free(c.x), free(c.w), free(c.b), free(c.g);
        free(dx), free(dw), free(db);
    }
}

struct rope_case {
    idx T, H, D;
    real *x, *g, *table;
};

static double rope_value(void *context)
{
    struct rope_case *c = context;
    idx n = c->T * c->H * c->D;
    real y[256];
    memcpy(y, c->x, (size_t)n * sizeof *y);
    rope_rows(y, c->H * c->D, c->table, 0, c->T, c->T, c->H, c->D, 1);
    return dot(y, c->g, n);
}

static void test_rope__backward_matches_differences(void **state)
{
    (void)state;
    struct rope_case c = { 5, 2, 6, NULL, NULL, NULL };
    idx n = c.T * c.H * c.D;
    c.x = normal(n, 1, 11);
    c.g = normal(n, 1, 12);
    c.table = normal(c.T * c.D, 0, 0);
    rope_table(c.table, c.T, c.D);
    real *dx = normal(n, 1, 12);
    rope_rows(dx, c.H * c.D, c.table, 0, c.T, c.T, c.H, c.D, -1);
    check_gradient("rope", rope_value, &c, c.x, dx, n, BOUND, 1e-2);
    free(c.x), free(c.g), free(c.table), free(dx);
}

struct xent_case {
    idx R, V;
    real *logits;
    const int32_t *target;
};

static double xent_value(void *context)
{
    struct xent_case *c = context;
    real loss[8];
    xent_forward(loss, c->logits, c->target, c->R, c->V);
    double sum = 0;
    for (idx r = 0; r < c->R; r++)
        sum += (double)loss[r];
    return 0.25 * sum;
}

static void test_xent__backward_matches_differences(void **state)
{
    (void)state;
    const int32_t target[] = { 0, 8, 3 };
    struct xent_case c = { 3, 9, normal(27, 3, 13), target };
    real *d = normal(27, 3, 13), loss[3];
    xent_backward(loss, d, target, 3, 9, (real)0.25);
    check_gradient("xent", xent_value, &c, c.logits, d, 27, BOUND, 1e-2);
    free(c.logits), free(d);
}

struct head_case {
    struct attention at;
    real *qkv, *column, *g, *scratch; /* qkv (T,3D), g (T,D) */
};

static struct head head_of(struct head_case *c)
{
    idx D = c->at.D;
    return (struct head){ .q = c->qkv,
                          .k = c->qkv + D,
                          .v = c->qkv + 2 * D,
                          .column_key = c->at.n_extra ? c->column : NULL,
                          .ld_qkv = 3 * D,
                          .ld_o = D };
}

static double head_value(void *context)
{
    struct head_case *c = context;
    struct head head = head_of(c);
    real o[600];
    attention_forward(&c->at, o, &head, NULL, c->scratch);
    return dot(o, c->g, c->at.T * c->at.D);
}

static void check_head(const struct attention_options *o, idx T, idx D)
{
    struct head_case c = { attention_of(o, T, D), normal(T * 3 * D, 1, 14),
                           normal(D, 1, 15), normal(T * D, 1, 16), NULL };
    c.scratch = normal(attention_scratch(&c.at), 1, 17); /* not clean */
    real *d = normal(T * 3 * D, 0, 0), *dcolumn = normal(D, 0, 0);
    struct head head = head_of(&c);
    char what[100];
    attention_backward(&c.at, d, d + D, d + 2 * D,
                       c.at.n_extra ? dcolumn : NULL, c.g, &head, c.scratch);
    snprintf(what, sizeof what, "attention %s, normalizer %s, extra %td, T %td",
             weight_map_name(o->weights), normalizer_name(o->normalizer),
             c.at.n_extra, T);
    check_gradient(what, head_value, &c, c.qkv, d, T * 3 * D, BOUND, 1e-2);
    if (c.at.n_extra)
        check_gradient(what, head_value, &c, c.column, dcolumn, D, BOUND, 1e-2);
    free(c.qkv), free(c.column), free(c.g), free(c.scratch);
    free(d), free(dcolumn);
}

static void test_attention__backward_matches_differences(void **state)
{
    (void)state;
    /* one key; ragged; one tile and one row more; three tiles */
    const idx shapes[][2] = {
        { 1, 1 }, { 1, 4 }, { 7, 3 }, { 65, 2 }, { 131, 1 }
    };
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            for (int s = 0; s < COUNT_OF(shapes); s++) {
                struct attention_options o = { .weights = map, .bias = bias };
                check_head(&o, shapes[s][0], shapes[s][1]);
                o.normalizer = NORMALIZER_SUM;
                if (shapes[s][0] < 60)
                    check_head(&o, shapes[s][0], shapes[s][1]);
            }
        }
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms__backward_matches_differences),
        cmocka_unit_test(test_activations__backward_matches_differences),
        cmocka_unit_test(test_linear__backward_matches_differences),
        cmocka_unit_test(test_rope__backward_matches_differences),
        cmocka_unit_test(test_xent__backward_matches_differences),
        cmocka_unit_test(test_attention__backward_matches_differences),
    };
    return cmocka_run_group_tests_name("grad_layers", tests, start, NULL);
}
