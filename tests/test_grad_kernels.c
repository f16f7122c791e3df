/* Norms, activations and the kernels on heads: backward against central
 * differences, 1e-7. Rows have room between them, and heads that share
 * something share it. */
#include "gradcheck.h"
#include "harness.h"
#include "strided.h"

#include <stdio.h>
#include <stdlib.h>

#include "nn/ffns.h"
#include "kern/conv.h"
#include "kern/exclusive.h"
#include "kern/features.h"
#include "kern/gate.h"
#include "kern/headnorm.h"
#include "kern/norm.h"
#include "nn/norms.h"
#include "kern/valuegate.h"

static const double BOUND = 1e-7, FLOOR = 1e-2;

struct norm_case {
    const struct norm *norm;
    idx R, C;
    real *x, *gain, *shift, *g;
    double eps;
};

static double norm_value(void *context)
{
    struct norm_case *c = context;
    real y[64], stats[16];
    double sum = 0;
    c->norm->forward(y, stats, c->x, c->gain, c->shift, c->eps, c->R, c->C);
    for (idx i = 0; i < c->R * c->C; i++)
        sum += (double)y[i] * (double)c->g[i];
    return sum;
}

static void check_norm(const char *name, const struct norm *norm, idx R, idx C,
                       double eps)
{
    real x[64], gain[17], shift[16], g[64], y[64], stats[16];
    real dx[64] = { 0 }, dgain[17] = { 0 }, dshift[16] = { 0 };
    struct norm_case c = { norm, R, C, x, gain, shift, g, eps };
    fill_normal(x, R * C, 1, 1);
    fill_normal(gain, C + 1, 1, 2);
    fill_normal(shift, C, 1, 3);
    fill_normal(g, R * C, 1, 4);
    if (!norm->has_shift)
        c.shift = NULL;
    norm->forward(y, stats, x, gain, c.shift, c.eps, R, C);
    norm->backward(dx, dgain, c.shift ? dshift : NULL, g, x, stats, gain, R, C);
    check_gradient(name, norm_value, &c, x, dx, R * C, BOUND, FLOOR);
    check_gradient(name, norm_value, &c, gain, dgain,
                   norm_gain_numbers(norm, C), BOUND, FLOOR);
    if (c.shift)
        check_gradient(name, norm_value, &c, shift, dshift, C, BOUND, FLOOR);
}

static void test_norms__backward_matches_differences(void **state)
{
    (void)state;
    const idx shapes[][2] = { { 1, 1 }, { 1, 2 }, { 3, 5 }, { 4, 16 } };
    for (int i = 0; norm_name(i); i++)
        for (int s = 0; s < COUNT_OF(shapes); s++)
            check_norm(norm_name(i), norms[i].kernel, shapes[s][0],
                       shapes[s][1], s % 2 ? 1e-5 : 0.3);
}

struct activation_case {
    const struct activation *f;
    idx R, F;
    const real *u, *g;
};

static double activation_value(void *context)
{
    struct activation_case *c = context;
    real y[64];
    double sum = 0;
    c->f->forward(y, c->u, c->R, c->F);
    for (idx i = 0; i < c->R * c->F; i++)
        sum += (double)y[i] * (double)c->g[i];
    return sum;
}

static void test_activations__backward_matches_differences(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        for (double std = 0.5; std < 5; std *= 3) {
            real u[42], g[21], du[42];
            struct activation_case c = { ffns[i].kernel, 3, 7, u, g };
            idx n = c.R * c.F * (c.f->is_gated ? 2 : 1);
            fill_normal(u, n, std, 5);
            fill_normal(g, c.R * c.F, 1, 6);
            c.f->backward(du, u, g, c.R, c.F);
            check_gradient(ffn_name(i), activation_value, &c, u, du, n, BOUND,
                           FLOOR);
        }
    }
}

/* R rows of n numbers at x: each row's against d. */
static void check_rows(const char *what, scalar_fn f, void *context, real *x,
                       const real *d, idx R, idx n)
{
    for (idx r = 0; r < R; r++)
        check_gradient(what, f, context, x + r * (n + GAP), d + r * (n + GAP),
                       n, BOUND, FLOOR);
}

struct conv_case {
    struct conv c;
    const real *g;
    real *y;
};

static double conv_value(void *context)
{
    struct conv_case *k = context;
    idx n = k->c.H * k->c.D;
    conv_forward(k->y, n + GAP, &k->c);
    return strided_dot(k->y, k->g, k->c.T, n);
}

static void check_conv(idx T, idx H, idx D, idx K, bool has_b)
{
    idx n = H * D;
    real *x = strided_normal(T, n, 1, 7), *w = strided_normal(1, D * K, 1, 8);
    real *b = strided_normal(1, D, 1, 9), *g = strided_normal(T, n, 1, 10);
    real *y = strided_normal(T, n, 0, 0), *d = strided_normal(T, n, 1, 11);
    real *dw = strided_normal(1, D * K, 0, 0), *db = strided_normal(1, D, 0, 0);
    struct conv_case k = { .c = { .T = T,
                                  .H = H,
                                  .D = D,
                                  .K = K,
                                  .x = x,
                                  .ld_x = n + GAP,
                                  .w = w,
                                  .b = has_b ? b : NULL },
                           .g = g,
                           .y = y };
    conv_backward(d, n + GAP, dw, has_b ? db : NULL, g, n + GAP, &k.c);
    check_rows("conv x", conv_value, &k, x, d, T, n);
    check_rows("conv w", conv_value, &k, w, dw, 1, D * K);
    if (has_b)
        check_rows("conv b", conv_value, &k, b, db, 1, D);
    free(x), free(w), free(b), free(g), free(y), free(d), free(dw), free(db);
}

static void test_conv__backward_matches_differences(void **state)
{
    (void)state;
    check_conv(1, 1, 1, 1, true);
    check_conv(2, 2, 3, 4, true);
    check_conv(9, 2, 5, 3, true);
    check_conv(4, 1, 66, 2, false);
}

struct headnorm_case {
    struct headnorm n;
    const real *g;
    real *y;
};

static double headnorm_value(void *context)
{
    struct headnorm_case *k = context;
    idx n = k->n.H * k->n.D;
    headnorm_forward(k->y, n + GAP, &k->n);
    return strided_dot(k->y, k->g, k->n.R, n);
}

static void check_headnorm(idx R, idx H, idx D, bool is_unit, bool has_gain)
{
    idx n = H * D;
    const char *what = is_unit ? "headnorm unit" : "headnorm rms";
    real *x = strided_normal(R, n, 1, 11), *gain = strided_normal(1, D, 1, 12);
    real *g = strided_normal(R, n, 1, 13), *d = strided_copy(g, R, n);
    real *y = strided_normal(R, n, 0, 0), *dgain = strided_normal(1, D, 0, 0);
    struct headnorm_case k = { .n = { .R = R,
                                      .H = H,
                                      .D = D,
                                      .is_unit = is_unit,
                                      .eps = is_unit ? NORM_UNIT_EPS : 0.1,
                                      .x = x,
                                      .ld_x = n + GAP,
                                      .gain = has_gain ? gain : NULL },
                               .g = g,
                               .y = y };
    headnorm_backward(d, n + GAP, has_gain ? dgain : NULL, &k.n);
    check_rows(what, headnorm_value, &k, x, d, R, n);
    if (has_gain)
        check_rows(what, headnorm_value, &k, gain, dgain, 1, D);
    free(x), free(gain), free(g), free(d), free(y), free(dgain);
}

static void test_headnorm__backward_matches_differences(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        check_headnorm(1, 1, 2, kind & 1, kind & 2);
        check_headnorm(3, 2, 5, kind & 1, kind & 2);
        check_headnorm(2, 3, 16, kind & 1, kind & 2);
    }
}

struct gate_case {
    struct gate gate;
    const real *g;
    real *y;
};

static double gate_value(void *context)
{
    struct gate_case *k = context;
    idx n = k->gate.n * k->gate.width;
    gate_forward(k->y, n + GAP, &k->gate);
    return strided_dot(k->y, k->g, k->gate.R, n);
}

static void check_gate(idx R, idx gates, idx width, real factor, bool is_static)
{
    idx n = gates * width, z_rows = is_static ? 1 : R;
    real *x = strided_normal(R, n, 1, 14);
    real *z = strided_normal(z_rows, gates, 2, 15);
    real *g = strided_normal(R, n, 1, 16), *d = strided_copy(g, R, n);
    /* rubbish if it is written, 0 if it is added to */
    real *dz = strided_normal(z_rows, gates, is_static ? 0 : 1, 17);
    real *y = strided_normal(R, n, 0, 0);
    struct gate_case k = { .gate = { .R = R,
                                     .n = gates,
                                     .width = width,
                                     .factor = factor,
                                     .x = x,
                                     .ld_x = n + GAP,
                                     .z = z,
                                     .ld_z = is_static ? 0 : gates + GAP },
                           .g = g,
                           .y = y };
    gate_forward(y, n + GAP, &k.gate);
    gate_backward(d, n + GAP, dz, gates + GAP, y, n + GAP, &k.gate);
    check_rows("gate x", gate_value, &k, x, d, R, n);
    check_rows("gate z", gate_value, &k, z, dz, z_rows, gates);
    free(x), free(z), free(g), free(d), free(dz), free(y);
}

static void test_gate__backward_matches_differences(void **state)
{
    (void)state;
    for (int is_static = 0; is_static <= 1; is_static++) {
        check_gate(1, 1, 1, 1, is_static);
        check_gate(3, 7, 1, 1, is_static);
        check_gate(3, 2, 5, 2, is_static);
        check_gate(4, 3, 16, 1, is_static);
    }
}

struct exclusive_case {
    struct exclusive e;
    const real *g;
    real *y;
};

static double exclusive_value(void *context)
{
    struct exclusive_case *k = context;
    idx n = k->e.H * k->e.D;
    exclusive_forward(k->y, n + GAP, &k->e);
    return strided_dot(k->y, k->g, k->e.R, n);
}

static void check_exclusive(idx R, idx H, idx D, idx share, bool has_a)
{
    idx n = H * D, values = n / share;
    real *x = strided_normal(R, n, 1, 18),
         *v = strided_normal(R, values, 1, 19);
    real *a = strided_normal(R, H, 1, 20), *g = strided_normal(R, n, 1, 21);
    real *d = strided_copy(g, R, n), *dv = strided_normal(R, values, 0, 0);
    real *da = strided_normal(R, H, 1, 22), *y = strided_normal(R, n, 0, 0);
    struct exclusive_case k = { .e = { .R = R,
                                       .H = H,
                                       .D = D,
                                       .share = share,
                                       .x = x,
                                       .ld_x = n + GAP,
                                       .v = v,
                                       .ld_v = values + GAP,
                                       .a = has_a ? a : NULL,
                                       .ld_a = H + GAP },
                                .g = g,
                                .y = y };
    exclusive_backward(d, n + GAP, dv, values + GAP, has_a ? da : NULL, H + GAP,
                       &k.e);
    check_rows("exclusive x", exclusive_value, &k, x, d, R, n);
    check_rows("exclusive v", exclusive_value, &k, v, dv, R, values);
    if (has_a)
        check_rows("exclusive a", exclusive_value, &k, a, da, R, H);
    free(x), free(v), free(a), free(g), free(d), free(dv), free(da), free(y);
}

static void test_exclusive__backward_matches_differences(void **state)
{
    (void)state;
    for (int has_a = 0; has_a <= 1; has_a++) {
        check_exclusive(1, 1, 3, 1, has_a);
        check_exclusive(3, 2, 5, 1, has_a);
        check_exclusive(2, 4, 16, 2, has_a);
    }
}

struct elu1_case {
    const real *x, *g;
    real *y;
    idx R, n;
};

static double elu1_value(void *context)
{
    struct elu1_case *k = context;
    elu1_forward(k->y, k->n + GAP, k->x, k->n + GAP, k->R, k->n);
    return strided_dot(k->y, k->g, k->R, k->n);
}

static void test_elu1__backward_matches_differences(void **state)
{
    (void)state;
    idx R = 4, n = 19;
    real *x = strided_normal(R, n, 2, 23), *g = strided_normal(R, n, 1, 24);
    real *y = strided_normal(R, n, 0, 0), *d = strided_copy(g, R, n);
    struct elu1_case k = { x, g, y, R, n };
    elu1_forward(y, n + GAP, x, n + GAP, R, n);
    elu1_backward(d, n + GAP, y, n + GAP, R, n);
    check_rows("elu1", elu1_value, &k, x, d, R, n);
    free(x), free(g), free(y), free(d);
}

struct valuegate_case {
    struct valuegate gate;
    const real *g;
    real *u;
};

static double valuegate_value(void *context)
{
    struct valuegate_case *k = context;
    idx n = k->gate.H * k->gate.D;
    valuegate_forward(k->u, n + GAP, &k->gate);
    return strided_dot(k->u, k->g, k->gate.R, n);
}

static void check_valuegate(idx R, idx H, idx D, bool is_shared)
{
    idx n = H * D;
    real *v = strided_normal(R, n, 1, 25), *w = strided_normal(1, n, 1, 26);
    real *g = strided_normal(R, n, 1, 27), *d = strided_copy(g, R, n);
    real *u = strided_normal(R, n, 0, 0), *dw = strided_normal(1, n, 0, 0);
    struct valuegate_case k = { .gate = { .R = R,
                                          .H = H,
                                          .D = D,
                                          .v = v,
                                          .ld_v = n + GAP,
                                          .w = w,
                                          .ld_w = is_shared ? 0 : D },
                                .g = g,
                                .u = u };
    valuegate_backward(d, n + GAP, dw, &k.gate);
    check_rows("valuegate v", valuegate_value, &k, v, d, R, n);
    check_rows("valuegate w", valuegate_value, &k, w, dw, 1, n);
    free(v), free(w), free(g), free(d), free(u), free(dw);
}

static void test_valuegate__backward_matches_differences(void **state)
{
    (void)state;
    for (int is_shared = 0; is_shared <= 1; is_shared++) {
        check_valuegate(1, 1, 1, is_shared);
        check_valuegate(3, 2, 5, is_shared);
        check_valuegate(2, 3, 16, is_shared);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms__backward_matches_differences),
        cmocka_unit_test(test_activations__backward_matches_differences),
        cmocka_unit_test(test_conv__backward_matches_differences),
        cmocka_unit_test(test_headnorm__backward_matches_differences),
        cmocka_unit_test(test_gate__backward_matches_differences),
        cmocka_unit_test(test_exclusive__backward_matches_differences),
        cmocka_unit_test(test_elu1__backward_matches_differences),
        cmocka_unit_test(test_valuegate__backward_matches_differences),
    };
    return cmocka_run_group_tests_name("grad_kernels", tests, NULL, NULL);
}
