/* The causal convolution against its sums written out in double. */
#include "harness.h"
#include "kern/conv.h"
#include "strided.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A sequence of T rows, worked on `tile` rows at a time. */
struct shape {
    idx T, H, D, K, tile;
};

/* One row; shorter than the filter; in one piece; ragged, with tiles shorter
 * than the filter; more channels than one block. */
static const struct shape shapes[] = {
    { 1, 1, 1, 1, 1 },
    { 1, 2, 3, 4, 1 },
    { 2, 1, 5, 7, 2 },
    { 17, 3, 7, 3, 17 },
    { 7, 2, 9, 4, 2 },
    { 5, 2, 70, 4, 3 },
    { 9, 1, 130, CONV_TAPS_MAX, 4 },
};

struct fixture {
    struct shape s;
    idx n, ld;
    real *x, *w, *b, *y, *dy, *dx, *dw, *db;
};

static struct fixture fixture_open(const struct shape *s)
{
    idx n = s->H * s->D, T = s->T;
    return (struct fixture){ .s = *s,
                             .n = n,
                             .ld = n + GAP,
                             .x = strided_normal(T, n, 1, 1),
                             .w = strided_normal(1, s->D * s->K, 1, 2),
                             .b = strided_normal(1, s->D, 1, 3),
                             .y = strided_normal(T, n, 1, 4),
                             .dy = strided_normal(T, n, 1, 5),
                             .dx = strided_normal(T, n, 1, 6),
                             .dw = strided_normal(1, s->D * s->K, 1, 7),
                             .db = strided_normal(1, s->D, 1, 8) };
}

static void fixture_release(struct fixture *f)
{
    free(f->x), free(f->w), free(f->b), free(f->y);
    free(f->dy), free(f->dx), free(f->dw), free(f->db);
}

static struct conv tile_of(const struct fixture *f, idx t0)
{
    const struct shape *s = &f->s;
    idx T = idx_min(s->tile, s->T - t0);
    return (struct conv){ .T = T,
                          .H = s->H,
                          .D = s->D,
                          .K = s->K,
                          .before = t0,
                          .after = s->T - t0 - T,
                          .x = f->x + t0 * f->ld,
                          .ld_x = f->ld,
                          .w = f->w,
                          .b = f->b };
}

static void run_forward(struct fixture *f)
{
    for (idx t = 0; t < f->s.T; t += f->s.tile) {
        struct conv c = tile_of(f, t);
        conv_forward(f->y + t * f->ld, f->ld, &c);
    }
}

static void run_backward(struct fixture *f)
{
    for (idx t = 0; t < f->s.T; t += f->s.tile) {
        struct conv c = tile_of(f, t);
        conv_backward(f->dx + t * f->ld, f->ld, f->dw, f->db, f->dy + t * f->ld,
                      f->ld, &c);
    }
}

/* x[t,column], 0 outside of the sequence. */
static double at(const real *x, const struct fixture *f, idx t, idx column)
{
    return t < 0 || t >= f->s.T ? 0 : (double)x[t * f->ld + column];
}

static void test_conv__forward_is_its_sum(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        struct fixture f = fixture_open(&shapes[s]);
        idx D = f.s.D, K = f.s.K;
        run_forward(&f);
        for (idx t = 0; t < f.s.T; t++) {
            for (idx i = 0; i < f.n; i++) {
                double want = (double)f.b[i % D], size = fabs(want);
                for (idx k = 0; k < K; k++) {
                    double term =
                        (double)f.w[k * D + i % D] * at(f.x, &f, t - k, i);
                    want += term;
                    size += fabs(term);
                }
                assert_near((double)f.y[t * f.ld + i], want, 3e-7, size);
            }
        }
        assert_gaps(f.y, f.s.T, f.n);
        fixture_release(&f);
    }
}

static void test_conv__no_bias_is_a_bias_of_zero(void **state)
{
    (void)state;
    struct fixture f = fixture_open(&shapes[3]);
    memset(f.b, 0, (size_t)f.s.D * sizeof *f.b);
    struct conv c = tile_of(&f, 0);
    conv_forward(f.y, f.ld, &c);
    c.b = NULL;
    conv_forward(f.dx, f.ld, &c);
    for (idx i = 0; i < f.s.T * f.ld; i++)
        assert_close((double)f.dx[i], (double)f.y[i], 1e-6);
    fixture_release(&f);
}

static void test_conv__backward_is_the_transposed_sum(void **state)
{
    (void)state;
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        struct fixture f = fixture_open(&shapes[s]);
        idx D = f.s.D, K = f.s.K;
        real *dw0 = strided_copy(f.dw, 1, D * K),
             *db0 = strided_copy(f.db, 1, D);
        run_backward(&f);
        for (idx t = 0; t < f.s.T; t++) {
            for (idx i = 0; i < f.n; i++) {
                double want = 0, size = 0;
                for (idx k = 0; k < K; k++) {
                    double term =
                        (double)f.w[k * D + i % D] * at(f.dy, &f, t + k, i);
                    want += term;
                    size += fabs(term);
                }
                assert_near((double)f.dx[t * f.ld + i], want, 3e-7, size);
            }
        }
        for (idx i = 0; i < D; i++) {
            double want_b = (double)db0[i];
            for (idx k = 0; k < K; k++) {
                double want = (double)dw0[k * D + i];
                for (idx t = 0; t < f.s.T; t++)
                    for (idx h = 0; h < f.s.H; h++)
                        want += at(f.dy, &f, t, h * D + i) *
                                at(f.x, &f, t - k, h * D + i);
                assert_close((double)f.dw[k * D + i], want, 1e-5);
            }
            for (idx t = 0; t < f.s.T; t++)
                for (idx h = 0; h < f.s.H; h++)
                    want_b += at(f.dy, &f, t, h * D + i);
            assert_close((double)f.db[i], want_b, 1e-5);
        }
        assert_gaps(f.dx, f.s.T, f.n);
        assert_gaps(f.dw, 1, D * K);
        assert_gaps(f.db, 1, D);
        free(dw0), free(db0);
        fixture_release(&f);
    }
}

/* A row sees itself and rows before it, no row behind it. */
static void test_conv__is_causal(void **state)
{
    (void)state;
    struct fixture f = fixture_open(&shapes[3]);
    run_forward(&f);
    real *y = strided_copy(f.y, f.s.T, f.n);
    for (idx t = 10; t < f.s.T; t++)
        for (idx i = 0; i < f.n; i++)
            f.x[t * f.ld + i] = (real)1e6;
    run_forward(&f);
    assert_memory_equal(y, f.y, (size_t)(10 * f.ld) * sizeof *y);
    assert_true(y[10 * f.ld] != f.y[10 * f.ld]);
    free(y);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_conv__forward_is_its_sum),
        cmocka_unit_test(test_conv__no_bias_is_a_bias_of_zero),
        cmocka_unit_test(test_conv__backward_is_the_transposed_sum),
        cmocka_unit_test(test_conv__is_causal),
    };
    return cmocka_run_group_tests_name("conv", tests, NULL, NULL);
}
