/* Sigmoid gates against their formulas in double. */
#include "harness.h"
#include "kern/gate.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>

struct shape {
    idx R, n, width;
};

static const struct shape shapes[] = {
    { 1, 1, 1 }, { 3, 19, 1 }, { 1, 1, 8 }, { 5, 3, 33 }, { 4, 2, 64 }
};

struct fixture {
    struct gate g;
    real *x, *z, *y, *dy, *d, *dz, *dz0;
    idx columns, z_rows;
};

static struct fixture fixture_open(const struct shape *s, bool is_static)
{
    idx n = s->n, columns = n * s->width, z_rows = is_static ? 1 : s->R;
    struct fixture f = { .x = strided_normal(s->R, columns, 1, 1),
                         .z = strided_normal(z_rows, n, 3, 2),
                         .y = strided_normal(s->R, columns, 1, 3),
                         .dy = strided_normal(s->R, columns, 1, 4),
                         .dz = strided_normal(z_rows, n, 1, 6),
                         .columns = columns,
                         .z_rows = z_rows };
    f.d = strided_copy(f.dy, s->R, columns);
    f.dz0 = strided_copy(f.dz, z_rows, n);
    f.g = (struct gate){ .R = s->R,
                         .n = n,
                         .width = s->width,
                         .factor = is_static ? 1 : 2,
                         .x = f.x,
                         .ld_x = columns + GAP,
                         .z = f.z,
                         .ld_z = is_static ? 0 : n + GAP };
    return f;
}

static void fixture_release(struct fixture *f)
{
    free(f->x), free(f->z), free(f->y), free(f->dy), free(f->d), free(f->dz);
    free(f->dz0);
}

static double sigmoid(double z)
{
    return 1 / (1 + exp(-z));
}

static void check(struct fixture *f)
{
    const struct gate *g = &f->g;
    idx ld = g->ld_x, width = g->width;
    size_t n_z = (size_t)(f->z_rows * (g->n + GAP));
    double *want_z = calloc(n_z, sizeof *want_z);
    double *size_z = calloc(n_z, sizeof *size_z);
    gate_forward(f->y, ld, g);
    gate_backward(f->d, ld, f->dz, g->n + GAP, f->y, ld, g);
    for (idx r = 0; r < g->R; r++) {
        idx row = f->z_rows == 1 ? 0 : r;
        for (idx i = 0; i < f->columns; i++) {
            double x = (double)f->x[r * ld + i], dy = (double)f->dy[r * ld + i];
            idx at = row * (g->n + GAP) + i / width;
            double s = sigmoid((double)f->z[at]), factor = (double)g->factor;
            assert_close((double)f->y[r * ld + i], factor * s * x, 2e-6);
            assert_close((double)f->d[r * ld + i], factor * s * dy, 2e-6);
            want_z[at] += dy * factor * x * s * (1 - s);
            size_z[at] += fabs(dy * factor * x * s); /* 1 - s cancels */
        }
    }
    for (idx r = 0; r < f->z_rows; r++) {
        for (idx i = 0; i < g->n; i++) {
            idx at = r * (g->n + GAP) + i;
            double old = g->ld_z ? 0 : (double)f->dz0[at];
            assert_near((double)f->dz[at], old + want_z[at], 3e-7,
                        fabs(old) + size_z[at]);
        }
    }
    assert_gaps(f->y, g->R, f->columns);
    assert_gaps(f->d, g->R, f->columns);
    assert_gaps(f->dz, f->z_rows, g->n);
    free(want_z), free(size_z);
}

static void test_gate__matches_its_formula(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        for (int is_static = 0; is_static <= 1; is_static++) {
            struct fixture f = fixture_open(&shapes[s], is_static);
            check(&f);
            fixture_release(&f);
        }
    }
}

static void test_gate__works_in_place(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        struct fixture f = fixture_open(&shapes[s], false);
        idx ld = f.g.ld_x;
        real *x = strided_copy(f.x, f.g.R, f.columns);
        gate_forward(f.y, ld, &f.g);
        f.g.x = x;
        gate_forward(x, ld, &f.g);
        for (idx i = 0; i < f.g.R * ld; i++)
            assert_close((double)x[i], (double)f.y[i], 1e-6);
        fixture_release(&f);
        free(x);
    }
}

static void test_gate__far_open_and_far_closed_stay_finite(void **state)
{
    (void)state;
    const double far[] = { -1e4, -100, 100, 1e4 };
    for (int i = 0; i < COUNT_OF(far); i++) {
        for (idx width = 1; width <= 2; width++) {
            real x[2] = { 3, -3 }, z = (real)far[i], y[2], d[2] = { 1, 1 }, dz;
            struct gate g = { .R = 1,
                              .n = 1,
                              .width = width,
                              .factor = 1,
                              .x = x,
                              .ld_x = 2,
                              .z = &z,
                              .ld_z = 1 };
            gate_forward(y, 2, &g);
            gate_backward(d, 2, &dz, 1, y, 2, &g);
            /* vec_exp ends at 2^-126 */
            assert_near((double)y[0], far[i] > 0 ? 3 : 0, 1e-6, 1e-30);
            assert_near((double)d[0], far[i] > 0, 1e-6, 1e-30);
            assert_near((double)dz, 0, 1e-6, 1e-30);
        }
    }
}

/* Context scale starts as nothing. */
static void test_gate__twice_sigmoid_of_zero_is_one(void **state)
{
    (void)state;
    real x[4] = { 1, -2, 3, 4 }, z[2] = { 0, 0 }, y[4];
    struct gate g = { .R = 1,
                      .n = 2,
                      .width = 2,
                      .factor = 2,
                      .x = x,
                      .ld_x = 4,
                      .z = z,
                      .ld_z = 2 };
    gate_forward(y, 4, &g);
    assert_memory_equal(x, y, sizeof x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gate__matches_its_formula),
        cmocka_unit_test(test_gate__works_in_place),
        cmocka_unit_test(test_gate__far_open_and_far_closed_stay_finite),
        cmocka_unit_test(test_gate__twice_sigmoid_of_zero_is_one),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
