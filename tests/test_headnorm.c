/* Norms of heads against their definitions in double. */
#include "harness.h"
#include "kern/headnorm.h"
#include "kern/norm.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct shape {
    idx R, H, D;
};

static const struct shape shapes[] = {
    { 1, 1, 1 }, { 1, 3, 2 }, { 5, 2, 33 }, { 4, 4, 64 }
};

struct fixture {
    struct headnorm n;
    real *x, *gain;
};

static struct fixture fixture_open(const struct shape *s, bool is_unit,
                                   bool has_gain, double size)
{
    idx n = s->H * s->D;
    struct fixture f = { .x = strided_normal(s->R, n, size, 1),
                         .gain = strided_normal(1, s->D, 1, 2) };
    f.n = (struct headnorm){ .R = s->R,
                             .H = s->H,
                             .D = s->D,
                             .is_unit = is_unit,
                             .eps = is_unit ? NORM_UNIT_EPS : NORM_EPS,
                             .x = f.x,
                             .ld_x = n + GAP,
                             .gain = has_gain ? f.gain : NULL };
    return f;
}

static void fixture_release(struct fixture *f)
{
    free(f->x), free(f->gain);
}

/* 1 / size of the head at x, by definition. */
static double inverse(const struct headnorm *n, const real *x)
{
    double square = 0;
    for (idx i = 0; i < n->D; i++)
        square += (double)x[i] * (double)x[i];
    return 1 / sqrt((n->is_unit ? square : square / (double)n->D) + n->eps);
}

static void check_forward(const struct fixture *f)
{
    const struct headnorm *n = &f->n;
    real *y = strided_normal(n->R, n->H * n->D, 1, 3);
    real *in_place = strided_copy(f->x, n->R, n->H * n->D);
    struct headnorm same = *n;
    same.x = in_place;
    headnorm_forward(y, n->ld_x, n);
    headnorm_forward(in_place, n->ld_x, &same);
    for (idx r = 0; r < n->R; r++) {
        for (idx h = 0; h < n->H; h++) {
            idx at = r * n->ld_x + h * n->D;
            double scale = inverse(n, f->x + at);
            for (idx i = 0; i < n->D; i++) {
                double w = n->gain ? (double)n->gain[i] : 1;
                assert_close((double)y[at + i],
                             w * scale * (double)f->x[at + i], 3e-6);
                assert_close((double)in_place[at + i], (double)y[at + i], 1e-6);
            }
        }
    }
    assert_gaps(y, n->R, n->H * n->D);
    free(y), free(in_place);
}

/* dx_i = sum_j w_j dy_j du_j/dx_i with the Jacobian written out:
 * du_j/dx_i = inverse (delta_ij - u_i u_j [/ D]). */
static void check_backward(const struct fixture *f)
{
    const struct headnorm *n = &f->n;
    idx D = n->D, HD = n->H * D;
    real *dy = strided_normal(n->R, HD, 1, 4), *d = strided_copy(dy, n->R, HD);
    real *dgain = strided_normal(1, D, 1, 5);
    double *want_gain = calloc((size_t)D, sizeof *want_gain);
    double *size_gain = calloc((size_t)D, sizeof *size_gain);
    for (idx i = 0; i < D; i++) {
        want_gain[i] = (double)dgain[i]; /* added to what is there */
        size_gain[i] = fabs(want_gain[i]);
    }
    headnorm_backward(d, n->ld_x, n->gain ? dgain : NULL, n);
    for (idx r = 0; r < n->R; r++) {
        for (idx h = 0; h < n->H; h++) {
            const real *x = f->x + r * n->ld_x + h * D;
            const real *g = dy + r * n->ld_x + h * D;
            double s = inverse(n, x), share = n->is_unit ? 1 : 1 / (double)D;
            for (idx i = 0; i < D; i++) {
                double want = 0, size = 0, u_i = (double)x[i] * s;
                for (idx j = 0; j < D; j++) {
                    double w =
                        (n->gain ? (double)n->gain[j] : 1) * (double)g[j] * s;
                    double along = share * u_i * (double)x[j] * s;
                    want += w * ((i == j) - along);
                    size += fabs(w) * ((i == j) + fabs(along));
                }
                want_gain[i] += (double)g[i] * u_i;
                size_gain[i] += fabs((double)g[i] * u_i);
                assert_near((double)d[r * n->ld_x + h * D + i], want, 1e-6,
                            size);
            }
        }
    }
    for (idx i = 0; i < D && n->gain; i++)
        assert_near((double)dgain[i], want_gain[i], 1e-6, size_gain[i]);
    assert_gaps(d, n->R, HD);
    assert_gaps(dgain, 1, D);
    free(dy), free(d), free(dgain), free(want_gain), free(size_gain);
}

static void test_headnorm__matches_its_definition(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        for (int kind = 0; kind < 4; kind++) {
            struct fixture f = fixture_open(&shapes[s], kind & 1, kind & 2, 2);
            check_forward(&f);
            check_backward(&f);
            fixture_release(&f);
        }
    }
}

/* 1e-5 to the mean square; 1e-12 to the squared length. */
static void test_headnorm__adds_its_eps_to_the_square(void **state)
{
    (void)state;
    for (int is_unit = 0; is_unit <= 1; is_unit++) {
        real x[2] = { is_unit ? (real)1e-6 : (real)1e-3, 0 }, y[2];
        struct headnorm n = {
            .R = 1, .H = 1, .D = 2, .is_unit = is_unit, .x = x, .ld_x = 2
        };
        n.eps = is_unit ? 1e-12 : 1e-5;
        headnorm_forward(y, 2, &n);
        /* 1 / sqrt(1 + 1); 0.001 / sqrt(0.5e-6 + 1e-5) */
        assert_close((double)y[0], is_unit ? 0.70710678119 : 0.30860669992,
                     1e-6);
    }
}

static void test_headnorm__unit_gives_length_one(void **state)
{
    (void)state;
    for (double size = 1e-4; size < 1e5; size *= 10) {
        struct fixture f = fixture_open(&shapes[2], true, false, size);
        real *y = strided_normal(5, 66, 1, 3);
        headnorm_forward(y, 66 + GAP, &f.n);
        for (idx r = 0; r < 5; r++) {
            double square = 0;
            for (idx i = 0; i < 33; i++)
                square += pow((double)y[r * (66 + GAP) + i], 2);
            assert_close(square, 1, 1e-5);
        }
        fixture_release(&f);
        free(y);
    }
}

static void test_headnorm__zero_stays_zero_with_a_finite_gradient(void **state)
{
    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        struct fixture f = fixture_open(&shapes[3], kind & 1, kind & 2, 0);
        real *y = strided_normal(4, 256, 1, 3),
             *d = strided_normal(4, 256, 1, 4);
        real *dgain = strided_normal(1, 64, 0, 0);
        headnorm_forward(y, f.n.ld_x, &f.n);
        headnorm_backward(d, f.n.ld_x, dgain, &f.n);
        for (idx i = 0; i < 256; i++)
            assert_true(y[i] == 0 && isfinite(d[i]));
        for (idx i = 0; i < 64; i++)
            assert_true(dgain[i] == 0);
        fixture_release(&f);
        free(y), free(d), free(dgain);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headnorm__matches_its_definition),
        cmocka_unit_test(test_headnorm__adds_its_eps_to_the_square),
        cmocka_unit_test(test_headnorm__unit_gives_length_one),
        cmocka_unit_test(test_headnorm__zero_stays_zero_with_a_finite_gradient),
    };
    return cmocka_run_group_tests_name("headnorm", tests, NULL, NULL);
}
