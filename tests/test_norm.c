/* Norms and dynamic tanh against definitions written out in double. */
#include "gradcheck.h"
#include "harness.h"
#include "nn/norms.h"

#include <math.h>
#include <string.h>

enum { R_MAX = 9, C_MAX = 100, N_MAX = R_MAX * C_MAX };

struct rows {
    idx R, C;
    double eps;
    real x[N_MAX], gain[C_MAX + 1], shift[C_MAX], dy[N_MAX];
};

static void fill_rows(struct rows *s, idx R, idx C, double mean, double std)
{
    s->R = R;
    s->C = C;
    s->eps = NORM_EPS;
    fill_normal(s->x, R * C, std, 1);
    for (idx i = 0; i < R * C; i++)
        s->x[i] += (real)mean;
    fill_normal(s->gain, C + 1, 1, 2);
    fill_normal(s->shift, C, 1, 3);
    fill_normal(s->dy, R * C, 1, 4);
}

static const real *shift_of(const struct norm *norm, const struct rows *s)
{
    return norm->has_shift ? s->shift : NULL;
}

static bool is_dyt(const struct norm *norm)
{
    return norm == &norm_dyt;
}

static bool has_mean(const struct norm *norm)
{
    return norm == &norm_layer;
}

/* The gain of channel c: its own or the one of all. */
static double gain_at(const struct norm *norm, const struct rows *s, idx c)
{
    return (double)s->gain[norm->has_gains ? c : 0];
}

/* Mean and 1/std of row r, by definition; 0 and alpha. */
static void moments(double *mean, double *rstd, const struct norm *norm,
                    const struct rows *s, idx r)
{
    double sum = 0, square = 0;
    for (idx c = 0; c < s->C; c++)
        sum += (double)s->x[r * s->C + c];
    *mean = has_mean(norm) ? sum / (double)s->C : 0;
    for (idx c = 0; c < s->C; c++)
        square += pow((double)s->x[r * s->C + c] - *mean, 2);
    *rstd = 1 / sqrt(square / (double)s->C + s->eps);
    if (is_dyt(norm))
        *rstd = (double)s->gain[s->C];
}

/* What the gain is multiplied by. */
static double plain(const struct norm *norm, double x, double mean, double rstd)
{
    double n = (x - mean) * rstd;
    return is_dyt(norm) ? tanh(n) : n;
}

static void check_forward(const struct norm *norm, const struct rows *s,
                          double bound)
{
    static real y[N_MAX], stats[2 * R_MAX];
    norm->forward(y, stats, s->x, s->gain, shift_of(norm, s), s->eps, s->R,
                  s->C);
    for (idx r = 0; r < s->R; r++) {
        double mean, rstd;
        moments(&mean, &rstd, norm, s, r);
        assert_close((double)stats[2 * r], mean, 1e-6);
        assert_close((double)stats[2 * r + 1] / rstd, 1, bound);
        for (idx c = 0; c < s->C; c++) {
            double x = (double)s->x[r * s->C + c];
            double want = gain_at(norm, s, c) * plain(norm, x, mean, rstd);
            double size = fmax(fabs(want), fabs(gain_at(norm, s, c)));
            if (norm->has_shift) {
                want += (double)s->shift[c];
                size += fabs((double)s->shift[c]);
            }
            assert_near((double)y[r * s->C + c], want, bound, size);
        }
    }
}

/* dx_i += sum_j gain_j dy_j dn_j/dx_i, with the Jacobian written out:
 * dn_j/dx_i = rstd (delta_ij - [mean] 1/C - n_i n_j / C);
 * of tanh it is alpha delta_ij (1 - n_i^2). */
static double naive_dx(const struct norm *norm, const struct rows *s, idx r,
                       idx i, double mean, double rstd)
{
    const real *x = s->x + r * s->C;
    double sum = 0, n_i = plain(norm, (double)x[i], mean, rstd);
    for (idx j = 0; j < s->C; j++) {
        double n_j = plain(norm, (double)x[j], mean, rstd);
        double d = (i == j) - (has_mean(norm) + n_i * n_j) / (double)s->C;
        if (is_dyt(norm))
            d = i == j ? 1 - n_i * n_i : 0;
        sum += gain_at(norm, s, j) * (double)s->dy[r * s->C + j] * rstd * d;
    }
    return sum;
}

/* What row r adds to the gradients of gain and shift, by definition. */
static void naive_grads(double *dgain, double *dshift, const struct norm *norm,
                        const struct rows *s, idx r, double mean, double rstd)
{
    for (idx c = 0; c < s->C; c++) {
        double x = (double)s->x[r * s->C + c], n = plain(norm, x, mean, rstd);
        double dy = (double)s->dy[r * s->C + c];
        dgain[norm->has_gains ? c : 0] += dy * n;
        dshift[c] += norm->has_shift ? dy : 0;
        if (is_dyt(norm))
            dgain[s->C] += gain_at(norm, s, c) * dy * (1 - n * n) * x;
    }
}

/* All three gradients are added to what is there: 1, 2 and 3. */
static void check_backward(const struct norm *norm, const struct rows *s,
                           double bound)
{
    static real y[N_MAX], stats[2 * R_MAX], dx[N_MAX];
    real dgain[C_MAX + 1], dshift[C_MAX];
    double want_gain[C_MAX + 1] = { 0 }, want_shift[C_MAX] = { 0 };
    idx n_gain = norm_gain_numbers(norm, s->C);
    for (idx i = 0; i < s->R * s->C; i++)
        dx[i] = 1;
    for (idx c = 0; c <= s->C; c++)
        dgain[c] = 2;
    for (idx c = 0; c < s->C; c++)
        dshift[c] = 3;
    norm->forward(y, stats, s->x, s->gain, shift_of(norm, s), s->eps, s->R,
                  s->C);
    norm->backward(dx, dgain, norm->has_shift ? dshift : NULL, s->dy, s->x,
                   stats, s->gain, s->R, s->C);
    for (idx r = 0; r < s->R; r++) {
        double mean, rstd;
        moments(&mean, &rstd, norm, s, r);
        naive_grads(want_gain, want_shift, norm, s, r, mean, rstd);
        for (idx c = 0; c < s->C; c++)
            assert_near((double)dx[r * s->C + c],
                        1 + naive_dx(norm, s, r, c, mean, rstd), bound, 1);
    }
    for (idx c = 0; c <= s->C; c++)
        assert_near((double)dgain[c], 2 + (c < n_gain ? want_gain[c] : 0),
                    bound, 2);
    for (idx c = 0; c < s->C; c++)
        assert_near((double)dshift[c], 3 + want_shift[c], bound, 3);
}

static void test_norms__match_their_definitions(void **state)
{
    (void)state;
    static const idx shapes[][2] = {
        { 1, 1 }, { 1, 7 }, { 3, 16 }, { 9, 33 }, { 2, 100 }
    };
    static struct rows s;
    for (int i = 0; norm_name(i); i++) {
        for (int j = 0; j < COUNT_OF(shapes); j++) {
            fill_rows(&s, shapes[j][0], shapes[j][1], 0.5, 2);
            check_forward(norms[i].kernel, &s, 3e-6);
            check_backward(norms[i].kernel, &s, 1e-5);
            s.eps = 0.3;
            check_forward(norms[i].kernel, &s, 3e-6);
            check_backward(norms[i].kernel, &s, 1e-5);
        }
    }
}

/* Far from zero, the variance must not come from a difference of squares. */
static void test_norms__hold_for_large_and_small_rows(void **state)
{
    (void)state;
    static struct rows s;
    for (int i = 0; norm_name(i); i++) {
        fill_rows(&s, 4, 64, 0, 1e6);
        check_forward(norms[i].kernel, &s, 3e-6);
        check_backward(norms[i].kernel, &s, 1e-5);
        fill_rows(&s, 4, 64, 0, 1e-6);
        check_forward(norms[i].kernel, &s, 3e-6);
        check_backward(norms[i].kernel, &s, 1e-3); /* dx is about 1/sqrt(eps) */
        fill_rows(&s, 4, 64, 1000, 1);
        check_forward(norms[i].kernel, &s, 1e-3); /* x itself has 6e-5 */
    }
}

static void test_norms__constant_rows_stay_finite(void **state)
{
    (void)state;
    static struct rows s;
    static const double values[] = { 0, 1, -3, 1e4 };
    static real y[N_MAX], stats[2 * R_MAX], dx[N_MAX];
    for (int i = 0; norm_name(i); i++) {
        for (int j = 0; j < COUNT_OF(values); j++) {
            real dgain[C_MAX + 1] = { 0 }, dshift[C_MAX] = { 0 };
            fill_rows(&s, 2, 32, values[j], 0);
            memset(dx, 0, sizeof dx);
            norms[i].kernel->forward(y, stats, s.x, s.gain,
                                     shift_of(norms[i].kernel, &s), s.eps, 2,
                                     32);
            norms[i].kernel->backward(dx, dgain, dshift, s.dy, s.x, stats,
                                      s.gain, 2, 32);
            for (idx k = 0; k < 64; k++) {
                assert_true(isfinite(dx[k]) && isfinite(y[k]));
                if (has_mean(norms[i].kernel))
                    assert_true(y[k] == s.shift[k % 32]);
            }
        }
    }
}

static void test_norms__treat_every_row_alone(void **state)
{
    (void)state;
    static struct rows s;
    static real y[N_MAX], stats[2 * R_MAX], row[C_MAX];
    fill_rows(&s, 9, 50, 0, 1);
    for (int i = 0; norm_name(i); i++) {
        const real *shift = shift_of(norms[i].kernel, &s);
        norms[i].kernel->forward(y, stats, s.x, s.gain, shift, s.eps, 9, 50);
        for (idx r = 0; r < 9; r++) {
            real one[2];
            norms[i].kernel->forward(row, one, s.x + r * 50, s.gain, shift,
                                     s.eps, 1, 50);
            assert_memory_equal(row, y + r * 50, 50 * sizeof *row);
            assert_memory_equal(one, stats + 2 * r, sizeof one);
        }
    }
}

/* 1e-5 is added to the mean square, or the variance: rows of 0.001 show it. */
static void test_norms__add_their_eps_to_the_square(void **state)
{
    (void)state;
    const real x[2] = { (real)1e-3, (real)-1e-3 };
    const real gain[3] = { 1, 1, 1 };
    for (int i = 0; norm_name(i); i++) {
        real y[2], stats[2];
        if (is_dyt(norms[i].kernel))
            continue; /* divides by nothing */
        norms[i].kernel->forward(y, stats, x, gain, NULL, NORM_EPS, 1, 2);
        for (int c = 0; c < 2; c++) /* 0.001 / sqrt(1.1e-5) */
            assert_close((double)y[c], c ? -0.30151134458 : 0.30151134458,
                         1e-6);
    }
}

/* A linear layer without bias may be followed by no shift either. */
static void test_norms__take_no_shift_for_zero(void **state)
{
    (void)state;
    static struct rows s;
    static real y[N_MAX], z[N_MAX], stats[2 * R_MAX];
    fill_rows(&s, 3, 20, 0, 1);
    memset(s.shift, 0, sizeof s.shift);
    for (int i = 0; norm_name(i); i++) {
        norms[i].kernel->forward(y, stats, s.x, s.gain, NULL, s.eps, 3, 20);
        norms[i].kernel->forward(z, stats, s.x, s.gain, s.shift, s.eps, 3, 20);
        for (idx j = 0; j < 60; j++)
            assert_close((double)y[j], (double)z[j], 1e-6);
    }
}

/* The same as RMSNorm whose gains are all that one. */
static void test_ssnorm__is_rmsnorm_with_equal_gains(void **state)
{
    (void)state;
    static struct rows s;
    static real y[N_MAX], z[N_MAX], stats[2 * R_MAX];
    fill_rows(&s, 3, 20, 0, 1);
    for (idx c = 0; c < 20; c++)
        s.gain[c] = (real)1.75;
    norms[1].kernel->forward(y, stats, s.x, s.gain, NULL, s.eps, 3, 20);
    norms[2].kernel->forward(z, stats, s.x, s.gain, NULL, s.eps, 3, 20);
    for (idx j = 0; j < 60; j++)
        assert_close((double)y[j], (double)z[j], 1e-6);
}

static void test_norms__say_what_they_learn(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        idx n_gain;
        double last;
        bool has_shift;
    } want[] = {
        { "layernorm", 20, 1, true },
        { "rmsnorm", 20, 1, false },
        { "ssnorm", 1, 1, false },
        { "dyt", 21, 0.5, true },
    };
    for (int i = 0; norm_name(i); i++) {
        assert_true(i < COUNT_OF(want));
        assert_string_equal(norm_name(i), want[i].name);
        assert_true(norms[i].kernel->has_shift == want[i].has_shift);
        assert_true(norm_gain_numbers(norms[i].kernel, 20) == want[i].n_gain);
        assert_true(norms[i].kernel->has_scalar == (want[i].n_gain % 20 == 1));
        if (norms[i].kernel->has_scalar)
            assert_true(norms[i].kernel->scalar_start == want[i].last);
    }
}

static void test_norms__have_their_texts(void **state)
{
    (void)state;
    for (int i = 0; norm_name(i); i++) {
        assert_string_equal(norm_name(i), norms[i].text.name);
        assert_true(strlen(norms[i].text.formula) > 0);
        assert_true(strlen(norms[i].text.source) > 0);
    }
    assert_null(norm_name(-1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_norms__match_their_definitions),
        cmocka_unit_test(test_norms__hold_for_large_and_small_rows),
        cmocka_unit_test(test_norms__constant_rows_stay_finite),
        cmocka_unit_test(test_norms__treat_every_row_alone),
        cmocka_unit_test(test_norms__add_their_eps_to_the_square),
        cmocka_unit_test(test_norms__take_no_shift_for_zero),
        cmocka_unit_test(test_ssnorm__is_rmsnorm_with_equal_gains),
        cmocka_unit_test(test_norms__say_what_they_learn),
        cmocka_unit_test(test_norms__have_their_texts),
    };
    return cmocka_run_group_tests_name("norm", tests, NULL, NULL);
}
