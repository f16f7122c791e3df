/* Activations, plain and gated, against their formulas in double. */
#include "gradcheck.h"
#include "harness.h"
#include "nn/ffns.h"

#include <math.h>
#include <string.h>

static double gelu_tanh(double u)
{
    double inner = sqrt(2 / acos(-1.0)) * (u + 0.044715 * u * u * u);
    return 0.5 * u * (1 + tanh(inner));
}

static double gelu_erf(double u)
{
    return 0.5 * u * (1 + erf(u / sqrt(2)));
}

static double silu(double u)
{
    return u / (1 + exp(-u));
}

static double relu(double u)
{
    return u > 0 ? u : 0;
}

/* A row of the table; a new one needs a line here. */
struct definition {
    const char *name;
    double (*curve)(double u); /* of u, or of the gate */
    bool is_gated;
};

static const struct definition definitions[] = {
    { "gelu", gelu_tanh, false }, { "swiglu", silu, true },
    { "relu", relu, false },      { "gelu_erf", gelu_erf, false },
    { "silu", silu, false },      { "reglu", relu, true },
    { "geglu", gelu_erf, true },
};

static double slope(double (*f)(double), double u)
{
    double h = 1e-4;
    return (8 * (f(u + h) - f(u - h)) - (f(u + 2 * h) - f(u - 2 * h))) /
           (12 * h);
}

enum { POINTS = 4001 };

static void check_plain(const struct activation *f, double (*curve)(double))
{
    static real u[POINTS], y[POINTS], dy[POINTS], du[POINTS];
    fill_normal(dy, POINTS, 1, 1);
    for (idx i = 0; i < POINTS; i++) /* -10 .. 10, without the kink at 0 */
        u[i] = (real)((double)(i - POINTS / 2) / 200 + 1e-3);
    f->forward(y, u, POINTS, 1);
    f->backward(du, u, dy, POINTS, 1);
    for (idx i = 0; i < POINTS; i++) {
        /* 1 + tanh cancels, and is multiplied by u */
        assert_near((double)y[i], curve((double)u[i]), 3e-7,
                    fabs((double)u[i]));
        assert_near((double)du[i], (double)dy[i] * slope(curve, (double)u[i]),
                    5e-6, fabs((double)dy[i]));
    }
}

/* Rows are [gate | up]. */
static void check_gated(const struct activation *f, double (*curve)(double))
{
    enum { R = 5, F = 19 };
    real u[R * 2 * F], y[R * F], dy[R * F], du[R * 2 * F];
    fill_normal(u, R * 2 * F, 3, 2);
    fill_normal(dy, R * F, 1, 3);
    f->forward(y, u, R, F);
    f->backward(du, u, dy, R, F);
    for (idx r = 0; r < R; r++) {
        for (idx i = 0; i < F; i++) {
            double gate = (double)u[r * 2 * F + i];
            double up = (double)u[r * 2 * F + F + i];
            double d = (double)dy[r * F + i];
            assert_near((double)y[r * F + i], curve(gate) * up, 4e-7,
                        fabs(gate * up));
            assert_near((double)du[r * 2 * F + i], d * up * slope(curve, gate),
                        4e-6, fabs(d * up));
            assert_near((double)du[r * 2 * F + F + i], d * curve(gate), 4e-7,
                        fabs(d * gate));
        }
    }
}

static void test_activations__match_their_formulas(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        const struct definition *d = NULL;
        for (int j = 0; j < COUNT_OF(definitions); j++)
            if (strcmp(definitions[j].name, ffn_name(i)) == 0)
                d = &definitions[j];
        if (!d)
            fail_msg("no definition of %s", ffn_name(i));
        assert_true(ffns[i].kernel->is_gated == d->is_gated);
        if (d->is_gated)
            check_gated(ffns[i].kernel, d->curve);
        else
            check_plain(ffns[i].kernel, d->curve);
    }
}

/* Lists show this order, and options address rows by number: new ones last. */
static void test_activations__keep_their_order(void **state)
{
    (void)state;
    for (int j = 0; j < COUNT_OF(definitions); j++)
        assert_string_equal(ffn_name(j), definitions[j].name);
}

static void test_activations__let_nan_through(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        volatile real nan = (real)NAN; /* met at run time */
        real u[2] = { nan, 1 }, y;
        ffns[i].kernel->forward(&y, u, 1, 1);
        assert_true(isnan(y));
    }
}

static void test_activations__extreme_inputs_stay_finite(void **state)
{
    (void)state;
    static const double sizes[] = { 0, 20, 100, 1e4 };
    for (int i = 0; ffn_name(i); i++) {
        for (int j = 0; j < COUNT_OF(sizes); j++) {
            for (int sign = -1; sign <= 1; sign += 2) {
                real x = (real)(sign * sizes[j]), u[2] = { x, 1 };
                real y, dy = 1, du[2];
                ffns[i].kernel->forward(&y, u, 1, 1);
                ffns[i].kernel->backward(du, u, &dy, 1, 1);
                /* far out both are the positive part */
                bool is_far = sizes[j] > 15;
                assert_true(isfinite(y) && isfinite(du[0]));
                if (is_far) { /* silu's rest is |x| exp(-|x|), 4e-8 at 20 */
                    assert_near((double)y, x > 0 ? (double)x : 0, 1e-7, 1);
                    assert_near((double)du[0], x > 0, 1e-7, 1);
                }
            }
        }
    }
}

static void test_activations__have_their_texts(void **state)
{
    (void)state;
    for (int i = 0; ffn_name(i); i++) {
        assert_string_equal(ffn_name(i), ffns[i].text.name);
        assert_true(strlen(ffns[i].text.formula) > 0);
        assert_true(strlen(ffns[i].text.source) > 0);
    }
    assert_null(ffn_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_activations__match_their_formulas),
        cmocka_unit_test(test_activations__keep_their_order),
        cmocka_unit_test(test_activations__let_nan_through),
        cmocka_unit_test(test_activations__extreme_inputs_stay_finite),
        cmocka_unit_test(test_activations__have_their_texts),
    };
    return cmocka_run_group_tests_name("activation", tests, NULL, NULL);
}
