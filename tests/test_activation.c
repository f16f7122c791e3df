/* GELU and SwiGLU against their formulas in double. */
#include "kern/activation.h"
#include "gradcheck.h"
#include "harness.h"

#include <math.h>
#include <string.h>

static double gelu(double u)
{
    double inner = sqrt(2 / acos(-1.0)) * (u + 0.044715 * u * u * u);
    return 0.5 * u * (1 + tanh(inner));
}

static double silu(double u)
{
    return u / (1 + exp(-u));
}

static double slope(double (*f)(double), double u)
{
    double h = 1e-4;
    return (8 * (f(u + h) - f(u - h)) - (f(u + 2 * h) - f(u - 2 * h))) /
           (12 * h);
}

static const struct activation *named(const char *name)
{
    for (int i = 0; activation_name(i); i++)
        if (strcmp(activation_name(i), name) == 0)
            return activations[i];
    fail_msg("no activation %s", name);
    return NULL;
}

enum { POINTS = 4001 };

static void test_gelu__matches_its_tanh_form(void **state)
{
    (void)state;
    static real u[POINTS], y[POINTS], dy[POINTS], du[POINTS];
    fill_normal(dy, POINTS, 1, 1);
    for (idx i = 0; i < POINTS; i++)
        u[i] = (real)((double)(i - POINTS / 2) / 200); /* -10 .. 10 */
    named("gelu")->forward(y, u, POINTS, 1);
    named("gelu")->backward(du, u, dy, POINTS, 1);
    for (idx i = 0; i < POINTS; i++) {
        assert_close((double)y[i], gelu((double)u[i]), 1e-6);
        assert_close((double)du[i], (double)dy[i] * slope(gelu, (double)u[i]),
                     5e-6); /* 1 + tanh cancels, times u */
    }
}

/* Rows are [gate | up]. */
static void test_swiglu__gates_the_second_half_of_a_row(void **state)
{
    (void)state;
    enum { R = 5, F = 19 };
    real u[R * 2 * F], y[R * F], dy[R * F], du[R * 2 * F];
    fill_normal(u, R * 2 * F, 3, 2);
    fill_normal(dy, R * F, 1, 3);
    named("swiglu")->forward(y, u, R, F);
    named("swiglu")->backward(du, u, dy, R, F);
    for (idx r = 0; r < R; r++) {
        for (idx f = 0; f < F; f++) {
            double gate = (double)u[r * 2 * F + f];
            double up = (double)u[r * 2 * F + F + f];
            double d = (double)dy[r * F + f];
            assert_close((double)y[r * F + f], silu(gate) * up, 1e-6);
            assert_close((double)du[r * 2 * F + f], d * up * slope(silu, gate),
                         2e-6);
            assert_close((double)du[r * 2 * F + F + f], d * silu(gate), 1e-6);
        }
    }
}

static void test_activations__extreme_inputs_stay_finite(void **state)
{
    (void)state;
    static const double sizes[] = { 0, 20, 100, 1e4 };
    for (int i = 0; activation_name(i); i++) {
        for (int j = 0; j < COUNT_OF(sizes); j++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                real x = (real)(sign * sizes[j]), u[2] = { x, 1 };
                real y, dy = 1, du[2];
                activations[i]->forward(&y, u, 1, 1);
                activations[i]->backward(du, u, &dy, 1, 1);
                /* far out both are the positive part */
                bool is_far = sizes[j] > 15;
                assert_true(isfinite(y) && isfinite(du[0]));
                if (is_far) {
                    assert_close((double)y, x > 0 ? (double)x : 0, 1e-6);
                    assert_close((double)du[0], x > 0, 1e-6);
                }
            }
        }
    }
}

static void test_activations__have_their_texts(void **state)
{
    (void)state;
    for (int i = 0; activation_name(i); i++) {
        assert_string_equal(activation_name(i), activations[i]->name);
        assert_true(strlen(activations[i]->formula) > 0);
        assert_true(strlen(activations[i]->source) > 0);
    }
    assert_null(activation_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gelu__matches_its_tanh_form),
        cmocka_unit_test(test_swiglu__gates_the_second_half_of_a_row),
        cmocka_unit_test(test_activations__extreme_inputs_stay_finite),
        cmocka_unit_test(test_activations__have_their_texts),
    };
    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
