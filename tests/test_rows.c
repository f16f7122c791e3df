/* Rows of numbers against plain loops in double: of every length around a
 * vector or two, nothing behind them read or written; NaN as a row of weights
 * must have it. */
#include "kern/rows.h"
#include "harness.h"
#include "kern/vec512.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"

enum { LENGTH = 70, ROOM = LENGTH + 2 };

static const real guard = 12345;

static void fill(real *x, idx n, uint64_t seed)
{
    struct rng r = rng_open(seed, RNG_TEST, 11, (uint64_t)n);
    for (idx i = 0; i < ROOM; i++)
        x[i] = i < n ? (real)(3 * rng_normal(&r)) : guard;
}

/* What stands behind a row of n is as fill left it. */
static void check_guard(const real *x, idx n)
{
    for (idx i = n; i < ROOM; i++)
        assert_true(x[i] == guard);
}

static void close_to(real have, double want, double size)
{
    assert_near((double)have, want, 2e-6, size);
}

static void check_sums(const real *x, const real *y, idx n)
{
    double sum = 0, dot = 0, max = (double)x[0], size = 1;
    for (idx i = 0; i < n; i++) {
        sum += (double)x[i];
        dot += (double)x[i] * (double)y[i];
        size += fabs((double)x[i] * (double)y[i]) + fabs((double)x[i]);
        max = fmax(max, (double)x[i]);
    }
    assert_true((double)row_max(x, n) == max);
    close_to(row_sum(x, n), sum, size);
    close_to(row_dot(x, y, n), dot, size);
}

static void check_scale(const real *x, idx n)
{
    real y[ROOM];
    memcpy(y, x, sizeof y);
    row_scale(y, (real)-2, n);
    for (idx i = 0; i < n; i++)
        assert_true(y[i] == -2 * x[i]);
    check_guard(y, n);
}

static void check_softmax(const real *s, const real *g, real c, idx n)
{
    real a[ROOM], ds[ROOM];
    double max = -INFINITY, sum = 0, dot = 0;
    for (idx i = 0; i < n; i++)
        max = fmax(max, (double)(c * s[i]));
    for (idx i = 0; i < n; i++)
        sum += exp((double)c * (double)s[i] - max);
    fill(a, 0, 1);
    fill(ds, 0, 1);
    softmax_forward(a, s, c, n);
    for (idx i = 0; i < n; i++) {
        close_to(a[i], exp((double)c * (double)s[i] - max) / sum, 1);
        dot += (double)a[i] * (double)g[i];
    }
    check_guard(a, n);
    softmax_backward(ds, a, g, n);
    for (idx i = 0; i < n; i++)
        close_to(ds[i], (double)a[i] * ((double)g[i] - dot), 10);
    check_guard(ds, n);
    if (c != 1)
        return;
    struct softmax_terms terms = softmax_terms(s, n);
    for (idx i = 0; i < n; i++)
        close_to(softmax_at(terms, s[i]), (double)a[i], 1);
}

static void test_rows__match_plain_loops(void **state)
{
    (void)state;
    for (idx n = 1; n <= LENGTH; n++) {
        real x[ROOM], y[ROOM];
        fill(x, n, 2);
        fill(y, n, 3);
        check_sums(x, y, n);
        check_scale(x, n);
        check_softmax(x, y, 1, n);
        check_softmax(x, y, (real)0.25, n);
        check_softmax(x, y, -2, n);
    }
}

/* In place, as weight maps use them. */
static void test_rows__may_be_made_in_place(void **state)
{
    (void)state;
    for (idx n = 1; n <= LENGTH; n++) {
        real s[ROOM], a[ROOM], g[ROOM], ds[ROOM];
        fill(s, n, 2);
        fill(g, n, 3);
        softmax_forward(a, s, 1, n);
        softmax_forward(s, s, 1, n);
        assert_memory_equal(s, a, (size_t)n * sizeof *s);
        softmax_backward(ds, a, g, n);
        softmax_backward(g, a, g, n);
        assert_memory_equal(g, ds, (size_t)n * sizeof *g);
    }
}

/* Scores as far apart as they get: weights are finite and sum to one. */
static void test_rows__of_far_scores_are_finite(void **state)
{
    (void)state;
    for (idx n = 2; n <= LENGTH; n++) {
        real s[ROOM], a[ROOM];
        for (idx i = 0; i < n; i++)
            s[i] = i % 2 ? (real)1e30 : (real)-1e30;
        softmax_forward(a, s, 1, n);
        close_to(row_sum(a, n), 1, 1);
        assert_true(isfinite(a[0]) && isfinite(a[n - 1]));
    }
}

static void test_rows__pass_nan_on(void **state)
{
    (void)state;
    for (idx n = 1; n <= LENGTH; n++)
        for (idx at = 0; at < n; at++) {
            real s[ROOM], a[ROOM];
            fill(s, n, 2);
            s[at] = (real)NAN;
            softmax_forward(a, s, 1, n);
            for (idx i = 0; i < n; i++)
                assert_true(isnan(a[i]));
            assert_true(isnan(row_sum(s, n)));
            assert_true(isnan(row_dot(s, s, n)));
            assert_true(isnan(softmax_terms(s, n).factor));
        }
}

/* What rows and activations are made of where vectors are of 512 bits, to the
 * errors that vec512.h tells. */
static void test_rows__vectors_match_the_c_library(void **state)
{
    (void)state;
#ifdef VEC512
    for (int i = -8000; i <= 8000; i++) {
        float x = (float)i / 100, y[VEC512_LANES];
        _mm512_storeu_ps(y, vec512_exp(_mm512_set1_ps(x)));
        assert_near((double)y[i & 15], exp((double)x), 2.4e-7, exp((double)x));
        float e = y[0];
        _mm512_storeu_ps(y, vec512_reciprocal(_mm512_set1_ps(e)));
        assert_near((double)y[i & 15], 1 / (double)e, 2.4e-7, 1 / (double)e);
    }
    float y[VEC512_LANES];
    _mm512_storeu_ps(y, vec512_exp(_mm512_set1_ps(NAN)));
    assert_true(isnan(y[3]));
    _mm512_storeu_ps(y, vec512_exp(_mm512_set1_ps(-INFINITY)));
    assert_true(y[3] >= 0 && y[3] < 1.2e-38F);
    _mm512_storeu_ps(y, vec512_exp(_mm512_set1_ps(INFINITY)));
    assert_true(isfinite(y[3]) && y[3] > 2e38F);
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows__match_plain_loops),
        cmocka_unit_test(test_rows__may_be_made_in_place),
        cmocka_unit_test(test_rows__of_far_scores_are_finite),
        cmocka_unit_test(test_rows__pass_nan_on),
        cmocka_unit_test(test_rows__vectors_match_the_c_library),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
