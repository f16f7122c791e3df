/* exp, sigmoid, tanh and erf for vector loops, against the C library. */
#include "harness.h"
#include "kern/vecmath.h"

#include <float.h>

static float from_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Distance in units of the last place of the float nearest to want. */
static double ulps(double got, double want)
{
    float near = (float)want;
    return fabs(got - want) / (double)(nextafterf(near, INFINITY) - near);
}

static void test_exp__is_within_3_ulp_over_the_whole_range(void **state)
{
    (void)state;
    const uint32_t low = 0x42aeac4f, high = 0x42b0c0a4; /* 87.3365, 88.3762 */
    double worst = 0;
    for (uint32_t bits = 0; bits < high; bits += 1999) {
        float x = from_bits(bits);
        worst = fmax(worst, ulps((double)vec_exp(x), exp((double)x)));
        if (bits < low)
            worst = fmax(worst, ulps((double)vec_exp(-x), exp((double)-x)));
    }
    if (!(worst < 3))
        fail_msg("an error of %g ulp", worst);
}

/* Where the power of two changes, and the last floats before the clamps. */
static void test_exp__is_exact_to_3_ulp_at_its_seams(void **state)
{
    (void)state;
    for (int n = -125; n <= 127; n++) {
        float x = (float)((n + 0.5) * 0.69314718055994530942);
        float seam[] = { nextafterf(x, -INFINITY), x, nextafterf(x, INFINITY) };
        for (int i = 0; i < 3; i++)
            if (seam[i] < 88.376f)
                assert_true(
                    ulps((double)vec_exp(seam[i]), exp((double)seam[i])) < 3);
    }
    for (uint32_t bits = 0x42b0c000; bits < 0x42b0c0a4; bits++)
        assert_true(ulps((double)vec_exp(from_bits(bits)),
                         exp((double)from_bits(bits))) < 3);
    for (uint32_t bits = 0x42aeac00; bits < 0x42aeac4f; bits++)
        assert_true(ulps((double)vec_exp(-from_bits(bits)),
                         exp(-(double)from_bits(bits))) < 3);
    assert_true(vec_exp(0) == 1);
}

static void test_exp__clamps_to_finite_normal_numbers(void **state)
{
    (void)state;
    const real beyond[] = { 89, 100, (real)1e4, (real)1e30, INFINITY };
    for (int i = 0; i < COUNT_OF(beyond); i++) {
        double large = (double)vec_exp(beyond[i]);
        double small = (double)vec_exp(-beyond[i]);
        assert_true(large > 2e38 && large <= (double)FLT_MAX);
        assert_true(small >= (double)FLT_MIN && small < 1.3e-38);
    }
}

static void test_vecmath__nan_stays_nan(void **state)
{
    (void)state;
    volatile real nan = (real)NAN; /* met at run time */
    assert_true(isnan(vec_exp(nan)));
    assert_true(isnan(vec_sigmoid(nan)));
    assert_true(isnan(vec_tanh(nan)));
    assert_true(isnan(vec_tanh_relative(nan)));
    assert_true(isnan(vec_erf(nan)));
}

static void test_vecmath__sigmoid_and_tanh_match_the_library(void **state)
{
    (void)state;
    for (double x = -30; x <= 30; x += 1.0 / 128) {
        double sigmoid = 1 / (1 + exp(-x));
        assert_close((double)vec_sigmoid((real)x) / sigmoid, 1, 6e-7);
        /* 1 less a quotient: so many digits behind the point */
        assert_near((double)vec_tanh((real)x), tanh(x), 2e-7, 1);
    }
}

static void test_vecmath__tanh_is_right_relative_to_small_numbers(void **state)
{
    (void)state;
    for (double x = 1e-12; x < 30; x *= 1.01) {
        assert_close((double)vec_tanh_relative((real)x), tanh((real)x), 3e-7);
        assert_true(vec_tanh_relative((real)-x) == -vec_tanh_relative((real)x));
    }
    assert_true(vec_tanh_relative(0) == 0);
}

static void test_vecmath__sigmoid_and_tanh_saturate(void **state)
{
    (void)state;
    const real far[] = { 90, 1000, (real)1e4, INFINITY };
    for (int i = 0; i < COUNT_OF(far); i++) {
        assert_true(vec_sigmoid(far[i]) == 1);
        assert_true(vec_sigmoid(-far[i]) >= 0);
        assert_true((double)vec_sigmoid(-far[i]) < 1e-37);
        assert_true(vec_tanh(far[i]) == 1);
        assert_true(vec_tanh(-far[i]) == -1);
        assert_true(vec_tanh_relative(far[i]) == 1);
        assert_true(vec_tanh_relative(-far[i]) == -1);
    }
}

static void test_erf__is_within_4_ulp_over_the_whole_range(void **state)
{
    (void)state;
    const uint32_t four = 0x40800000; /* 4.0 */
    double worst = 0;
    for (uint32_t bits = 0x00800000; bits < four; bits += 499) {
        float x = from_bits(bits);
        worst = fmax(worst, ulps((double)vec_erf(x), erf((double)x)));
        assert_true(vec_erf(-x) == -vec_erf(x));
    }
    if (!(worst < 4))
        fail_msg("an error of %g ulp", worst);
}

/* Where one formula gives way to the other, and where erf becomes 1. */
static void test_erf__is_exact_to_4_ulp_at_its_seams(void **state)
{
    (void)state;
    const uint32_t seams[] = { 0x3f666666, 0x407ae148, 0x40800000 };
    for (int i = 0; i < 3; i++) {
        for (uint32_t bits = seams[i] - 100; bits < seams[i] + 100; bits++) {
            float x = from_bits(bits);
            assert_true(ulps((double)vec_erf(x), erf((double)x)) < 4);
        }
    }
    assert_true(vec_erf(0) == 0);
}

static void test_erf__saturates(void **state)
{
    (void)state;
    const real far[] = { 6, 100, (real)1e30, INFINITY };
    for (int i = 0; i < COUNT_OF(far); i++) {
        assert_true(vec_erf(far[i]) == 1);
        assert_true(vec_erf(-far[i]) == -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exp__is_within_3_ulp_over_the_whole_range),
        cmocka_unit_test(test_exp__is_exact_to_3_ulp_at_its_seams),
        cmocka_unit_test(test_exp__clamps_to_finite_normal_numbers),
        cmocka_unit_test(test_vecmath__nan_stays_nan),
        cmocka_unit_test(test_vecmath__sigmoid_and_tanh_match_the_library),
        cmocka_unit_test(test_vecmath__tanh_is_right_relative_to_small_numbers),
        cmocka_unit_test(test_vecmath__sigmoid_and_tanh_saturate),
        cmocka_unit_test(test_erf__is_within_4_ulp_over_the_whole_range),
        cmocka_unit_test(test_erf__is_exact_to_4_ulp_at_its_seams),
        cmocka_unit_test(test_erf__saturates),
    };
    return cmocka_run_group_tests_name("vecmath", tests, NULL, NULL);
}
