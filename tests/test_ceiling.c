/* The large product that bench holds steps against: it is one. */
#include "train/ceiling.h"
#include "harness.h"

#include <math.h>

#include "kern/gemm.h"

static void test_ceiling__is_the_product(void **state)
{
    (void)state;
    static const struct {
        idx n;
        int threads;
    } cases[] = { { 1, 1 }, { 5, 1 }, { 5, 3 }, { 70, 2 } };
    struct err e = { 0 };
    const struct product_way way =
        products_way(PRODUCTS_OPENBLAS, PRECISION_FLOAT32);
    for (idx k = 0; k < COUNT_OF(cases); k++) {
        const idx n = cases[k].n;
        struct ceiling x;
        assert_int_equal(ceiling_open(&x, n, cases[k].threads, way, &e), OK);
        assert_true(ceiling_rate(&x) > 0);
        for (idx i = 0; i < n * n; i++) {
            double sum = 0;
            for (idx j = 0; j < n; j++)
                sum += (double)x.a[i / n * n + j] * (double)x.b[j * n + i % n];
            if (!(fabs((double)x.c[i] - sum) <= 1e-5 * (1 + sum)))
                fail_msg("%td of %td x %td: %g, not %g", i, n, n,
                         (double)x.c[i], sum);
        }
        ceiling_close(&x);
    }
    ceiling_close(&(struct ceiling){ 0 });
}

static int start(void **state)
{
    (void)state;
    return gemm_start(3, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ceiling__is_the_product),
    };
    return cmocka_run_group_tests_name("ceiling", tests, start, NULL);
}
