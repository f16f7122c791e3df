/* What follows from the formulas of score edits: golden figures, limits, and
 * the propositions on identical tokens. */
#include "edit_cases.h"
#include "harness.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/attention/attention.h"

static const struct edit_setting alibi = { "alibi", POSITION_ALIBI, 0, 0 };
static const struct edit_setting t5_study = { "t5_study", POSITION_T5_STUDY, 0,
                                              0 };
static const struct edit_setting input = { "forget", POSITION_NONE,
                                           FORGET_INPUT, 0 };
static const struct edit_setting fixed = { "decay", POSITION_NONE, FORGET_FIXED,
                                           0 };

static double log_sigmoid(double x)
{
    return x > 0 ? -log1p(exp(-x)) : x - log1p(exp(x));
}

/* --- figures -------------------------------------------------------------- */

static void row_of_zeros(real *s, const struct edit_setting *setting, idx head,
                         idx t)
{
    struct edit_case c;
    struct edit_row row = { t, 0, t + 1 };
    edit_case_open(&c, setting, head, 0, t + 1, 2);
    memset(s, 0, (size_t)(t + 1) * sizeof *s);
    c.edit->forward(s, &row, &c.h);
    edit_case_close(&c);
}

static void test_alibi__slopes(void **state)
{
    (void)state;
    static const double golden[EDIT_HEADS] = { 0.25, 0.0625, 0.015625,
                                               0.00390625 };
    real s[101];
    for (idx head = 0; head < EDIT_HEADS; head++) {
        row_of_zeros(s, &alibi, head, 100);
        for (idx j = 0; j <= 100; j++)
            assert_close((double)s[j], -golden[head] * (double)(100 - j), 0);
    }
}

static void test_t5__buckets(void **state)
{
    (void)state;
    static const idx golden[][2] = {
        { 0, 0 },    { 1, 1 },    { 15, 15 },  { 16, 16 },  { 18, 16 },
        { 20, 17 },  { 40, 23 },  { 64, 26 },  { 112, 30 }, { 113, 31 },
        { 127, 31 }, { 128, 31 }, { 129, 31 }, { 300, 31 },
    };
    real s[301];
    row_of_zeros(s, &t5_study, 0, 300);
    for (int i = 0; i < COUNT_OF(golden); i++)
        assert_true(s[300 - golden[i][0]] == (real)golden[i][1]);
}

/* The study's buckets are a sink by themselves. */
static void test_t5_study__prefers_the_first_token(void **state)
{
    (void)state;
    double first = 0;
    for (idx t = 0; t < 64; t++) {
        real s[64];
        double sum = 0;
        row_of_zeros(s, &t5_study, 0, t);
        for (idx j = 0; j <= t; j++)
            sum += exp((double)s[j]);
        first += exp((double)s[0]) / sum / 64;
    }
    assert_close(first, 0.333958, 1e-6);
}

static void test_decay__starts_forget_within_tau(void **state)
{
    (void)state;
    static const double tau[EDIT_HEADS] = { 4, 25.398417, 161.26989, 1024 };
    const struct score_edit *on[SCORE_EDITS_MAX];
    struct model_options m = edit_model(&fixed, 8, 2);
    struct attention_options a = edit_attention(&fixed);
    assert_int_equal(
        score_edits_of(on, &(struct model_spec){ .model = m, .attention = a }),
        1);
    for (idx head = 0; head < EDIT_HEADS; head++) {
        double b = on[0]->start(head, EDIT_HEADS);
        assert_close(log_sigmoid(b), -1 / tau[head], 3e-8); /* tau's digits */
        real s[65];
        row_of_zeros(s, &fixed, head, 64);
        assert_close((double)s[0], -64 / tau[head], 1e-6);
    }
    assert_close(log_sigmoid(on[0]->start(0, 1)), -1.0 / 64, 1e-12);
}

/* With gates that are wide open nothing happens; with shut ones each query is
 * alone; a sum of thousands does not blur the difference of neighbours. */
static void test_forget__open_and_shut(void **state)
{
    (void)state;
    enum { T = 320 };
    static const double gates[] = { 60, -60 };
    for (int i = 0; i < 2; i++) {
        struct edit_case c;
        real s[T] = { 0 };
        struct edit_row row = { T - 1, 0, T };
        edit_case_open(&c, &input, 0, 0, T, 2);
        for (idx t = 0; t < T; t++)
            c.side[t * EDIT_HEADS] = (real)gates[i];
        c.edit->open(&c.h);
        c.edit->forward(s, &row, &c.h);
        for (idx j = 0; j < T; j++)
            assert_near((double)s[j], i == 0 ? 0 : -60 * (double)(T - 1 - j),
                        1e-7, 1e-16); /* T exp(-60) is 3e-24 */
        edit_case_close(&c);
    }
}

static void test_forget__is_exact_after_long_sums(void **state)
{
    (void)state;
    enum { T = 320 };
    struct edit_case c;
    real s[2] = { 0 };
    struct edit_row row = { T - 1, T - 2, 2 };
    edit_case_open(&c, &input, 0, 0, T, 2);
    for (idx t = 0; t < T; t++)
        c.side[t * EDIT_HEADS] = (real)-1000.3;
    c.side[(T - 1) * EDIT_HEADS] = 3;
    c.edit->open(&c.h);
    c.edit->forward(s, &row, &c.h);
    assert_close(1e3 * (double)s[0], 1e3 * log_sigmoid(3), 1e-6);
    assert_true(s[1] == 0);
    edit_case_close(&c);
}

static void test_cap__bounds_and_leaves_small_scores_alone(void **state)
{
    (void)state;
    static const double caps[] = { 1, 30, 1e6 };
    for (int i = 0; i < COUNT_OF(caps); i++) {
        struct edit_setting s = { "cap", POSITION_NONE, 0, caps[i] };
        struct edit_case c;
        edit_case_open(&c, &s, 0, 0, 1, 1);
        for (double x = 1e-6; x < 1e6; x *= 1.01) {
            real both[2] = { (real)x, (real)-x };
            struct edit_row row = { 1, 0, 2 };
            c.edit->forward(both, &row, &c.h);
            double want = caps[i] * tanh((double)(real)x / caps[i]);
            assert_close((double)both[0] / want, 1, 3e-7);
            assert_true(both[1] == -both[0] && both[0] <= (real)caps[i]);
        }
        edit_case_close(&c);
    }
}

/* --- propositions (arXiv 2410.10781, appendix C) -------------------------- */

/* Identical tokens, learned numbers drawn at random. */
static void weights_of_identical_tokens(real *weights,
                                        const struct edit_setting *s, idx T)
{
    enum { D = 4 };
    struct model_options m = edit_model(s, T, D);
    struct attention_options a = edit_attention(s);
    struct attention at =
        attention_of(&(struct model_spec){ .model = m, .attention = a }, T, D);
    real *qkv = normal_numbers(3 * T * D, 1, 6),
         *o = normal_numbers(T * D, 0, 0);
    real *scratch = normal_numbers(attention_scratch(&at), 1, 7);
    real *side = normal_numbers(T, 0, 0), *learned[SCORE_EDITS_MAX];
    struct head head = { .number = 1,
                         .q = qkv,
                         .k = qkv + D,
                         .v = qkv + 2 * D,
                         .ld_qkv = 3 * D,
                         .ld_o = D };
    for (idx t = 0; t < T; t++) {
        memcpy(qkv + 3 * t * D, qkv, 3 * D * sizeof *qkv);
        side[t] = (real)0.8;
    }
    for (idx i = 0; i < at.n_edits; i++) {
        const struct score_edit *e = at.edits[i];
        idx n = e->n_learned ? e->n_learned(&a, T, D) : 0;
        learned[i] = normal_numbers(n, 1, 8);
        head.edit_learned[i] = n ? learned[i] : NULL;
        head.edit_projected[i] = e->projection.name ? side : NULL;
        head.ld_projected[i] = 1;
    }
    attention_forward(&at, o, &head, weights, scratch);
    for (idx i = 0; i < at.n_edits; i++)
        free(learned[i]);
    free(qkv), free(o), free(scratch), free(side);
}

static void test_identical_tokens__weigh_by_distance_alone(void **state)
{
    (void)state;
    enum { T = 60 };
    static real weights[T * T];
    for (int i = 0; i < n_edit_settings; i++) {
        weights_of_identical_tokens(weights, &edit_settings[i], T);
        const real *last = weights + (T - 1) * T;
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j <= t; j++) {
                double got = (double)(weights[t * T + j] / weights[t * T + t]);
                double want = (double)(last[T - 1 - t + j] / last[T - 1]);
                assert_close(got / want, 1, 1e-5);
            }
    }
}

static void test_identical_tokens__share_equally_without_position(void **state)
{
    (void)state;
    enum { T = 60 };
    static real weights[T * T];
    static const struct edit_setting plain[] = {
        { "none", POSITION_NONE, 0, 0 },
        { "cap", POSITION_NONE, 0, 2 },
    };
    for (int i = 0; i < COUNT_OF(plain); i++) {
        weights_of_identical_tokens(weights, &plain[i], T);
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j <= t; j++)
                assert_close((double)(t + 1) * (double)weights[t * T + j], 1,
                             1e-5);
    }
}

/* Then hidden states are the same at all places, in every block. */
static void test_identical_tokens__stay_identical(void **state)
{
    (void)state;
    enum { T = 30, C = 8, V = 5 };
    for (int i = 0; i < n_edit_settings; i++) {
        struct model_options m = tiny_options("gpt2", 2, C, EDIT_HEADS, T);
        struct attention_options a = edit_attention(&edit_settings[i]);
        struct tiny t;
        m.position = edit_settings[i].position;
        tiny_open(&t, &m, &a, 1, V, 1, 10);
        for (idx j = 0; j < T; j++)
            t.batch.tokens[j] = 3;
        tiny_loss(&t, 1);
        for (idx depth = 0; depth <= 2; depth++) {
            const real *x = acts_hidden(&t.x, &t.m, depth, 0);
            for (idx j = 0; j < T * C; j++)
                assert_close((double)x[j], (double)x[j % C], 2e-5);
        }
        tiny_close(&t);
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
        cmocka_unit_test(test_alibi__slopes),
        cmocka_unit_test(test_t5__buckets),
        cmocka_unit_test(test_t5_study__prefers_the_first_token),
        cmocka_unit_test(test_decay__starts_forget_within_tau),
        cmocka_unit_test(test_forget__open_and_shut),
        cmocka_unit_test(test_forget__is_exact_after_long_sums),
        cmocka_unit_test(test_cap__bounds_and_leaves_small_scores_alone),
        cmocka_unit_test(test_identical_tokens__weigh_by_distance_alone),
        cmocka_unit_test(test_identical_tokens__share_equally_without_position),
        cmocka_unit_test(test_identical_tokens__stay_identical),
    };
    return cmocka_run_group_tests_name("score_edit_facts", tests, start, NULL);
}
