/* Outputs without their own value's direction, against formulas in double. */
#include "harness.h"
#include "kern/exclusive.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>

#include "kern/norm.h"

struct shape {
    idx R, H, D, share;
};

static const struct shape shapes[] = {
    { 1, 1, 1, 1 }, { 3, 2, 5, 1 }, { 2, 4, 33, 2 }, { 5, 3, 64, 3 }
};

struct fixture {
    struct exclusive e;
    real *x, *v, *a;
};

static struct fixture fixture_open(const struct shape *s, bool has_a)
{
    idx HD = s->H * s->D, values = HD / s->share;
    struct fixture f = { .x = strided_normal(s->R, HD, 1, 1),
                         .v = strided_normal(s->R, values, 1, 2),
                         .a = strided_normal(s->R, s->H, 1, 3) };
    f.e = (struct exclusive){ .R = s->R,
                              .H = s->H,
                              .D = s->D,
                              .share = s->share,
                              .x = f.x,
                              .ld_x = HD + GAP,
                              .v = f.v,
                              .ld_v = values + GAP,
                              .a = has_a ? f.a : NULL,
                              .ld_a = s->H + GAP };
    return f;
}

static void fixture_release(struct fixture *f)
{
    free(f->x), free(f->v), free(f->a);
}

/* One head of one row, in double: x, v and the strength's sources. */
struct naive {
    double u[64], inverse, p, q, t; /* q: of the gradient g */
};

static struct naive naive_of(const struct fixture *f, idx r, idx h,
                             const real *g)
{
    const struct exclusive *e = &f->e;
    const real *x = f->x + r * e->ld_x + h * e->D;
    const real *v = f->v + r * e->ld_v + h / e->share * e->D;
    struct naive n = { .t = 1 };
    double square = NORM_UNIT_EPS;
    for (idx i = 0; i < e->D; i++)
        square += (double)v[i] * (double)v[i];
    n.inverse = 1 / sqrt(square);
    for (idx i = 0; i < e->D; i++) {
        n.u[i] = (double)v[i] * n.inverse;
        n.p += (double)x[i] * n.u[i];
        n.q += g ? (double)g[i] * n.u[i] : 0;
    }
    if (e->a)
        n.t = tanh((double)f->a[r * e->ld_a + h]);
    return n;
}

static void check_forward(struct fixture *f)
{
    const struct exclusive *e = &f->e;
    real *y = strided_normal(e->R, e->H * e->D, 1, 4);
    exclusive_forward(y, e->ld_x, e);
    for (idx r = 0; r < e->R; r++) {
        for (idx h = 0; h < e->H; h++) {
            struct naive n = naive_of(f, r, h, NULL);
            for (idx i = 0; i < e->D; i++) {
                idx at = r * e->ld_x + h * e->D + i;
                double x = (double)f->x[at], along = n.t * n.p * n.u[i];
                assert_near((double)y[at], x - along, 3e-6,
                            fabs(x) + fabs(along));
            }
        }
    }
    assert_gaps(y, e->R, e->H * e->D);
    real *x = strided_copy(f->x, e->R, e->H * e->D);
    struct exclusive in_place = *e;
    in_place.x = x;
    exclusive_forward(x, e->ld_x, &in_place);
    for (idx i = 0; i < e->R * e->ld_x; i++)
        assert_close((double)x[i], (double)y[i], 1e-6);
    free(y), free(x);
}

/* The published form: dv = -(t/|v|) [q (x - p u) + p (dy - q u)]. */
static void check_backward(struct fixture *f)
{
    const struct exclusive *e = &f->e;
    idx R = e->R, HD = e->H * e->D, values = HD / e->share, D = e->D;
    real *dy = strided_normal(R, HD, 1, 5), *d = strided_copy(dy, R, HD);
    real *dv = strided_normal(R, values, 1, 6);
    real *da = strided_normal(R, e->H, 1, 7);
    double *want = calloc((size_t)(R * e->ld_v), sizeof *want);
    double *size = calloc((size_t)(R * e->ld_v), sizeof *size);
    for (idx i = 0; i < R * e->ld_v; i++)
        size[i] = fabs(want[i] = (double)dv[i]); /* added to what is there */
    exclusive_backward(d, e->ld_x, dv, e->ld_v, e->a ? da : NULL, e->ld_a, e);
    for (idx r = 0; r < R; r++) {
        for (idx h = 0; h < e->H; h++) {
            idx at = r * e->ld_x + h * D;
            struct naive n = naive_of(f, r, h, dy + at);
            for (idx i = 0; i < D; i++) {
                double x = (double)f->x[at + i], g = (double)dy[at + i];
                double along = n.t * n.q * n.u[i];
                assert_near((double)d[at + i], g - along, 3e-6,
                            fabs(g) + fabs(along));
                double factor = n.t * n.inverse;
                idx k = r * e->ld_v + h / e->share * D + i;
                want[k] -= factor * (n.q * (x - n.p * n.u[i]) +
                                     n.p * (g - n.q * n.u[i]));
                size[k] += fabs(factor) * (fabs(n.q * x) + fabs(n.p * g) +
                                           2 * fabs(n.p * n.q * n.u[i]));
            }
            if (e->a)
                assert_close((double)da[r * e->ld_a + h],
                             -(1 - n.t * n.t) * n.p * n.q, 1e-5);
        }
    }
    for (idx i = 0; i < R * e->ld_v; i++)
        assert_near((double)dv[i], want[i], 1e-5, size[i]);
    assert_gaps(d, R, HD);
    assert_gaps(da, R, e->H);
    free(dy), free(d), free(dv), free(da), free(want), free(size);
}

static void test_exclusive__matches_its_formula(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        for (int has_a = 0; has_a <= 1; has_a++) {
            struct fixture f = fixture_open(&shapes[s], has_a);
            check_forward(&f);
            check_backward(&f);
            fixture_release(&f);
        }
    }
}

static void test_exclusive__leaves_nothing_along_the_value(void **state)
{
    (void)state;
    struct fixture f = fixture_open(&shapes[1], false);
    real *y = strided_normal(3, 10, 1, 4);
    exclusive_forward(y, f.e.ld_x, &f.e);
    for (idx r = 0; r < 3; r++) {
        double dot = 0, size = 0;
        for (idx i = 0; i < 5; i++) {
            const double v = (double)f.v[r * f.e.ld_v + i];
            dot += (double)y[r * f.e.ld_x + i] * v;
            size += fabs((double)f.x[r * f.e.ld_x + i] * v);
        }
        assert_near(dot, 0, 5e-7, size);
    }
    fixture_release(&f);
    free(y);
}

/* No direction: nothing is taken. Values from tiny to large stay finite. */
static void test_exclusive__a_value_of_any_size_is_harmless(void **state)
{
    (void)state;
    const double sizes[] = { 0, 1e-20, 1e-6, 1e6, 1e15 };
    for (int s = 0; s < COUNT_OF(sizes); s++) {
        struct fixture f = fixture_open(&shapes[1], true);
        real *y = strided_normal(3, 10, 1, 4), *d = strided_normal(3, 10, 1, 5);
        real *dv = strided_normal(3, 10, 0, 0),
             *da = strided_normal(3, 2, 1, 6);
        for (idx i = 0; i < 3 * f.e.ld_v; i++)
            f.v[i] *= (real)sizes[s];
        exclusive_forward(y, f.e.ld_x, &f.e);
        exclusive_backward(d, f.e.ld_x, dv, f.e.ld_v, da, f.e.ld_a, &f.e);
        for (idx i = 0; i < 10; i++) {
            assert_true(isfinite(y[i]) && isfinite(d[i]) && isfinite(dv[i]));
            if (sizes[s] < 1e-10)
                assert_close((double)y[i], (double)f.x[i], 1e-6);
        }
        fixture_release(&f);
        free(y), free(d), free(dv), free(da);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exclusive__matches_its_formula),
        cmocka_unit_test(test_exclusive__leaves_nothing_along_the_value),
        cmocka_unit_test(test_exclusive__a_value_of_any_size_is_harmless),
    };
    return cmocka_run_group_tests_name("exclusive", tests, NULL, NULL);
}
