/* The three matrix products, the library's and our own, against plain loops in
 * double. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"
#include "kern/gemm_own.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum form { NT, NN, TN };

static const struct gemm *const makers[] = { &gemm_openblas, &gemm_own };

static gemm_form *product_of(const struct gemm *g, enum form form)
{
    return form == NT ? g->nt : form == NN ? g->nn : g->tn;
}

struct shape {
    idx M, N, K, gap; /* gap: reals between the end of a row and the next */
};

static const struct shape shapes[] = {
    { 1, 1, 1, 0 },     { 1, 5, 3, 2 },      { 7, 1, 9, 1 },
    { 5, 8, 1, 3 },     { 19, 23, 37, 0 },   { 64, 64, 64, 0 },
    { 65, 130, 33, 5 }, { 130, 7, 257, 1 },  { 256, 33, 70, 16 },
    { 13, 97, 513, 0 }, { 12, 128, 256, 3 }, { 3, 5, 0, 1 },
    { 0, 5, 3, 0 },     { 3, 0, 5, 0 },
};

/* Rows of a matrix with a gap behind each; the gaps hold NaN, so that reading
 * one shows. */
static real *matrix(idx rows, idx columns, idx gap, uint64_t seed)
{
    idx ld = columns + gap;
    real *x = malloc((size_t)(rows * ld + 1) * sizeof *x);
    fill_normal(x, rows * ld, 1, seed);
    for (idx r = 0; r < rows; r++)
        for (idx i = columns; i < ld; i++)
            x[r * ld + i] = (real)NAN;
    return x;
}

/* An entry of the product. *size: as rounding of random signs goes, the root of
 * the sum of its terms' squares. */
static double entry(double *size, enum form form, const real *a, const real *b,
                    const struct shape *s, idx m, idx n)
{
    idx lda = (form == TN ? s->M : s->K) + s->gap;
    idx ldb = (form == NT ? s->K : s->N) + s->gap;
    double sum = 0, square = 0;
    for (idx k = 0; k < s->K; k++) {
        double term = (double)(form == TN ? a[k * lda + m] : a[m * lda + k]) *
                      (double)(form == NT ? b[n * ldb + k] : b[k * ldb + n]);
        sum += term;
        square += term * term;
    }
    *size = sqrt(square);
    return sum;
}

static void check(const struct gemm *g, enum form form, const struct shape *s,
                  double alpha, double beta)
{
    idx M = s->M, N = s->N, K = s->K, ldc = N + s->gap;
    real *a = form == TN ? matrix(K, M, s->gap, 1) : matrix(M, K, s->gap, 1);
    real *b = form == NT ? matrix(N, K, s->gap, 2) : matrix(K, N, s->gap, 2);
    real *c = matrix(M, N, s->gap, 3), *old = matrix(M, N, s->gap, 3);
    size_t bytes = (size_t)(M * ldc) * sizeof *c;
    if (beta == 0)
        for (idx i = 0; i < M * ldc; i++)
            c[i] = (real)NAN;
    memcpy(old, c, bytes);
    product_of(g, form)(c, ldc, a, s->gap + (form == TN ? M : K), b,
                        s->gap + (form == NT ? K : N), M, N, K, (real)alpha,
                        (real)beta);
    for (idx i = 0; i < M * ldc; i++) {
        if (i % ldc >= N) {
            assert_memory_equal(&c[i], &old[i], sizeof *c);
            continue;
        }
        double size;
        double want = alpha * entry(&size, form, a, b, s, i / ldc, i % ldc);
        size *= fabs(alpha);
        if (beta != 0)
            want += beta * (double)old[i];
        if (beta != 0)
            size += fabs(beta * (double)old[i]);
        idx terms = K + (beta != 0);
        assert_near((double)c[i], want, 2e-7 * sqrt((double)terms), size);
    }
    free(a), free(b), free(c), free(old);
}

static void test_gemm__products_match_plain_loops(void **state)
{
    (void)state;
    static const double factors[][2] = {
        { 1, 0 }, { 1, 1 }, { 0.25, 0 }, { -0.5, 0.75 }
    };
    for (int g = 0; g < COUNT_OF(makers); g++)
        for (int form = NT; form <= TN; form++)
            for (int i = 0; i < COUNT_OF(shapes); i++)
                for (int j = 0; j < COUNT_OF(factors); j++)
                    check(makers[g], (enum form)form, &shapes[i], factors[j][0],
                          factors[j][1]);
}

/* Packed once or in each call: the same bits. */
static void test_gemm__weights_may_be_packed_before(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(shapes); i++) {
        const struct shape *s = &shapes[i];
        idx M = s->M, N = s->N, K = s->K, ld = K + s->gap, ldc = N + s->gap;
        real *a = matrix(M, K, s->gap, 1), *w = matrix(N, K, s->gap, 2);
        real *c = matrix(M, N, s->gap, 3), *want = matrix(M, N, s->gap, 3);
        real *packed = malloc((size_t)(gemm_own_packed(K, N) + 1) * sizeof *w);
        gemm_own_pack(packed, w, ld, K, N);
        for (int adds = 0; adds < 2; adds++) {
            gemm_own_product(c, ldc, a, ld, packed, M, N, K, adds);
            gemm_own.nt(want, ldc, a, ld, w, ld, M, N, K, 1, (real)adds);
            assert_memory_equal(c, want, (size_t)(M * ldc) * sizeof *c);
        }
        free(a), free(w), free(c), free(want), free(packed);
    }
}

static void test_gemm__starts_and_says_what_it_is(void **state)
{
    (void)state;
    struct err e = { 0 };
    assert_int_equal(gemm_start(1, "threads", &e), OK);
    assert_non_null(strstr(gemm_library(), "OpenBLAS"));
    assert_true(strlen(gemm_core()) > 0);
    assert_string_not_equal(gemm_threading(), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm__starts_and_says_what_it_is),
        cmocka_unit_test(test_gemm__products_match_plain_loops),
        cmocka_unit_test(test_gemm__weights_may_be_packed_before),
    };
    return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
