/* Linear layers, rotary positions, cross-entropy and whole attention heads:
 * backward against central differences, 1e-7. */
#include "gradcheck.h"
#include "harness.h"
#include "head_case.h"

#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "kern/xent.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/model/linear.h"
#include "nn/model/rope.h"

static const double BOUND = 1e-7;

static double dot(const real *x, const real *y, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)(x[i] * y[i]);
    return sum;
}

static real *normal(idx n, double std, uint64_t seed)
{
    real *x = calloc((size_t)n + 1, sizeof *x);
    fill_normal(x, n, std, seed);
    return x;
}

/* flat: w (N,K), then b (N) */
struct linear_case {
    struct linear l;
    idx R;
    real *x, *flat, *g;
};

static double linear_value(void *context)
{
    struct linear_case *c = context;
    idx n = c->R * c->l.N;
    real *y = calloc((size_t)n, sizeof *y);
    linear_forward(&c->l, c->flat, 0, y, c->x, c->R, 0);
    double value = dot(y, c->g, n);
    free(y);
    return value;
}

static void test_linear__backward_matches_differences(void **state)
{
    (void)state;
    /* ragged, and more outputs than one gradient task covers */
    const idx shapes[][3] = { { 1, 1, 1 }, { 5, 3, 7 }, { 67, 130, 2 } };
    for (int s = 0; s < COUNT_OF(shapes); s++) {
        idx R = shapes[s][0], N = shapes[s][1], K = shapes[s][2];
        real *sums = normal(2 * N, 0, 0); /* of 64 rows each */
        const struct linear_request plain = { .w = 0,
                                              .b = N * K,
                                              .N = N,
                                              .K = K,
                                              .has_backward = true,
                                              .dy_sums = sums };
        struct arena none = { 0 };
        struct linear_case c = { .R = R,
                                 .x = normal(R * K, 1, 7),
                                 .flat = normal(N * K + N, 1, 8),
                                 .g = normal(R * N, 1, 10) };
        real *dx = normal(R * K, 0, 0), *dflat = normal(N * K + N, 0, 0);
        linear_plan(&c.l, &none, &plain);
        assert_int_equal(none.used_bytes, 0); /* they lie where they lie */
        struct linear_grad grad = {
            .l = &c.l, .gradients = dflat, .dy = c.g, .x = c.x, .M = R
        };
        linear_backward(&c.l, c.flat, 0, dx, c.g, R);
        for (idx i = 0; i < linear_grad_tasks(&grad); i++)
            linear_grad_run(&grad, i);
        check_gradient("linear x", linear_value, &c, c.x, dx, R * K, BOUND,
                       1e-2);
        check_gradient("linear w, b", linear_value, &c, c.flat, dflat,
                       N * K + N, BOUND, 1e-2);
        free(c.x), free(c.flat), free(c.g);
        free(dx), free(dflat), free(sums);
    }
}

struct rope_case {
    idx T, H, D, N;
    real *x, *g, *table;
    const int32_t *places;
};

static void turn(const struct rope_case *c, real *x, int direction)
{
    struct rope rope = { c->table, c->T, c->D, c->N, c->places };
    rope_rows(x, c->H * c->D, &rope, 0, c->T, c->H, direction);
}

static double rope_value(void *context)
{
    struct rope_case *c = context;
    idx n = c->T * c->H * c->D;
    real y[256];
    memcpy(y, c->x, (size_t)n * sizeof *y);
    turn(c, y, 1);
    return dot(y, c->g, n);
}

static void test_rope__backward_matches_differences(void **state)
{
    (void)state;
    static const int32_t places[] = { 0, 1, 0, 1, 4 };
    for (int with_places = 0; with_places <= 1; with_places++) {
        struct rope_case c = {
            .T = 5, .H = 2, .D = 6, .N = with_places ? 4 : 6
        };
        idx n = c.T * c.H * c.D;
        c.x = normal(n, 1, 11);
        c.g = normal(n, 1, 12);
        c.table = normal(c.T * c.D, 0, 0);
        c.places = with_places ? places : NULL;
        rope_table(c.table, c.T,
                   &(struct rope_rates){ .N = c.N,
                                         .base = with_places ? 100 : 10000 });
        real *dx = normal(n, 1, 12);
        turn(&c, dx, -1);
        check_gradient("rope", rope_value, &c, c.x, dx, n, BOUND, 1e-2);
        free(c.x), free(c.g), free(c.table), free(dx);
    }
}

struct xent_case {
    idx R, V;
    real *logits;
    const int32_t *target;
    const real *weight;
};

static double xent_value(void *context)
{
    struct xent_case *c = context;
    real loss[8];
    xent_forward(loss, c->logits, c->target, c->weight, c->R, c->V);
    double sum = 0;
    for (idx r = 0; r < c->R; r++)
        sum += (double)c->weight[r] * (double)loss[r];
    return 0.25 * sum;
}

static void test_xent__backward_matches_differences(void **state)
{
    (void)state;
    const int32_t target[] = { 0, 8, 3, 3 };
    const real weight[] = { 1, (real)0.3, 0, 2 };
    struct xent_case c = { 4, 9, normal(36, 3, 13), target, weight };
    real *d = normal(36, 3, 13), loss[4];
    xent_backward(loss, d, target, weight, 4, 9, (real)0.25);
    check_gradient("xent", xent_value, &c, c.logits, d, 36, BOUND, 1e-2);
    free(c.logits), free(d);
}

static void check_head(const char *settings, idx T, idx D)
{
    struct head_case c;
    head_case_open(&c, settings, T, D, 1);
    head_case_check(&c, BOUND);
    head_case_close(&c);
}

static void test_attention__backward_matches_differences(void **state)
{
    (void)state;
    /* one key; ragged; one tile and one row more; three tiles */
    const idx shapes[][2] = {
        { 1, 1 }, { 1, 4 }, { 7, 3 }, { 25, 2 }, { 53, 1 }
    };
    char text[80];
    for (int map = 0; weight_map_name(map); map++) {
        for (int s = 0; s < COUNT_OF(shapes); s++) {
            for (int bias = 0; bias < 2; bias++) {
                snprintf(text, sizeof text, "weights=%s bias=%s",
                         weight_map_name(map), bias ? "key" : "none");
                check_head(text, shapes[s][0], shapes[s][1]);
            }
        }
    }
}

static void test_attention__backward_goes_through_normalizers(void **state)
{
    (void)state;
    char text[80];
    for (int map = 0; weight_map_name(map); map++) {
        for (int kind = NORMALIZER_NONE; normalizer_name(kind); kind++) {
            if (!(weight_maps[map]->normalizers >> kind & 1))
                continue;
            for (int bias = 0; bias < 2; bias++) {
                snprintf(text, sizeof text,
                         "weights=%s normalizer=%s scale=0.7 bias=%s",
                         weight_map_name(map), normalizer_name(kind),
                         bias ? "logit" : "none");
                check_head(text, 7, 3);
            }
        }
    }
}

/* What a column may be made of; identity and sigmoid weigh it by other rules
 * than softmax does. */
static void test_attention__backward_reaches_every_column(void **state)
{
    (void)state;
    static const char *const columns[] = {
        "bias=key_value",
        "bias=key_value bias_dims=2",
        "bias=key bias_dims=1",
        "bias=key bias_dims=3 bias_value=uniform",
        "bias=key bias_value=first",
        "bias=value",
        "bias=logit",
    };
    static const char *const maps[] = { "softmax", "sigmoid", "identity",
                                        "softpick", "stick_breaking" };
    char text[120];
    for (int i = 0; i < COUNT_OF(columns); i++) {
        for (int m = 0; m < COUNT_OF(maps); m++) {
            snprintf(text, sizeof text, "weights=%s %s", maps[m], columns[i]);
            check_head(text, 1, 3);
            check_head(text, 14, 3);
            check_head(text, 25, 3);
        }
    }
}

/* Rows that do not begin at the first key, or end behind the query. */
static void test_attention__backward_sees_what_forward_saw(void **state)
{
    (void)state;
    static const char *const masks[] = {
        "window=5",
        "window=1",
        "window=4 registers=2",
        "prefix=9",
        "window=3 prefix=4",
        "group=6 group_globals=2",
        "group=8 group_shift=yes",
        "document_token=0",
        "documents=within prefix=2",
        "document_token=0 window=9 group=12 registers=1 prefix=2",
    };
    static const char *const rows[] = {
        "weights=softmax bias=none",
        "weights=softmax bias=key_value",
        "weights=relu normalizer=length bias=logit",
        "weights=affine bias=none",
    };
    char text[160];
    for (int i = 0; i < COUNT_OF(masks); i++) {
        for (int r = 0; r < COUNT_OF(rows); r++) {
            snprintf(text, sizeof text, "%s %s", rows[r], masks[i]);
            struct head_case c;
            head_case_open(&c, text, 38, 2, 1);
            c.number = HEAD_HEADS - 1; /* shifted, where heads are */
            head_case_check(&c, BOUND);
            head_case_close(&c);
        }
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear__backward_matches_differences),
        cmocka_unit_test(test_rope__backward_matches_differences),
        cmocka_unit_test(test_xent__backward_matches_differences),
        cmocka_unit_test(test_attention__backward_matches_differences),
        cmocka_unit_test(test_attention__backward_goes_through_normalizers),
        cmocka_unit_test(test_attention__backward_reaches_every_column),
        cmocka_unit_test(test_attention__backward_sees_what_forward_saw),
    };
    return cmocka_run_group_tests_name("grad_layers", tests, start, NULL);
}
