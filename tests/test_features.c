/* elu(x) + 1 against its definition in double. */
#include "harness.h"
#include "kern/features.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_elu1__matches_its_definition(void **state)
{
    (void)state;
    const idx shapes[][2] = { { 1, 1 }, { 3, 7 }, { 4, 64 } };
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        idx R = shapes[s][0], n = shapes[s][1], ld = n + GAP;
        real *x = strided_normal(R, n, 3, 1), *y = strided_normal(R, n, 1, 2);
        real *dy = strided_normal(R, n, 1, 3), *d = strided_copy(dy, R, n);
        elu1_forward(y, ld, x, ld, R, n);
        elu1_backward(d, ld, y, ld, R, n);
        assert_gaps(y, R, n);
        assert_gaps(d, R, n);
        for (idx r = 0; r < R; r++) {
            for (idx i = r * ld; i < r * ld + n; i++) {
                double at = (double)x[i], slope = at > 0 ? 1 : exp(at);
                assert_close((double)y[i], at > 0 ? at + 1 : exp(at), 1e-6);
                assert_close((double)d[i], (double)dy[i] * slope, 1e-6);
            }
        }
        elu1_forward(x, ld, x, ld, R, n); /* in place */
        for (idx i = 0; i < R * ld; i++)
            assert_close((double)x[i], (double)y[i], 1e-6);
        free(x), free(y), free(dy), free(d);
    }
}

static void test_elu1__is_positive_and_finite_everywhere(void **state)
{
    (void)state;
    const double far[] = { -1e30, -1e4, -100, -1e-30, 0, 1e-30, 100, 1e30 };
    for (int i = 0; i < COUNT_OF(far); i++) {
        real x = (real)far[i], y, d = 1;
        elu1_forward(&y, 1, &x, 1, 1, 1);
        elu1_backward(&d, 1, &y, 1, 1, 1);
        assert_true(isfinite(y) && isfinite(d));
        /* in double exp(-1e4) is 0 */
        assert_true(y > 0 || far[i] <= -1e4);
        assert_true(d >= 0 && d <= 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elu1__matches_its_definition),
        cmocka_unit_test(test_elu1__is_positive_and_finite_everywhere),
    };
    return cmocka_run_group_tests_name("features", tests, NULL, NULL);
}
