/* Eigenvalues against cyclic Jacobi rotations, and against known ones. */
#include "base/rng.h"
#include "harness.h"
#include "kern/eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_MAX = 40 };

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rotations until nothing is beside the diagonal. */
static void jacobi(double *value, double *a, idx n)
{
    for (int sweep = 0; sweep < 30; sweep++)
        for (idx p = 0; p < n; p++)
            for (idx q = p + 1; q < n; q++) {
                double b = a[p * n + q];
                if (b == 0)
                    continue;
                double angle = atan2(2 * b, a[q * n + q] - a[p * n + p]) / 2;
                double c = cos(angle), s = sin(angle);
                for (idx i = 0; i < n; i++) {
                    double x = a[i * n + p], y = a[i * n + q];
                    a[i * n + p] = c * x - s * y;
                    a[i * n + q] = s * x + c * y;
                }
                for (idx i = 0; i < n; i++) {
                    double x = a[p * n + i], y = a[q * n + i];
                    a[p * n + i] = c * x - s * y;
                    a[q * n + i] = s * x + c * y;
                }
            }
    for (idx i = 0; i < n; i++)
        value[i] = a[i * n + i];
}

static void find(double *value, const double *a, idx n)
{
    static double copy[N_MAX * N_MAX], room[4 * N_MAX];
    memcpy(copy, a, (size_t)(n * n) * sizeof *a);
    for (idx i = 0; i < n; i++) /* only the lower triangle is read */
        for (idx j = i + 1; j < n; j++)
            copy[i * n + j] = NAN;
    assert_in_range(eigen_room(n), 0, COUNT_OF(room));
    eigen_values(value, copy, n, room);
    qsort(value, (size_t)n, sizeof *value, compare);
}

static void check(double *a, idx n)
{
    double got[N_MAX], want[N_MAX], size = 0;
    find(got, a, n);
    jacobi(want, a, n);
    qsort(want, (size_t)n, sizeof *want, compare);
    for (idx i = 0; i < n; i++)
        size = fmax(size, fabs(want[i]));
    for (idx i = 0; i < n; i++)
        assert_near(got[i], want[i], 1e-13, size * (double)n);
}

/* Products of random rows, of full rank and not; scaled over many orders. */
static void test_eigen__agrees_with_jacobi(void **state)
{
    static double a[N_MAX * N_MAX], x[N_MAX * N_MAX];
    struct rng r = rng_open(11, RNG_TEST, 0, 0);
    (void)state;
    for (idx n = 1; n <= N_MAX; n += n < 8 ? 1 : 7)
        for (idx rank = 1; rank <= n; rank += idx_max(1, n / 3))
            for (int steep = 0; steep <= 1; steep++) {
                for (idx i = 0; i < n * rank; i++)
                    x[i] = (rng_uniform(&r) - 0.5) *
                           (steep ? pow(10, -(double)(i / rank) / 3) : 1);
                for (idx i = 0; i < n; i++)
                    for (idx j = 0; j < n; j++) {
                        a[i * n + j] = 0;
                        for (idx k = 0; k < rank; k++)
                            a[i * n + j] += x[i * rank + k] * x[j * rank + k];
                    }
                check(a, n);
            }
}

static void test_eigen__known_ones(void **state)
{
    (void)state;
    double diagonal[9] = { 3, 0, 0, 0, -1, 0, 0, 0, 2 };
    double zero[16] = { 0 }, value[4];
    double ring[16] = { 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 0, 1, 1, 0, 1, 0 };
    find(value, diagonal, 3);
    assert_true(value[0] == -1 && value[1] == 2 && value[2] == 3);
    find(value, zero, 4);
    for (idx i = 0; i < 4; i++)
        assert_true(value[i] == 0);
    find(value, ring, 4); /* 2 cos(pi k / 2) */
    assert_near(value[0], -2, 1e-14, 4);
    assert_near(value[1], 0, 1e-14, 4);
    assert_near(value[2], 0, 1e-14, 4);
    assert_near(value[3], 2, 1e-14, 4);
}

static void test_eigen__nan_gives_nan(void **state)
{
    (void)state;
    for (idx at = 0; at < 16; at++) {
        double a[16], value[4];
        if (at % 4 > at / 4)
            continue;
        for (idx i = 0; i < 16; i++)
            a[i] = 1 / (double)(1 + i / 4 + i % 4);
        a[at] = NAN;
        find(value, a, 4);
        for (idx i = 0; i < 4; i++)
            assert_true(isnan(value[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eigen__agrees_with_jacobi),
        cmocka_unit_test(test_eigen__known_ones),
        cmocka_unit_test(test_eigen__nan_gives_nan),
    };
    return cmocka_run_group_tests_name("eigen", tests, NULL, NULL);
}
