/* Value gates against their formula in double. */
#include "harness.h"
#include "kern/valuegate.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>

struct shape {
    idx R, H, D;
};

static const struct shape shapes[] = {
    { 1, 1, 1 }, { 3, 2, 5 }, { 4, 3, 33 }, { 2, 4, 64 }
};

/* Weights of each head, or w of the first for all. */
static void check(const struct shape *s, bool is_shared)
{
    idx R = s->R, H = s->H, D = s->D, n = H * D, ld = n + GAP;
    idx ld_w = is_shared ? 0 : D;
    real *v = strided_normal(R, n, 1, 1), *w = strided_normal(1, n, 0.5, 2);
    real *u = strided_normal(R, n, 1, 3), *dw = strided_normal(1, n, 1, 4);
    real *du = strided_normal(R, n, 1, 5), *d = strided_copy(du, R, n);
    double *want_w = calloc((size_t)n, sizeof *want_w);
    double *size_w = calloc((size_t)n, sizeof *size_w);
    struct valuegate g = {
        .R = R, .H = H, .D = D, .v = v, .ld_v = ld, .w = w, .ld_w = ld_w
    };
    for (idx i = 0; i < n; i++)
        size_w[i] = fabs(want_w[i] = (double)dw[i]); /* added to that */
    valuegate_forward(u, ld, &g);
    valuegate_backward(d, ld, dw, &g);
    for (idx r = 0; r < R; r++) {
        for (idx h = 0; h < H; h++) {
            idx at = r * ld + h * D;
            double dot = 0, grad = 0, size = 0;
            for (idx i = 0; i < D; i++) {
                dot += (double)v[at + i] * (double)w[h * ld_w + i];
                grad += (double)du[at + i] * (double)v[at + i];
                size += fabs((double)du[at + i] * (double)v[at + i]);
            }
            double open = 1 / (1 + exp(-dot)), k = open * (1 - open) * grad;
            for (idx i = 0; i < D; i++) {
                double x = (double)v[at + i], g_i = (double)du[at + i];
                assert_close((double)u[at + i], open * x, 3e-6);
                double through = open * g_i,
                       aside = k * (double)w[h * ld_w + i];
                assert_near((double)d[at + i], through + aside, 2e-6,
                            fabs(through) + open * (1 - open) * size *
                                                fabs((double)w[h * ld_w + i]));
                want_w[h * ld_w + i] += k * x;
                size_w[h * ld_w + i] += open * (1 - open) * size * fabs(x);
            }
        }
    }
    for (idx i = 0; i < n; i++)
        assert_near((double)dw[i], want_w[i], 2e-6, size_w[i]);
    assert_gaps(u, R, n);
    assert_gaps(d, R, n);
    assert_gaps(dw, 1, n);
    real *in_place = strided_copy(v, R, n);
    g.v = in_place;
    valuegate_forward(in_place, ld, &g);
    for (idx i = 0; i < R * ld; i++)
        assert_close((double)in_place[i], (double)u[i], 1e-6);
    free(v), free(w), free(u), free(dw), free(du), free(d), free(want_w),
        free(size_w);
    free(in_place);
}

static void test_valuegate__matches_its_formula(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        check(&shapes[s], false);
        check(&shapes[s], true);
    }
}

static void test_valuegate__zero_weights_halve(void **state)
{
    (void)state;
    real v[6] = { 1, -2, 3, 4, 5, -6 }, w[3] = { 0 }, u[6];
    struct valuegate g = {
        .R = 1, .H = 2, .D = 3, .v = v, .ld_v = 6, .w = w, .ld_w = 0
    };
    valuegate_forward(u, 6, &g);
    for (idx i = 0; i < 6; i++)
        assert_true(2 * u[i] == v[i]);
}

static void test_valuegate__large_values_stay_finite(void **state)
{
    (void)state;
    for (double size = -1e4; size <= 1e4; size += 2e4) {
        real v[2] = { (real)size, 1 }, w[2] = { 1, 1 }, u[2], d[2] = { 1, 1 };
        real dw[2] = { 0 };
        struct valuegate g = {
            .R = 1, .H = 1, .D = 2, .v = v, .ld_v = 2, .w = w, .ld_w = 0
        };
        valuegate_forward(u, 2, &g);
        valuegate_backward(d, 2, dw, &g);
        assert_near((double)u[0], size > 0 ? size : 0, 1e-6, 1e-25);
        assert_near((double)d[0], size > 0, 1e-6, 1e-25);
        assert_true(isfinite(dw[0]) && isfinite(dw[1]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valuegate__matches_its_formula),
        cmocka_unit_test(test_valuegate__zero_weights_halve),
        cmocka_unit_test(test_valuegate__large_values_stay_finite),
    };
    return cmocka_run_group_tests_name("valuegate", tests, NULL, NULL);
}
