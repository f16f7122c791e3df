/* Rounding to bfloat16: to the nearest of all such numbers, of two to the even
 * one; the same in 16 bits and in float32. */
#include "kern/bfloat16.h"
#include "harness.h"

#include <math.h>
#include <string.h>

static float of_bits(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static float wide(uint16_t x)
{
    return of_bits((uint32_t)x << 16);
}

static uint16_t narrow(float x)
{
    uint16_t y;
    real from = (real)x, back;
    bfloat16_store(&y, &from, 1);
    bfloat16_round(&back, &from, 1);
    assert_true(memcmp(&(float){ (float)back }, &(float){ wide(y) },
                       sizeof(float)) == 0);
    return y;
}

/* Between each two finite neighbours: a quarter, the middle, three quarters. */
static void test_bfloat16__rounds_to_the_nearest_and_then_to_even(void **state)
{
    (void)state;
    for (uint32_t low = 0; low < 0x7f80; low++)
        for (uint32_t sign = 0; sign <= 0x8000; sign += 0x8000) {
            uint32_t y = low | sign, bits = y << 16, up = y + 1;
            assert_int_equal(narrow(of_bits(bits)), y);
            assert_int_equal(narrow(of_bits(bits + 0x4000)), y);
            assert_int_equal(narrow(of_bits(bits + 0x7fff)), y);
            assert_int_equal(narrow(of_bits(bits + 0x8000)), low & 1 ? up : y);
            assert_int_equal(narrow(of_bits(bits + 0x8001)), up);
            assert_int_equal(narrow(of_bits(bits + 0xc000)), up);
        }
}

static void test_bfloat16__is_off_by_no_more_than_its_unit(void **state)
{
    (void)state;
    double worst = 0;
    for (int i = 0; i < 4096; i++) {
        float x = 1 + (float)i / 4096;
        worst = fmax(worst, fabs((double)wide(narrow(x)) - x) / x);
    }
    assert_true(worst <= 1 / 256.0 && worst > 1 / 300.0);
}

static void test_bfloat16__what_is_no_number_stays_so(void **state)
{
    (void)state;
    assert_true(isinf(wide(narrow(INFINITY))));
    assert_true(wide(narrow(-INFINITY)) < 0);
    assert_true(isinf(wide(narrow(of_bits(0x7f7fffff)))));
    for (uint32_t bits = 0x7f800001; bits < 0x7fffffff; bits += 0x1fff)
        assert_true(isnan(wide(narrow(of_bits(bits)))));
    assert_true(isnan(wide(narrow(of_bits(0xffffffff)))));
}

static void test_bfloat16__a_row_is_its_numbers(void **state)
{
    (void)state;
    enum { N = 77 };
    real x[N], back[N];
    uint16_t y[N];
    for (int i = 0; i < N; i++)
        x[i] = (real)(sin(i) * pow(10, i % 9 - 4));
    bfloat16_store(y, x, N);
    bfloat16_round(back, x, N);
    for (int i = 0; i < N; i++) {
        assert_int_equal(y[i], narrow((float)x[i]));
        assert_true((float)back[i] == wide(y[i]));
    }
    bfloat16_round(x, x, N);
    assert_memory_equal(x, back, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bfloat16__rounds_to_the_nearest_and_then_to_even),
        cmocka_unit_test(test_bfloat16__is_off_by_no_more_than_its_unit),
        cmocka_unit_test(test_bfloat16__what_is_no_number_stays_so),
        cmocka_unit_test(test_bfloat16__a_row_is_its_numbers),
    };
    return cmocka_run_group_tests_name("bfloat16", tests, NULL, NULL);
}
