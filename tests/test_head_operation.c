/* Heads that do not work row by row against what they stand for: running sums
 * against rows of scores, flow against sums over all pairs in double. */
#include "gradcheck.h"
#include "harness.h"
#include "head_case.h"
#include "nn/attention/attention.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "kern/vecmath.h"
#include "nn/model/model.h"

/* Lengths around one and two chunks of 32 rows. */
static const idx lengths[] = { 1, 2, 13, 31, 32, 33, 64, 65, 200 };
static const idx widths[] = { 1, 5, 16, 33 };

static const char *const operations[] = {
    "weights=identity linear_time=yes",
    "weights=identity linear_time=yes normalizer=abs_sum scale=0.7",
    "operation=flow",
    "operation=flow flow_clamp=0.5",
};

static double largest(const real *x, idx n)
{
    double max = 0;
    for (idx i = 0; i < n; i++)
        max = fmax(max, fabs((double)x[i]));
    return max;
}

/* Size of what element d of row t is summed up from. */
static double terms(const struct head_case *c, idx t, idx d)
{
    double sum = 0;
    for (idx j = 0; j < c->at.T; j++)
        sum += fabs((double)c->map[t * c->row_n + j] *
                    (double)c->qkv[j * c->ld + 2 * c->part + d]);
    return sum;
}

/* Queries and keys as a feature map leaves them. */
static void make_positive(struct head_case *c)
{
    for (idx t = 0; t < c->at.T; t++)
        for (idx i = 0; i < 2 * c->part; i++)
            c->qkv[t * c->ld + i] = vec_exp(c->qkv[t * c->ld + i] / 2);
}

/* --- running sums --------------------------------------------------------- */

static void check_linear(const char *settings, bool is_positive, idx T, idx D)
{
    struct head_case c, rows;
    char text[120];
    snprintf(text, sizeof text, "weights=identity %s", settings);
    head_case_open(&rows, text, T, D, 1);
    snprintf(text, sizeof text, "weights=identity linear_time=yes %s",
             settings);
    head_case_open(&c, text, T, D, 1);
    assert_non_null(c.at.operation);
    assert_null(rows.at.operation);
    if (is_positive) {
        make_positive(&c);
        make_positive(&rows);
    }
    head_case_forward(&c);
    head_case_forward(&rows);
    for (idx t = 0; t < T; t++) {
        for (idx d = 0; d < D; d++) {
            double got = (double)c.o[t * c.part + d];
            double want = (double)rows.o[t * c.part + d];
            assert_true(fabs(got - want) <= 3e-6 * terms(&rows, t, d));
        }
        assert_true(isnan(c.o[t * c.part + D])); /* the gap is not ours */
    }
    double size = largest(rows.map, T * T);
    for (idx i = 0; i < T * T; i++)
        assert_near((double)c.map[i], (double)rows.map[i], 2e-6, size);
    head_case_close(&c);
    head_case_close(&rows);
}

static void test_linear__is_the_rows_it_stands_for(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "normalizer=none",   "normalizer=none scale=0.3",
        "normalizer=length", "normalizer=abs_sum",
        "qk_norm=unit",
    };
    for (int i = 0; i < COUNT_OF(lengths); i++)
        for (int j = 0; j < COUNT_OF(widths); j++) {
            for (int k = 0; k < COUNT_OF(settings); k++) {
                check_linear(settings[k], false, lengths[i], widths[j]);
                check_linear(settings[k], true, lengths[i], widths[j]);
            }
            check_linear("normalizer=sum scale=1.5", true, lengths[i],
                         widths[j]);
        }
}

/* A mean of values stays one over thousands of rows: in float alone the sum of
 * keys would have lost its last digits. */
static void test_linear__long_sums_do_not_drift(void **state)
{
    (void)state;
    enum { T = 20000, D = 4 };
    struct head_case c;
    head_case_open(&c, "weights=identity linear_time=yes normalizer=sum", T, D,
                   1);
    make_positive(&c);
    for (idx t = 0; t < T; t++)
        for (idx d = 0; d < D; d++)
            c.qkv[t * c.ld + 2 * c.part + d] = (real)(d + 1);
    head_case_value(&c);
    for (idx t = 0; t < T; t++)
        for (idx d = 0; d < D; d++)
            assert_close((double)c.o[t * c.part + d] / (double)(d + 1), 1,
                         2e-6);
    head_case_close(&c);
}

/* --- flow ----------------------------------------------------------------- */

enum { T_MAX = 200, D_MAX = 33 };

/* Every sum over j <= t as it is defined, and exp without a safeguard. */
struct naive_flow {
    idx T, D;
    double q[T_MAX][D_MAX], k[T_MAX][D_MAX];
    double in[T_MAX], out[T_MAX], take[T_MAX], share[T_MAX];
};

/* (x + e) . (sum_{j<=t} weight_j y_j + e), weight NULL: 1 */
static double against_sum(const struct naive_flow *f, const double *x,
                          double y[][D_MAX], const double *weight, idx t)
{
    double dot = 0;
    for (idx d = 0; d < f->D; d++) {
        double sum = 0;
        for (idx j = 0; j <= t; j++)
            sum += (weight ? weight[j] : 1) * y[j][d];
        dot += (x[d] + 1e-6) * (sum + 1e-6);
    }
    return dot;
}

static void make_naive(struct naive_flow *f, const struct head_case *c)
{
    double give[T_MAX], clamp = c->at.options.flow_clamp;
    f->T = c->at.T;
    f->D = c->at.D;
    for (idx t = 0; t < f->T; t++)
        for (idx d = 0; d < f->D; d++) {
            const real *q = c->qkv + t * c->ld + d;
            f->q[t][d] = 1 / (1 + exp(-(double)q[0]));
            f->k[t][d] = 1 / (1 + exp(-(double)q[c->part]));
        }
    for (idx t = 0; t < f->T; t++) {
        double n = (double)(t + 1);
        f->in[t] = n / against_sum(f, f->q[t], f->k, NULL, t);
        f->out[t] = n / against_sum(f, f->k[t], f->q, NULL, t);
    }
    for (idx t = 0; t < f->T; t++) {
        double n = (double)(t + 1), sum = 0;
        double flow = against_sum(f, f->q[t], f->k, f->out, t) / n;
        f->take[t] = 1 / (1 + exp(-flow));
        give[t] = against_sum(f, f->k[t], f->q, f->in, t) / n;
        give[t] = fmin(fmax(give[t], -clamp), clamp);
        for (idx j = 0; j <= t; j++)
            sum += exp(give[j]);
        f->share[t] = n * exp(give[t]) / sum;
    }
}

static double naive_weight(const struct naive_flow *f, idx t, idx j)
{
    double dot = 0;
    for (idx d = 0; d < f->D; d++)
        dot += f->q[t][d] * f->k[j][d];
    return f->take[t] * f->in[t] / (double)(t + 1) * dot * f->share[j];
}

static void check_flow(const char *settings, idx T, idx D, double std)
{
    struct head_case c;
    struct naive_flow *f = calloc(1, sizeof *f);
    assert_non_null(f);
    head_case_open(&c, settings, T, D, std);
    make_naive(f, &c);
    head_case_forward(&c);
    for (idx t = 0; t < T; t++) {
        double o[D_MAX] = { 0 }, size[D_MAX] = { 0 };
        for (idx j = 0; j <= t; j++) {
            double a = naive_weight(f, t, j);
            assert_close((double)c.map[t * T + j] / a, 1, 2e-5);
            for (idx d = 0; d < D; d++) {
                double term = a * (double)c.qkv[j * c.ld + 2 * c.part + d];
                o[d] += term;
                size[d] += fabs(term);
            }
        }
        for (idx j = t + 1; j < T; j++)
            assert_true(c.map[t * T + j] == 0);
        for (idx d = 0; d < D; d++)
            assert_near((double)c.o[t * c.part + d], o[d], 1e-5, size[d]);
        assert_true(isnan(c.o[t * c.part + D]));
    }
    head_case_close(&c);
    free(f);
}

static void test_flow__is_the_sums_over_all_pairs(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(lengths); i++)
        for (int j = 0; j < COUNT_OF(widths); j++) {
            check_flow("operation=flow", lengths[i], widths[j], 1);
            check_flow("operation=flow", lengths[i], widths[j], 3);
            check_flow("operation=flow flow_clamp=1", lengths[i], widths[j], 1);
            check_flow("operation=flow flow_clamp=0.6", lengths[i], widths[j],
                       1);
        }
}

/* Then each key gives as much as any other, and a query takes in the sigmoid
 * of 1, which is what flows in where nothing competes. */
static void test_flow__identical_tokens_share_equally(void **state)
{
    (void)state;
    enum { T = 60, D = 8 };
    struct head_case c;
    head_case_open(&c, "operation=flow", T, D, 1);
    for (idx t = 0; t < T; t++)
        for (idx i = 0; i < 2 * c.part; i++)
            c.qkv[t * c.ld + i] = c.qkv[i];
    head_case_forward(&c);
    for (idx t = 0; t < T; t++)
        for (idx j = 0; j <= t; j++)
            assert_close((double)(t + 1) * (double)c.map[t * T + j],
                         1 / (1 + exp(-1)), 1e-5);
    head_case_close(&c);
}

/* A key whose sigmoid is zero wherever a query's is not can neither give nor
 * take; one that is larger than all before by far takes all they have. */
static void test_flow__extremes_are_finite(void **state)
{
    (void)state;
    enum { T = 60, D = 8 };
    static const double sizes[] = { 30, 1e4 };
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        struct head_case c;
        head_case_open(&c, "operation=flow flow_clamp=1000", T, D, 1);
        fill_normal(c.qkv, T * c.ld, sizes[i], 1);
        for (idx t = 0; t < T; t++)
            fill_normal(c.qkv + t * c.ld + 2 * c.part, D, 1, 9);
        head_case_forward(&c);
        head_case_backward(&c);
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j < 3 * c.part; j++)
                assert_true(j % c.part >= D || isfinite(c.dqkv[t * c.ld + j]));
        for (idx j = 0; j < T * T; j++)
            assert_true(isfinite(c.map[j]) && c.map[j] >= 0);
        head_case_close(&c);
    }
}

/* --- both ----------------------------------------------------------------- */

static void test_head_operation__weights_make_the_output(void **state)
{
    (void)state;
    enum { T = 100, D = 5 };
    for (int i = 0; i < COUNT_OF(operations); i++) {
        struct head_case c, d;
        head_case_open(&c, operations[i], T, D, 1);
        head_case_open(&d, operations[i], T, D, 1);
        head_case_forward(&c);
        head_case_value(&d); /* without weights: the same bits */
        for (idx t = 0; t < T; t++) {
            assert_memory_equal(c.o + t * c.part, d.o + t * d.part,
                                D * sizeof *c.o);
            for (idx e = 0; e < D; e++) {
                double sum = 0;
                for (idx j = 0; j < T; j++)
                    sum += (double)c.map[t * T + j] *
                           (double)c.qkv[j * c.ld + 2 * c.part + e];
                assert_true(fabs((double)c.o[t * c.part + e] - sum) <=
                            2e-6 * terms(&c, t, e));
            }
        }
        head_case_close(&c);
        head_case_close(&d);
    }
}

/* Rows behind `last` drawn anew: what those up to there gave stays as it was,
 * bit by bit. */
static void test_head_operation__does_not_see_the_future(void **state)
{
    (void)state;
    enum { T = 130, D = 5 };
    static const idx cuts[] = { 0, 1, 20, 31, 32, 95, 96, 128 };
    for (int i = 0; i < COUNT_OF(operations); i++)
        for (int j = 0; j < COUNT_OF(cuts); j++) {
            struct head_case c, d;
            idx last = cuts[j];
            head_case_open(&c, operations[i], T, D, 1);
            head_case_open(&d, operations[i], T, D, 1);
            fill_normal(d.qkv + (last + 1) * d.ld, (T - last - 1) * d.ld, 7, 3);
            head_case_forward(&c);
            head_case_forward(&d);
            for (idx t = 0; t <= last; t++) {
                assert_memory_equal(c.o + t * c.part, d.o + t * d.part,
                                    D * sizeof *c.o);
                assert_memory_equal(c.map + t * T, d.map + t * T,
                                    T * sizeof *c.map);
            }
            head_case_close(&c);
            head_case_close(&d);
        }
}

static void test_head_operation__backward_writes_and_keeps_gaps(void **state)
{
    (void)state;
    enum { T = 130, D = 5 };
    for (int i = 0; i < COUNT_OF(operations); i++) {
        struct head_case c;
        head_case_open(&c, operations[i], T, D, 1);
        for (idx j = 0; j < T * c.ld; j++)
            c.dqkv[j] = (real)NAN;
        head_case_backward(&c);
        for (idx j = 0; j < T * c.ld; j++)
            assert_int_equal(isnan(c.dqkv[j]) != 0, j % c.part >= D);
        head_case_close(&c);
    }
}

/* No T x T matrix: a row more costs the same anywhere, and little. */
static void test_head_operation__memory_grows_with_the_length(void **state)
{
    (void)state;
    enum { D = 64 };
    struct model_options m = { .heads = 1 };
    for (int i = 0; i < COUNT_OF(operations); i++) {
        struct weight_case w;
        idx n[4];
        weight_case_open(&w, operations[i]);
        for (idx j = 0; j < 4; j++) {
            struct attention at = attention_of(
                &(struct model_spec){ .model = m, .attention = w.options },
                (idx)1000 << j, D);
            n[j] = attention_scratch(&at);
        }
        assert_int_equal(n[2] - n[1], 2 * (n[1] - n[0]));
        assert_int_equal(n[3] - n[2], 4 * (n[1] - n[0]));
        assert_true((n[1] - n[0]) / 1000 <= 8 * D);
        assert_true(n[0] - (n[1] - n[0]) <= 10 * D * D);
    }
}

/* Each of them reads running sums, so a token costs the same in a longer
 * sequence: what its row says, models count. */
static void test_head_operation__flops_do_not_grow_with_the_length(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(operations); i++) {
        struct model m = { 0 };
        struct err e = { 0 };
        struct weight_case w;
        weight_case_open(&w, operations[i]);
        struct model_spec spec = { .model = tiny_options("gpt2", 2, 8, 2, 32),
                                   .attention = w.options };
        assert_int_equal(model_init(&m, &spec, 10, &e), OK);
        assert_true(model_flops_per_token(&m, 32) ==
                    model_flops_per_token(&m, 16));
        model_release(&m);
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
        cmocka_unit_test(test_linear__is_the_rows_it_stands_for),
        cmocka_unit_test(test_linear__long_sums_do_not_drift),
        cmocka_unit_test(test_flow__is_the_sums_over_all_pairs),
        cmocka_unit_test(test_flow__identical_tokens_share_equally),
        cmocka_unit_test(test_flow__extremes_are_finite),
        cmocka_unit_test(test_head_operation__weights_make_the_output),
        cmocka_unit_test(test_head_operation__does_not_see_the_future),
        cmocka_unit_test(test_head_operation__backward_writes_and_keeps_gaps),
        cmocka_unit_test(test_head_operation__memory_grows_with_the_length),
        cmocka_unit_test(
            test_head_operation__flops_do_not_grow_with_the_length),
    };
    return cmocka_run_group_tests_name("head_operation", tests, start, NULL);
}
