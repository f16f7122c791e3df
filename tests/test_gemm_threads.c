/* Products on several threads at once have the bits of a product alone. An
 * OpenBLAS built without threads and without locks fails this. */
#include "harness.h"
#include "kern/gemm.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { M = 33, N = 48, K = 17, ROUNDS = 4000, THREADS = 4 };

struct product {
    real a[M * K], b[K * N], c[3][M * N];
};

static void compute(struct product *p)
{
    gemm_nn(p->c[0], N, p->a, K, p->b, N, M, N, K, 1, 0);
    gemm_nt(p->c[1], N, p->a, K, p->b, K, M, N, K, 1, 0);
    gemm_tn(p->c[2], N, p->a, M, p->b, N, M, N, K, 1, 0);
}

static void fill(struct product *p, int thread)
{
    for (int i = 0; i < M * K; i++)
        p->a[i] = (real)(i * 7 % 13 + thread) / 16;
    for (int i = 0; i < K * N; i++)
        p->b[i] = (real)(i * 5 % 11 - thread) / 16;
}

static void test_gemm__concurrent_products_do_not_mix(void **state)
{
    struct err e = { 0 };
    struct product *alone = calloc(THREADS, sizeof *alone);
    struct product *together = calloc(THREADS, sizeof *together);
    int n_wrong = 0, n_threads = 0;
    (void)state;
    assert_true(alone && together);
    assert_int_equal(gemm_start(1, "threads", &e), OK);
    for (int t = 0; t < THREADS; t++) {
        fill(&alone[t], t);
        fill(&together[t], t);
        compute(&alone[t]);
    }
#pragma omp parallel num_threads(THREADS) reduction(+ : n_wrong, n_threads)
    {
        int t = omp_get_thread_num();
        n_threads++;
        for (int i = 0; i < ROUNDS; i++) {
            compute(&together[t]);
            n_wrong += memcmp(together[t].c, alone[t].c, sizeof alone->c) != 0;
        }
    }
    free(alone);
    free(together);
    assert_int_equal(n_threads, THREADS);
    assert_int_equal(n_wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__concurrent_products_do_not_mix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
