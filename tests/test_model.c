/* Whole models: what loss and observers say. Gradients are proven by
 * test_grad_model.c, thread counts by test_model_threads.c. */
#include "gradcheck.h"
#include "harness.h"
#include "nn/model/model.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "nn/model/stage.h"
#include "optim/optim.h"

static const char *const presets[] = { "gpt2", "llama" };

static struct attention_options softmax; /* main sets it */

static void test_model__first_loss_is_about_log_v(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(presets); i++) {
        struct model_options o = tiny_options(presets[i], 3, 64, 4, 32);
        struct tiny t;
        tiny_open(&t, &o, &softmax, 8, 200, 2, 1);
        double loss = tiny_loss(&t, 8);
        assert_close(loss, log(200), 0.01);
        tiny_close(&t);
    }
}

static void test_model__loss_is_the_mean_over_its_tokens(void **state)
{
    (void)state;
    struct model_options o = tiny_options("gpt2", 1, 16, 2, 20);
    struct tiny t;
    tiny_open(&t, &o, &softmax, 4, 11, 2, 20);
    for (idx B = 1; B <= 4; B++) {
        double sum = 0, loss = tiny_loss(&t, B);
        for (idx r = 0; r < B * 20; r++)
            sum += (double)t.x.loss[r];
        assert_close(loss, sum / (double)(B * 20), 1e-12);
    }
    double whole = tiny_loss(&t, 4);
    assert_close(tiny_backward(&t, 2), whole, 1e-6);
    tiny_close(&t);
}

/* Registers and targets that their query sees have no loss, all others have,
 * and the mean is over these. */
static void test_model__scores_what_no_query_has_seen(void **state)
{
    (void)state;
    enum { T = 20, B = 3 };
    static const struct {
        idx registers, prefix, unscored;
    } cases[] = {
        { 0, 0, 0 }, { 2, 0, 0 }, { 0, 1, 0 },
        { 0, 6, 5 }, { 3, 6, 5 }, { 1, T, T - 1 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct model_options o = tiny_options("gpt2", 1, 16, 2, T);
        struct attention_options a = ATTENTION(.registers = cases[i].registers,
                                               .prefix = cases[i].prefix);
        idx R = cases[i].registers, S = R + T;
        double sum = 0;
        struct tiny t;
        tiny_open(&t, &o, &a, B, 11, 2, 20);
        double loss = tiny_loss(&t, B);
        for (idx r = 0; r < B * S; r++) {
            bool is_scored = r % S >= R + cases[i].unscored;
            assert_int_equal(t.x.loss[r] > 0, is_scored);
            assert_true(is_scored || t.x.loss[r] == 0);
            sum += (double)t.x.loss[r];
        }
        assert_close(loss, sum / (double)(B * (T - cases[i].unscored)), 1e-12);
        tiny_close(&t);
    }
}

/* A sequence's losses alone and among others: equal up to the order in which
 * products of another shape add. */
static void test_model__sequences_do_not_see_each_other(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(presets); i++) {
        struct model_options o = tiny_options(presets[i], 2, 32, 4, 70);
        struct attention_options a = ATTENTION(.bias = BIAS_KEY);
        struct tiny all, one;
        tiny_open(&all, &o, &a, 17, 50, 2, 10);
        tiny_open(&one, &o, &a, 1, 50, 1, 10);
        tiny_loss(&all, 17);
        for (idx b = 0; b < 17; b++) {
            size_t bytes = 70 * sizeof *one.batch.tokens;
            memcpy(one.batch.tokens, all.batch.tokens + b * 70, bytes);
            memcpy(one.batch.targets, all.batch.targets + b * 70, bytes);
            tiny_loss(&one, 1);
            for (idx t = 0; t < 70; t++)
                assert_close((double)one.x.loss[t],
                             (double)all.x.loss[b * 70 + t], 2e-5);
        }
        tiny_close(&all);
        tiny_close(&one);
    }
}

static void test_model__future_tokens_change_no_earlier_loss(void **state)
{
    (void)state;
    enum { T = 70, B = 2, CUT = 40 };
    for (int map = 0; weight_map_name(map); map++) {
        for (int i = 0; i < COUNT_OF(presets); i++) {
            struct model_options o = tiny_options(presets[i], 2, 16, 2, T);
            struct attention_options a =
                ATTENTION(.weights = map, .bias = BIAS_KEY);
            struct tiny t;
            real before[B * T];
            tiny_open(&t, &o, &a, B, 9, 2, 10);
            tiny_loss(&t, B);
            memcpy(before, t.x.loss, sizeof before);
            for (idx j = CUT; j < T; j++)
                t.batch.tokens[j] = (t.batch.tokens[j] + 1) % 9;
            tiny_loss(&t, B);
            assert_memory_equal(t.x.loss, before, CUT * sizeof *before);
            assert_memory_equal(t.x.loss + T, before + T, T * sizeof *before);
            for (idx j = CUT; j < T; j++)
                assert_true(t.x.loss[j] != before[j]);
            tiny_close(&t);
        }
    }
}

static const struct param *find_row(const struct model *m, const char *format,
                                    idx l)
{
    char name[PARAM_NAME_MAX];
    snprintf(name, sizeof name, "block.%td.", l);
    size_t n = strlen(name);
    snprintf(name + n, sizeof name - n, "%s", format);
    for (idx i = 0; i < m->table.count; i++)
        if (strcmp(m->table.rows[i].name, name) == 0)
            return &m->table.rows[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

/* Mean of affine's factor over all rows of the batch, from its definition and
 * what the block projected. */
static double naive_mean_alpha(const struct tiny *t, idx l, idx h)
{
    const real *z = t->x.blocks[l].projected[t->m.blocks[l].of_map] + h;
    double sum = 0;
    for (idx r = 0; r < t->x.M; r++) {
        double alpha = 0.1 * (double)z[r * t->m.H] + 0.5;
        sum += fmin(fmax(alpha, 0), 1);
    }
    return sum / (double)t->x.M;
}

/* What affine's running mean is to move towards: the mean over every row of an
 * update, registers and rows behind a prefix among them, however the update
 * is divided up. */
static void check_mean_alpha(idx B, idx T, idx registers, idx prefix)
{
    struct attention_options a =
        ATTENTION(.registers = registers, .prefix = prefix);
    struct model_options o = tiny_options("gpt2", 2, 16, 2, T);
    struct tiny t;
    while (strcmp(weight_map_name(a.weights), "affine") != 0)
        a.weights++;
    tiny_open(&t, &o, &a, B, 9, 2, 40);
    idx M = t.x.M;
    double bound = 6e-8 * (double)(M + 30); /* of so many sums in float */
    for (int parts = 1; parts <= 2; parts++) {
        memset(t.dw, 0, (size_t)t.m.table.total * sizeof *t.dw);
        for (int i = 0; i < parts; i++)
            tiny_backward(&t, parts);
        for (idx l = 0; l < 2; l++) {
            const struct param *p = find_row(&t.m, "attention.mean_alpha", l);
            assert_int_equal(p->n, 2);
            assert_true(p->role == PARAM_STATE);
            for (idx h = 0; h < 2; h++) {
                double want = naive_mean_alpha(&t, l, h);
                assert_true(want > 0.05 && want < 0.95);
                assert_close((double)t.dw[p->offset + h] / want, 1, bound);
            }
        }
    }
    tiny_close(&t);
}

static void test_model__affine_follows_the_mean_over_all_rows(void **state)
{
    (void)state;
    check_mean_alpha(1, 1, 0, 0);
    check_mean_alpha(3, 13, 0, 0);
    check_mean_alpha(17, 70, 0, 0);
    check_mean_alpha(5, 30, 3, 0);
    check_mean_alpha(4, 20, 0, 6);
}

/* 6 per number in a product: each block's four (five if gated) matrices and
 * the head; 6 L T C for scores and mixing under a causal mask. */
static void test_model__flops_count_products_and_attention(void **state)
{
    (void)state;
    const double L = 3, C = 64, V = 100, F = 160, T = 32;
    struct attention_options a = ATTENTION(.bias = BIAS_KEY);
    for (int i = 0; i < COUNT_OF(presets); i++) {
        struct model_options o = tiny_options(presets[i], 3, 64, 4, 32);
        struct model m = { 0 };
        struct err e = { 0 };
        o.ffn_width = 160;
        assert_int_equal(
            model_init(&m, &(struct model_spec){ .model = o, .attention = a },
                       100, &e),
            OK);
        double ffn = (i == 0 ? 2 : 3) * C * F;
        double products = L * (4 * C * C + ffn) + V * C;
        assert_close(model_flops_per_token(&m, 32),
                     6 * products + 6 * L * T * C, 1e-12);
        assert_close(model_flops_per_token(&m, 16),
                     6 * products + 3 * L * T * C, 1e-12);
        model_release(&m);
    }
}

static size_t planned_bytes(int norm, bool is_training)
{
    struct model_options o = tiny_options("gpt2", 3, 64, 4, 32);
    struct model m = { 0 };
    struct acts x;
    struct arena measure = { 0 };
    struct err e = { 0 };
    const struct acts_request r = {
        .B = 2, .T = 32, .threads = 1, .is_training = is_training
    };
    o.norm = norm;
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = o, .attention = softmax },
                   100, &e),
        OK);
    acts_plan(&x, &measure, &m, &r);
    model_release(&m);
    return measure.used_bytes;
}

static void test_model__norms_without_a_shift_plan_none(void **state)
{
    (void)state;
    const idx tiles = 1, C = 64;
    assert_int_equal(planned_bytes(NORM_LAYER, false),
                     planned_bytes(NORM_RMS, false));
    assert_int_equal(planned_bytes(NORM_LAYER, true) -
                         planned_bytes(NORM_RMS, true),
                     (size_t)(NORM_SLOTS * tiles * C) * sizeof(real));
}

/* AdamW on one batch until the loss is below the bound, for `steps` at most;
 * its sequences begin with different tokens, so that nothing in it is a matter
 * of chance. Returns the last loss. */
static double overfit(struct tiny *t, double bound, idx steps)
{
    struct optim_options o = { 0 };
    struct arena measure = { 0 }, arena = { 0 };
    struct optim s;
    struct err e = { 0 };
    double loss = INFINITY;
    key_defaults(optim_keys, n_optim_keys, &o);
    o.lr = 3e-3;
    o.weight_decay = 0;
    optim_plan(&s, &measure, &o, &t->m.table, 1);
    assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
    optim_plan(&s, &arena, &o, &t->m.table, 1);
    for (idx b = 0; b < t->x.B; b++)
        t->batch.tokens[b * t->x.T] = (int32_t)b;
    for (idx step = 1; step <= steps && !(loss < bound); step++) {
        loss = tiny_backward(t, 1);
        optim_step(&s, t->w, t->dw, step, o.lr, optim_grad_norm(&s, t->dw));
    }
    arena_release(&arena);
    return loss;
}

/* log(2) / M is the largest mean loss of M tokens that says each of them was
 * learnt: with it none can have a probability below 1/2. At this rate all maps
 * go there without detours, in 40 to 130 steps whatever the rounding. */
static void test_model__overfits_one_batch(void **state)
{
    (void)state;
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            for (int i = 0; i < COUNT_OF(presets); i++) {
                struct model_options o = tiny_options(presets[i], 1, 32, 2, 16);
                struct attention_options a =
                    ATTENTION(.weights = map, .bias = bias);
                if (!test_is_long() && (bias + i + map) % 2)
                    continue; /* each map with both, and each preset */
                /* Its threshold is one for cosines; the usual one hides so
                 * many keys that a token may see none but itself, and what
                 * gets no weight gets no gradient that could change it */
                if (strcmp(weight_map_name(map), "threshold_relu") == 0) {
                    a.qk_norm = QK_NORM_UNIT;
                    a.threshold_beta = 0.1;
                }
                struct tiny t;
                tiny_open(&t, &o, &a, 4, 20, 1, 1);
                double bound = log(2) / (double)t.x.M;
                double loss = overfit(&t, bound, 500);
                if (!(loss < bound))
                    fail_msg("%s, %s, bias %d: loss %g", presets[i],
                             weight_map_name(map), bias, loss);
                tiny_close(&t);
            }
        }
    }
}

static void test_model__refuses_impossible_options(void **state)
{
    (void)state;
    struct model_options o = tiny_options("gpt2", 1, 30, 4, 8);
    struct model m = { 0 };
    struct err e = { 0 };
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = o, .attention = softmax },
                   10, &e),
        ERR_CONFIG);
    assert_non_null(strstr(e.text, "30"));
    assert_non_null(strstr(e.text, "heads"));
    model_release(&m);
    o = tiny_options("llama", 1, 12, 4, 8); /* head width 3 */
    e = (struct err){ 0 };
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = o, .attention = softmax },
                   10, &e),
        ERR_CONFIG);
    assert_non_null(strstr(e.text, "rope"));
    model_release(&m);
    struct attention_options a = ATTENTION(.normalizer = NORMALIZER_LENGTH);
    o = tiny_options("gpt2", 1, 12, 4, 8);
    e = (struct err){ 0 };
    assert_int_equal(
        model_init(&m, &(struct model_spec){ .model = o, .attention = a }, 10,
                   &e),
        ERR_CONFIG);
    assert_non_null(strstr(e.text, "normalizer"));
    model_release(&m);
}

/* Like layers given one by one are the model without; unlike ones are refused
 * where all must agree, and nowhere else. */
static void test_model__layers_may_have_settings_of_their_own(void **state)
{
    (void)state;
    struct attention_options layers[2] = { softmax, softmax };
    struct model_spec spec = { .model = tiny_options("gpt2", 2, 16, 2, 12),
                               .attention = softmax };
    struct tiny alike, given;
    tiny_open_spec(&alike, &spec, 3, 11, 1, 20);
    spec.layers = layers;
    tiny_open_spec(&given, &spec, 3, 11, 1, 20);
    assert_true(tiny_loss(&alike, 3) == tiny_loss(&given, 3));
    tiny_close(&alike);
    tiny_close(&given);
    const struct attention_options apart[] = {
        ATTENTION(.registers = 1),
        ATTENTION(.prefix = 2),
        ATTENTION(.kv_heads = 1),
        ATTENTION(.operation = OPERATION_DIFFERENTIAL),
        ATTENTION(.value_residual = VALUE_RESIDUAL_FIXED),
    };
    for (int i = 0; i <= COUNT_OF(apart); i++) {
        struct model m = { 0 };
        struct err e = { 0 };
        layers[1] = i < COUNT_OF(apart) ? apart[i] : softmax;
        layers[1].window = 5;
        assert_int_equal(model_init(&m, &spec, 10, &e),
                         i < COUNT_OF(apart) ? ERR_CONFIG : OK);
        assert_true(!e.code || strstr(e.text, "layers 0 and 1"));
        model_release(&m);
    }
}

/* What a list of layers says is what layers say one by one. */
static void test_model__window_layers_are_settings_of_layers(void **state)
{
    (void)state;
    struct attention_options all = softmax, layers[3];
    all.window = 3;
    for (idx l = 0; l < 3; l++) {
        layers[l] = softmax;
        layers[l].window = l == 1 ? 0 : 3;
    }
    struct model_spec spec = { .model = tiny_options("gpt2", 3, 16, 2, 12),
                               .attention = all };
    struct tiny everywhere, named, given;
    tiny_open_spec(&everywhere, &spec, 3, 11, 1, 20);
    spec.attention.window_layers = (struct key_list){ 2, { 0, 2 } };
    tiny_open_spec(&named, &spec, 3, 11, 1, 20);
    spec.layers = layers;
    tiny_open_spec(&given, &spec, 3, 11, 1, 20);
    assert_true(tiny_loss(&named, 3) == tiny_loss(&given, 3));
    assert_true(tiny_loss(&named, 3) != tiny_loss(&everywhere, 3));
    tiny_close(&everywhere);
    tiny_close(&named);
    tiny_close(&given);
}

static void
test_model__default_ffn_width_is_a_multiple_of_the_width(void **state)
{
    (void)state;
    struct model_options o = tiny_options("gpt2", 1, 64, 1, 8);
    assert_int_equal(model_ffn_width(&o), 256);
    o = tiny_options("llama", 1, 64, 1, 8);
    assert_int_equal(model_ffn_width(&o), 192); /* 170.7, up to 32s */
    o.width = 768;
    assert_int_equal(model_ffn_width(&o), 2048);
    o.ffn_width = 1536;
    assert_int_equal(model_ffn_width(&o), 1536);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    softmax = ATTENTION();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__first_loss_is_about_log_v),
        cmocka_unit_test(test_model__loss_is_the_mean_over_its_tokens),
        cmocka_unit_test(test_model__scores_what_no_query_has_seen),
        cmocka_unit_test(test_model__sequences_do_not_see_each_other),
        cmocka_unit_test(test_model__future_tokens_change_no_earlier_loss),
        cmocka_unit_test(test_model__flops_count_products_and_attention),
        cmocka_unit_test(test_model__norms_without_a_shift_plan_none),
        cmocka_unit_test(test_model__affine_follows_the_mean_over_all_rows),
        cmocka_unit_test(test_model__overfits_one_batch),
        cmocka_unit_test(test_model__refuses_impossible_options),
        cmocka_unit_test(test_model__layers_may_have_settings_of_their_own),
        cmocka_unit_test(test_model__window_layers_are_settings_of_layers),
        cmocka_unit_test(
            test_model__default_ffn_width_is_a_multiple_of_the_width),
    };
    return cmocka_run_group_tests_name("model", tests, start, NULL);
}
