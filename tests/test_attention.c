/* One attention head: what it sees, what its column does, what backward writes.
 * Its numbers: test_attention_rows.c. */
#include "gradcheck.h"
#include "harness.h"
#include "head_case.h"
#include "nn/attention/attention.h"

#include <math.h>
#include <string.h>

#include "kern/gemm.h"

static void test_attention__weights_are_optional(void **state)
{
    (void)state;
    char text[80];
    for (int map = 0; weight_map_name(map); map++) {
        struct head_case c, d;
        snprintf(text, sizeof text, "weights=%s bias=key",
                 weight_map_name(map));
        head_case_open(&c, text, 130, 5, 1);
        head_case_open(&d, text, 130, 5, 1);
        head_case_forward(&c);
        head_case_value(&d);
        for (idx t = 0; t < 130; t++)
            assert_memory_equal(c.o + t * c.part, d.o + t * d.part,
                                5 * sizeof *c.o);
        head_case_close(&c);
        head_case_close(&d);
    }
}

/* Keys and values behind position `last` drawn anew: what queries up to there
 * gave stays as it was, bit by bit. */
static void check_causal(const char *settings, idx T, idx last)
{
    enum { D = 5 };
    struct head_case c, d;
    head_case_open(&c, settings, T, D, 1);
    head_case_open(&d, settings, T, D, 1);
    fill_normal(d.qkv + (last + 1) * d.ld, (T - last - 1) * d.ld, 7, 3);
    head_case_forward(&c);
    head_case_forward(&d);
    for (idx t = 0; t <= last; t++) {
        assert_memory_equal(c.o + t * c.part, d.o + t * d.part,
                            D * sizeof *c.o);
        assert_memory_equal(c.map + t * c.row_n, d.map + t * d.row_n,
                            (size_t)c.row_n * sizeof *c.map);
    }
    head_case_close(&c);
    head_case_close(&d);
}

static void test_attention__does_not_see_the_future(void **state)
{
    (void)state;
    static const idx cuts[] = { 0, 1, 10, 11, 12, 23, 24, 30, 64, 100, 128 };
    static const char *const columns[] = { "none", "key", "logit",
                                           "key window=20" };
    char text[80];
    for (int map = 0; weight_map_name(map); map++)
        for (int i = 0; i < COUNT_OF(columns); i++)
            for (int j = 0; j < COUNT_OF(cuts); j++) {
                snprintf(text, sizeof text, "weights=%s bias=%s",
                         weight_map_name(map), columns[i]);
                check_causal(text, 130, cuts[j]);
            }
}

/* Each visible key counts: doubling the value of key j moves every output at
 * or after j. */
static void test_attention__sees_itself_and_all_before(void **state)
{
    (void)state;
    enum { T = 66, D = 4 };
    struct head_case c, d;
    head_case_open(&c, "weights=softmax", T, D, 0.3);
    head_case_forward(&c);
    for (idx j = 0; j < T; j++) {
        head_case_open(&d, "weights=softmax", T, D, 0.3);
        for (idx i = 0; i < D; i++)
            d.qkv[j * d.ld + 2 * d.part + i] += 100;
        head_case_forward(&d);
        for (idx t = 0; t < T; t++) {
            double move = fabs((double)(d.o[t * d.part] - c.o[t * c.part]));
            assert_true(t < j ? move == 0 : move > 0.1);
        }
        head_case_close(&d);
    }
    head_case_close(&c);
}

/* softmax1, exp(s_j) / (1 + sum exp s): what a key bias with k* = 0 and value
 * 0 is. Golden vector for scores 1, -0.5, 2. */
static void test_attention__zero_key_bias_is_softmax_off_by_one(void **state)
{
    (void)state;
    static const double golden[] = { 0.08536889351, 0.2320567119, 0.0517788513,
                                     0.6307955432 };
    const real keys[] = { 1, (real)-0.5, 2 };
    static const char *const settings[] = { "bias=key", "bias=logit" };
    for (int i = 0; i < COUNT_OF(settings); i++) {
        struct head_case c;
        head_case_open(&c, settings[i], 3, 1, 1);
        c.column[0] = c.column[2] = 0; /* key; score */
        for (idx t = 0; t < 3; t++) {
            c.qkv[t * c.ld] = 1;
            c.qkv[t * c.ld + c.part] = keys[t];
        }
        head_case_forward(&c);
        for (int j = 0; j < 4; j++)
            assert_close((double)c.map[2 * 4 + j], golden[j], 4e-7);
        for (idx t = 0; t < 3; t++) {
            double sum = 1;
            for (idx j = 0; j <= t; j++)
                sum += exp((double)keys[j]);
            assert_close((double)c.map[t * 4], 1 / sum, 1e-6);
        }
        head_case_close(&c);
    }
}

/* Where all tokens are the same, so are all scores: 1/t each, wherever rows
 * sum to one (arXiv 2410.10781, proposition for no position). Stick-breaking
 * breaks the tie by distance; it alone of these has its order of keys. */
static void test_attention__identical_tokens_share_equally(void **state)
{
    (void)state;
    enum { T = 130, D = 6 };
    int n_maps = 0;
    for (int map = 0; weight_map_name(map); map++) {
        struct head_case c;
        char text[80];
        if (!(weight_maps[map]->normalizers >> NORMALIZER_SUM & 1) ||
            weight_maps[map]->has_remainder)
            continue;
        snprintf(text, sizeof text, "weights=%s normalizer=sum",
                 weight_map_name(map));
        head_case_open(&c, text, T, D, 1);
        for (idx t = 0; t < T; t++) /* q = k, so that scores are positive */
            for (idx d = 0; d < D; d++)
                c.qkv[t * c.ld + d] = c.qkv[t * c.ld + c.part + d] = c.qkv[d];
        head_case_forward(&c);
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j <= t; j++)
                assert_close((double)(t + 1) * (double)c.map[t * T + j], 1,
                             1e-5);
        n_maps++;
        head_case_close(&c);
    }
    assert_true(n_maps >= 9);
}

static void
test_attention__extra_column_takes_mass_and_gives_nothing(void **state)
{
    (void)state;
    enum { T = 70, D = 4 };
    struct head_case c;
    head_case_open(&c, "bias=key", T, D, 1);
    for (idx t = 0; t < T; t++)
        c.qkv[t * c.ld] = 1;
    for (idx d = 0; d < D; d++)
        c.column[d] = d == 0 ? 200 : 0;
    head_case_forward(&c);
    for (idx t = 0; t < T; t++) {
        assert_close((double)c.map[t * (T + 1)], 1, 1e-6);
        for (idx d = 0; d < D; d++)
            assert_true(fabs((double)c.o[t * c.part + d]) < 1e-30);
    }
    head_case_close(&c);
}

/* What was in scratch and in the gradients before does not matter, but for
 * those of tensors of the head's own, which add up. */
static void check_backward_writes(const char *settings)
{
    enum { T = 130, D = 5 };
    struct head_case c, again;
    head_case_open(&c, settings, T, D, 1);
    head_case_open(&again, settings, T, D, 1);
    head_case_backward(&again);
    for (idx i = 0; i < T * c.ld; i++)
        c.dqkv[i] = (real)NAN;
    for (idx i = 0; i < T * HEAD_QUERY_LD; i++)
        c.dquery[i] = (real)NAN;
    for (idx i = 0; i < 2 * D + 1; i++)
        c.dcolumn[i] = 1;
    head_case_backward(&c);
    for (idx i = 0; i < T * c.ld; i++)
        assert_int_equal(isnan(c.dqkv[i]) != 0, i % c.part >= D);
    for (idx i = 0; i < 2 * D + 1; i++)
        assert_near((double)c.dcolumn[i], 1 + (double)again.dcolumn[i],
                    6e-8 * T, 1); /* added to 1, a row at a time */
    if (c.weights.map->query_number.name)
        for (idx i = 0; i < T * HEAD_QUERY_LD; i++)
            assert_int_equal(isnan(c.dquery[i]) != 0, i % HEAD_QUERY_LD > 0);
    head_case_close(&c);
    head_case_close(&again);
}

static void test_attention__backward_writes_and_does_not_add(void **state)
{
    (void)state;
    static const char *const columns[] = { "key", "key_value window=20",
                                           "logit prefix=30", "value" };
    char text[80];
    for (int map = 0; weight_map_name(map); map++)
        for (int i = 0; i < COUNT_OF(columns); i++) {
            if (weight_maps[map]->is_causal_only &&
                strstr(columns[i], "prefix"))
                continue;
            snprintf(text, sizeof text, "weights=%s bias=%s",
                     weight_map_name(map), columns[i]);
            check_backward_writes(text);
        }
}

static void test_attention__adds_to_shared_gradients(void **state)
{
    (void)state;
    enum { T = 50, D = 5 };
    struct head_case c, again;
    head_case_open(&c, "bias=key_value window=30", T, D, 1);
    head_case_open(&again, "bias=key_value window=30", T, D, 1);
    head_case_backward(&c);
    head_case_backward(&again);
    struct head head = head_case_head(&again);
    struct head_grads grads = head_case_grads(&again);
    grads.adds_k = grads.adds_v = true;
    attention_backward(&again.at, &grads, again.do_, &head, again.scratch);
    for (idx i = 0; i < T * c.ld; i++) {
        real factor = i % c.ld < c.part ? 1 : 2;
        assert_close((double)again.dqkv[i], (double)(factor * c.dqkv[i]), 1e-5);
    }
    head_case_close(&c);
    head_case_close(&again);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attention__weights_are_optional),
        cmocka_unit_test(test_attention__does_not_see_the_future),
        cmocka_unit_test(test_attention__sees_itself_and_all_before),
        cmocka_unit_test(test_attention__zero_key_bias_is_softmax_off_by_one),
        cmocka_unit_test(test_attention__identical_tokens_share_equally),
        cmocka_unit_test(
            test_attention__extra_column_takes_mass_and_gives_nothing),
        cmocka_unit_test(test_attention__backward_writes_and_does_not_add),
        cmocka_unit_test(test_attention__adds_to_shared_gradients),
    };
    return cmocka_run_group_tests_name("attention", tests, start, NULL);
}
