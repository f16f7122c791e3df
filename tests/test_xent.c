/* Cross-entropy against its definition in double. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/xent.h"

#include <math.h>
#include <string.h>

enum { R_MAX = 6, V_MAX = 300 };

struct batch {
    idx R, V;
    real logits[R_MAX * V_MAX];
    int32_t target[R_MAX];
    real weight[R_MAX];
};

static void fill_batch(struct batch *b, idx R, idx V, double std)
{
    b->R = R;
    b->V = V;
    fill_normal(b->logits, R * V, std, 1);
    for (idx r = 0; r < R; r++)
        b->target[r] = (int32_t)(r * 37 % V), b->weight[r] = 1;
    b->target[R - 1] = (int32_t)V - 1;
}

/* log sum exp of row r, in double. */
static double naive_lse(const struct batch *b, idx r)
{
    const real *x = b->logits + r * b->V;
    double max = (double)x[0], sum = 0;
    for (idx v = 1; v < b->V; v++)
        max = fmax(max, (double)x[v]);
    for (idx v = 0; v < b->V; v++)
        sum += exp((double)x[v] - max);
    return max + log(sum);
}

static void check(const struct batch *b, double scale, double bound)
{
    static real d[R_MAX * V_MAX];
    real loss[R_MAX], again[R_MAX];
    memcpy(d, b->logits, sizeof d);
    xent_forward(loss, b->logits, b->target, b->weight, b->R, b->V);
    xent_backward(again, d, b->target, b->weight, b->R, b->V, (real)scale);
    for (idx r = 0; r < b->R; r++) {
        const real *x = b->logits + r * b->V;
        double lse = naive_lse(b, r), sum = 0, weight = (double)b->weight[r];
        double want = weight == 0 ? 0 : lse - (double)x[b->target[r]];
        double size = fabs(lse) + fabs((double)x[b->target[r]]);
        assert_near((double)loss[r], want, bound, size);
        assert_near((double)again[r], want, bound, size);
        for (idx v = 0; v < b->V; v++) {
            double p = exp((double)x[v] - lse) - (v == b->target[r]);
            double got = (double)d[r * b->V + v];
            assert_near(got, scale * weight * p, bound, scale * weight);
            sum += got;
        }
        assert_near(sum, 0, 1e-6, scale * weight); /* p less 1 */
    }
}

static void test_xent__matches_its_definition(void **state)
{
    (void)state;
    static const idx shapes[][2] = {
        { 1, 2 }, { 3, 9 }, { 6, 65 }, { 2, 300 }
    };
    static struct batch b;
    for (int i = 0; i < COUNT_OF(shapes); i++) {
        for (double std = 0.1; std < 20; std *= 5) {
            fill_batch(&b, shapes[i][0], shapes[i][1], std);
            check(&b, 1, 2e-6);
            check(&b, 1.0 / 512, 2e-6);
        }
    }
}

static void test_xent__large_logits_give_finite_loss(void **state)
{
    (void)state;
    static struct batch b;
    for (double shift = -1e4; shift <= 1e4; shift += 1e4) {
        fill_batch(&b, 4, 50, 3);
        for (idx i = 0; i < 200; i++)
            b.logits[i] = (real)((double)b.logits[i] + shift);
        check(&b, 1, 2e-6);
    }
    fill_batch(&b, 4, 50, 1e4); /* losses of thousands of nats */
    check(&b, 1, 2e-6);
}

static void test_xent__constant_row_costs_log_v(void **state)
{
    (void)state;
    static struct batch b;
    static const double values[] = { 0, -5, 1e4 };
    for (int i = 0; i < COUNT_OF(values); i++) {
        real loss[2];
        fill_batch(&b, 2, 256, 0);
        for (idx j = 0; j < 512; j++)
            b.logits[j] = (real)values[i];
        check(&b, 1, 1e-6);
        xent_forward(loss, b.logits, b.target, b.weight, 2, 256);
        assert_close((double)loss[0], log(256), 1e-6);
    }
}

/* A row's gradient is its weight's; its loss is not. Of a row of weight 0
 * nothing is read. */
static void test_xent__weights_scale_the_gradient_alone(void **state)
{
    (void)state;
    static struct batch b;
    static const double weights[R_MAX] = { 0.25, 0, 1, 3, 0, 1e-3 };
    fill_batch(&b, R_MAX, 65, 2);
    for (idx r = 0; r < R_MAX; r++)
        b.weight[r] = (real)weights[r];
    check(&b, 1, 2e-6);
    check(&b, 1.0 / 512, 2e-6);
    for (idx v = 0; v < 65; v++)
        b.logits[65 + v] = (real)NAN;
    real loss[R_MAX];
    xent_forward(loss, b.logits, b.target, b.weight, R_MAX, 65);
    assert_true(loss[1] == 0);
    xent_backward(loss, b.logits, b.target, b.weight, R_MAX, 65, 1);
    assert_true(loss[1] == 0);
    for (idx v = 0; v < 65; v++)
        assert_true(b.logits[65 + v] == 0);
}

static void test_xent__one_token_costs_nothing(void **state)
{
    (void)state;
    real logits[3] = { 5, -1e4, 0 }, loss[3];
    const int32_t target[3] = { 0 };
    const real weight[3] = { 1, 1, 1 };
    xent_forward(loss, logits, target, weight, 3, 1);
    for (int r = 0; r < 3; r++)
        assert_true(loss[r] == 0);
    xent_backward(loss, logits, target, weight, 3, 1, 1);
    for (int r = 0; r < 3; r++)
        assert_true(loss[r] == 0 && logits[r] == 0);
}

static void test_xent__nan_logit_shows_in_the_loss(void **state)
{
    (void)state;
    for (int at = 0; at < 5; at++) {
        real logits[5] = { 1, 2, 3, 4, 5 }, weight = 1, loss;
        const int32_t target = 2;
        logits[at] = (real)NAN;
        xent_forward(&loss, logits, &target, &weight, 1, 5);
        assert_true(isnan(loss));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_xent__matches_its_definition),
        cmocka_unit_test(test_xent__large_logits_give_finite_loss),
        cmocka_unit_test(test_xent__constant_row_costs_log_v),
        cmocka_unit_test(test_xent__weights_scale_the_gradient_alone),
        cmocka_unit_test(test_xent__one_token_costs_nothing),
        cmocka_unit_test(test_xent__nan_logit_shows_in_the_loss),
    };
    return cmocka_run_group_tests_name("xent", tests, NULL, NULL);
}
