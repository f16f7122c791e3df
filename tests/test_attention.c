/* One attention head in tiles against T x T matrices in double. */
#include "nn/attention.h"
#include "gradcheck.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"

enum { GAP = 3 }; /* between the parts of a row, and behind it */

struct head_case {
    struct attention at;
    idx ld;
    real *qkv, *column, *o, *weights, *scratch;
};

/* Lengths around one and two tiles of 64 queries. */
static const idx lengths[] = { 1, 2, 63, 64, 65, 130 };

static struct head head_of(const struct head_case *c)
{
    idx part = c->at.D + GAP;
    return (struct head){ .q = c->qkv,
                          .k = c->qkv + part,
                          .v = c->qkv + 2 * part,
                          .column_key = c->at.n_extra ? c->column : NULL,
                          .ld_qkv = c->ld,
                          .ld_o = part };
}

static void open_head(struct head_case *c, int map, int bias, idx T, idx D,
                      double std)
{
    struct attention_options o = { .weights = map, .bias = bias };
    idx part = D + GAP;
    *c = (struct head_case){ .at = attention_of(&o, T, D), .ld = 3 * part };
    idx scratch = attention_scratch(&c->at);
    idx weights = T * (T + c->at.n_extra);
    c->qkv = malloc((size_t)(T * c->ld) * sizeof *c->qkv);
    c->column = malloc((size_t)D * sizeof *c->column);
    c->o = malloc((size_t)(T * part) * sizeof *c->o);
    c->weights = malloc((size_t)weights * sizeof *c->weights);
    c->scratch = malloc((size_t)scratch * sizeof *c->scratch);
    fill_normal(c->qkv, T * c->ld, std, 1);
    fill_normal(c->column, D, std, 2);
    for (idx i = 0; i < scratch; i++) /* what an earlier head may leave */
        c->scratch[i] = (real)NAN;
    for (idx i = 0; i < weights; i++)
        c->weights[i] = (real)NAN;
    for (idx i = 0; i < T * part; i++)
        c->o[i] = (real)NAN;
}

static void close_head(struct head_case *c)
{
    free(c->qkv), free(c->column), free(c->o);
    free(c->weights), free(c->scratch);
}

static void run_head(struct head_case *c)
{
    struct head head = head_of(c);
    attention_forward(&c->at, c->o, &head, c->weights, c->scratch);
}

static double dot(const real *x, const real *y, idx n)
{
    double sum = 0;
    for (idx i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return sum;
}

/* Weights of query t: the map is tested by itself (test_weights.c), here it is
 * given scores made the plain way. */
static void naive_row(real *a, const struct head_case *c, idx t)
{
    struct head head = head_of(c);
    idx D = c->at.D, extra = c->at.n_extra;
    struct weight_row row = { extra + t + 1, t + 1 };
    const real *q = head.q + t * c->ld;
    if (extra)
        a[0] = (real)(dot(q, c->column, D) / sqrt((double)D));
    for (idx j = 0; j <= t; j++)
        a[extra + j] = (real)(dot(q, head.k + j * c->ld, D) / sqrt((double)D));
    weight_stage_forward(&c->at.weights, a, a, &row);
}

static void check_row(const struct head_case *c, idx t, double bound)
{
    struct head head = head_of(c);
    idx T = c->at.T, D = c->at.D, extra = c->at.n_extra;
    const real *got = c->weights + t * (extra + T);
    real a[200];
    naive_row(a, c, t);
    for (idx j = 0; j < extra + t + 1; j++)
        assert_close((double)got[j], (double)a[j], bound);
    for (idx j = extra + t + 1; j < extra + T; j++)
        assert_true(got[j] == 0); /* not visible */
    for (idx d = 0; d < D; d++) {
        double by_naive = 0, by_given = 0;
        for (idx j = 0; j <= t; j++) {
            double v = (double)head.v[j * c->ld + d];
            by_naive += (double)a[extra + j] * v;
            by_given += (double)got[extra + j] * v;
        }
        assert_close((double)c->o[t * head.ld_o + d], by_naive, bound);
        assert_close((double)c->o[t * head.ld_o + d], by_given, 3e-6);
    }
    for (idx d = D; d < head.ld_o; d++)
        assert_true(isnan(c->o[t * head.ld_o + d])); /* the gap is not ours */
}

static void test_attention__matches_the_plain_matrices(void **state)
{
    (void)state;
    static const idx widths[] = { 1, 5, 16 };
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            for (int i = 0; i < COUNT_OF(lengths); i++) {
                for (int j = 0; j < COUNT_OF(widths); j++) {
                    struct head_case c;
                    open_head(&c, map, bias, lengths[i], widths[j], 1);
                    run_head(&c);
                    for (idx t = 0; t < lengths[i]; t++)
                        check_row(&c, t, 1e-5);
                    close_head(&c);
                }
            }
        }
    }
}

static void test_attention__weights_are_optional(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++) {
        struct head_case c, d;
        open_head(&c, map, BIAS_KEY, 130, 5, 1);
        open_head(&d, map, BIAS_KEY, 130, 5, 1);
        struct head head = head_of(&d);
        run_head(&c);
        attention_forward(&d.at, d.o, &head, NULL, d.scratch);
        for (idx t = 0; t < 130; t++)
            assert_memory_equal(c.o + t * head.ld_o, d.o + t * head.ld_o,
                                5 * sizeof *c.o);
        close_head(&c);
        close_head(&d);
    }
}

/* Keys and values behind position `last` drawn anew: what queries up to there
 * gave stays as it was, bit by bit. */
static void check_causal(int map, int bias, idx T, idx last)
{
    enum { D = 5 };
    struct head_case c, d;
    open_head(&c, map, bias, T, D, 1);
    open_head(&d, map, bias, T, D, 1);
    struct head head = head_of(&d);
    idx row_n = T + c.at.n_extra, n_rest = (T - last - 1) * d.ld;
    fill_normal(d.qkv + (last + 1) * d.ld, n_rest, 7, 3);
    run_head(&c);
    run_head(&d);
    for (idx t = 0; t <= last; t++) {
        assert_memory_equal(c.o + t * head.ld_o, d.o + t * head.ld_o,
                            D * sizeof *c.o);
        assert_memory_equal(c.weights + t * row_n, d.weights + t * row_n,
                            (size_t)row_n * sizeof *c.weights);
    }
    close_head(&c);
    close_head(&d);
}

static void test_attention__does_not_see_the_future(void **state)
{
    (void)state;
    static const idx cuts[] = { 0, 1, 30, 62, 63, 64, 100, 128 };
    for (int map = 0; weight_map_name(map); map++)
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++)
            for (int i = 0; i < COUNT_OF(cuts); i++)
                check_causal(map, bias, 130, cuts[i]);
}

/* Each visible key counts: doubling the value of key j moves every output at
 * or after j. */
static void test_attention__sees_itself_and_all_before(void **state)
{
    (void)state;
    enum { T = 66, D = 4 };
    struct head_case c, d;
    open_head(&c, 0, BIAS_NONE, T, D, 0.3);
    run_head(&c);
    for (idx j = 0; j < T; j++) {
        open_head(&d, 0, BIAS_NONE, T, D, 0.3);
        struct head head = head_of(&d);
        for (idx i = 0; i < D; i++)
            d.qkv[j * d.ld + (head.v - head.q) + i] += 100;
        run_head(&d);
        for (idx t = j; t < T; t++)
            assert_true(
                fabs((double)(d.o[t * head.ld_o] - c.o[t * head.ld_o])) > 0.1);
        close_head(&d);
    }
    close_head(&c);
}

/* softmax1, exp(s_j) / (1 + sum exp s): what a key bias with k* = 0 and value
 * 0 is. Golden vector for scores 1, -0.5, 2. */
static void test_attention__zero_key_bias_is_softmax_off_by_one(void **state)
{
    (void)state;
    static const double golden[] = { 1 - 0.232057 - 0.051779 - 0.630796,
                                     0.232057, 0.051779, 0.630796 };
    const real keys[] = { 1, (real)-0.5, 2 };
    struct head_case c;
    open_head(&c, 0, BIAS_KEY, 3, 1, 1);
    struct head head = head_of(&c);
    c.column[0] = 0;
    for (idx t = 0; t < 3; t++) {
        c.qkv[t * c.ld] = 1;
        c.qkv[t * c.ld + (head.k - head.q)] = keys[t];
    }
    run_head(&c);
    for (int j = 0; j < 4; j++)
        assert_close((double)c.weights[2 * 4 + j], golden[j], 2e-6);
    for (idx t = 0; t < 3; t++) {
        double sum = 1;
        for (idx j = 0; j <= t; j++)
            sum += exp((double)keys[j]);
        assert_close((double)c.weights[t * 4], 1 / sum, 1e-6);
    }
    close_head(&c);
}

/* Where all tokens are the same, so are all scores: 1/t each, wherever rows
 * sum to one (arXiv 2410.10781, proposition for no position). */
static void test_attention__identical_tokens_share_equally(void **state)
{
    (void)state;
    enum { T = 130, D = 6 };
    for (int map = 0; weight_map_name(map); map++) {
        struct head_case c;
        open_head(&c, map, BIAS_NONE, T, D, 1);
        struct attention_options o = { .weights = map,
                                       .normalizer = NORMALIZER_SUM };
        c.at.weights = weight_stage_of(&o);
        struct head head = head_of(&c);
        for (idx t = 0; t < T; t++) /* q = k, so that scores are positive */
            for (idx d = 0; d < D; d++)
                c.qkv[t * c.ld + d] = c.qkv[t * c.ld + (head.k - head.q) + d] =
                    c.qkv[d];
        run_head(&c);
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j <= t; j++)
                assert_close((double)(t + 1) * (double)c.weights[t * T + j], 1,
                             1e-5);
        close_head(&c);
    }
}

static void
test_attention__extra_column_takes_mass_and_gives_nothing(void **state)
{
    (void)state;
    enum { T = 70, D = 4 };
    struct head_case c;
    open_head(&c, 0, BIAS_KEY, T, D, 1);
    for (idx t = 0; t < T; t++)
        c.qkv[t * c.ld] = 1;
    for (idx d = 0; d < D; d++)
        c.column[d] = d == 0 ? 200 : 0;
    run_head(&c);
    for (idx t = 0; t < T; t++) {
        assert_close((double)c.weights[t * (T + 1)], 1, 1e-6);
        for (idx d = 0; d < D; d++)
            assert_close((double)c.o[t * (D + GAP) + d], 0, 1e-6);
    }
    close_head(&c);
}

/* What was in scratch and in the gradients before does not matter. */
static void test_attention__backward_writes_and_does_not_add(void **state)
{
    (void)state;
    enum { T = 130, D = 5, PART = D + GAP };
    static real d[T * 3 * PART], do_[T * PART];
    fill_normal(do_, T * PART, 1, 4);
    for (int map = 0; weight_map_name(map); map++) {
        struct head_case c;
        real dcolumn[D];
        open_head(&c, map, BIAS_KEY, T, D, 1);
        struct head head = head_of(&c);
        for (idx i = 0; i < COUNT_OF(d); i++)
            d[i] = (real)NAN;
        for (idx i = 0; i < D; i++)
            dcolumn[i] = (real)NAN;
        attention_backward(&c.at, d, d + PART, d + 2 * PART, dcolumn, do_,
                           &head, c.scratch);
        for (idx i = 0; i < COUNT_OF(d); i++)
            assert_int_equal(isnan(d[i]) != 0, i % PART >= D);
        for (idx i = 0; i < D; i++)
            assert_true(isfinite(dcolumn[i]));
        close_head(&c);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention__matches_the_plain_matrices),
        cmocka_unit_test(test_attention__weights_are_optional),
        cmocka_unit_test(test_attention__does_not_see_the_future),
        cmocka_unit_test(test_attention__sees_itself_and_all_before),
        cmocka_unit_test(test_attention__zero_key_bias_is_softmax_off_by_one),
        cmocka_unit_test(test_attention__identical_tokens_share_equally),
        cmocka_unit_test(
            test_attention__extra_column_takes_mass_and_gives_nothing),
        cmocka_unit_test(test_attention__backward_writes_and_does_not_add),
    };
    return cmocka_run_group_tests_name("attention", tests, start, NULL);
}
