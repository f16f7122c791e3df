/* The same bits for any number of threads: losses, gradients, trained weights,
 * and what a repeated pass gives. */
#include "harness.h"
#include "nn/model/model.h"
#include "tiny.h"

#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "optim/optim.h"

struct shape {
    const char *preset;
    idx L, C, H, B, T, V;
};

/* Ragged tiles; several row tiles; more than one chunk of the head's rows;
 * more tasks a gradient than threads, and a single one; sequences of whole
 * tiles, of which three threads take a part each, and the last is smaller. */
static const struct shape shapes[] = {
    { "gpt2", 2, 48, 3, 5, 70, 50 },   { "llama", 2, 48, 3, 5, 70, 50 },
    { "gpt2", 1, 80, 5, 17, 65, 300 }, { "llama", 1, 80, 5, 17, 65, 300 },
    { "gpt2", 1, 8, 1, 1, 3, 5 },      { "llama", 3, 132, 2, 3, 90, 150 },
    { "gpt2", 2, 48, 3, 11, 64, 50 },  { "llama", 2, 48, 3, 11, 64, 50 },
};
enum { RAGGED = 1, WHOLE_TILES = 7 };

static void open_shape(struct tiny *t, const struct shape *s, int map,
                       int threads)
{
    struct model_options o = tiny_options(s->preset, s->L, s->C, s->H, s->T);
    struct attention_options a = ATTENTION(.weights = map, .bias = BIAS_KEY);
    tiny_open(t, &o, &a, s->B, s->V, threads, 10);
}

static void open_layers(struct tiny *t, const struct shape *s, int threads)
{
    const struct attention_options layers[] = {
        ATTENTION(.window = 20, .gate = GATE_STATIC, .conv = 3),
        ATTENTION(.bias = BIAS_KEY_VALUE, .weights = 1, .head_norm = true),
    };
    struct model_spec spec = {
        .model = tiny_options(s->preset, s->L, s->C, s->H, s->T),
        .layers = layers,
    };
    tiny_open_spec(t, &spec, s->B, s->V, threads, 10);
}

static void check_layers(const struct shape *s)
{
    struct tiny one;
    open_layers(&one, s, 1);
    double loss = tiny_backward(&one, 1);
    for (int threads = 2; threads <= 4; threads++) {
        struct tiny t;
        open_layers(&t, s, threads);
        double again = tiny_backward(&t, 1);
        assert_true(again == loss);
        assert_memory_equal(t.dw, one.dw,
                            (size_t)one.m.table.total * sizeof *one.dw);
        tiny_close(&t);
    }
    tiny_close(&one);
}

/* Layers with windows, columns, maps and stages of their own, one of which
 * crosses tiles. */
static void test_model__threads_change_no_bit_of_unlike_layers(void **state)
{
    (void)state;
    check_layers(&shapes[RAGGED]);
    check_layers(&shapes[WHOLE_TILES]);
}

static void check_threads(const struct shape *s, int map)
{
    struct tiny one;
    open_shape(&one, s, map, 1);
    double loss = tiny_backward(&one, 1);
    size_t bytes = (size_t)one.m.table.total * sizeof *one.dw;
    size_t loss_bytes = (size_t)one.x.M * sizeof *one.x.loss;
    for (int threads = 2; threads <= 4; threads++) {
        struct tiny t;
        open_shape(&t, s, map, threads);
        double again = tiny_backward(&t, 1);
        assert_true(again == loss);
        assert_memory_equal(t.x.loss, one.x.loss, loss_bytes);
        assert_memory_equal(t.dw, one.dw, bytes);
        tiny_close(&t);
    }
    tiny_close(&one);
}

static void test_model__threads_change_no_bit(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(shapes); i++)
        check_threads(&shapes[i], 0);
    for (int map = 1; weight_map_name(map); map += test_is_long() ? 1 : 3)
        check_threads(&shapes[map % 2], map);
}

/* Nothing an earlier pass left behind matters. */
static void test_model__repeated_passes_change_no_bit(void **state)
{
    (void)state;
    struct tiny t, fresh;
    open_shape(&t, &shapes[2], 0, 2);
    open_shape(&fresh, &shapes[2], 0, 2);
    size_t bytes = (size_t)t.m.table.total * sizeof *t.dw;
    tiny_backward(&t, 1);
    for (idx B = 1; B <= 3; B++)
        tiny_loss(&t, B);
    memset(t.dw, 0, bytes);
    double loss = tiny_backward(&t, 1);
    assert_true(loss == tiny_backward(&fresh, 1));
    assert_memory_equal(t.dw, fresh.dw, bytes);
    tiny_close(&t);
    tiny_close(&fresh);
}

static void test_model__gradient_padding_stays_zero(void **state)
{
    (void)state;
    struct tiny t;
    open_shape(&t, &shapes[4], 0, 2);
    tiny_backward(&t, 1);
    idx end = 0, n = 0;
    for (idx i = 0; i < t.m.table.count; i++) {
        const struct param *p = &t.m.table.rows[i];
        for (; end < p->offset; end++, n++)
            assert_true(t.dw[end] == 0);
        end += p->n;
    }
    assert_true(n > 0);
    tiny_close(&t);
}

static void train(struct tiny *t, int threads, idx steps)
{
    struct optim_options o = { 0 };
    struct arena measure = { 0 }, arena = { 0 };
    struct optim s;
    struct err e = { 0 };
    key_defaults(optim_keys, n_optim_keys, &o);
    o.lr = 3e-3;
    optim_plan(&s, &measure, &o, &t->m.table, threads);
    assert_int_equal(arena_open(&arena, measure.used_bytes, &e), OK);
    optim_plan(&s, &arena, &o, &t->m.table, threads);
    for (idx step = 1; step <= steps; step++) {
        tiny_backward(t, 1);
        optim_step(&s, t->w, t->dw, step, o.lr, optim_grad_norm(&s, t->dw));
    }
    arena_release(&arena);
}

static void test_model__trained_weights_do_not_depend_on_threads(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct tiny one, four;
        open_shape(&one, &shapes[i], 0, 1);
        open_shape(&four, &shapes[i], 0, 4);
        train(&one, 1, 10);
        train(&four, 4, 10);
        assert_memory_equal(one.w, four.w,
                            (size_t)one.m.table.total * sizeof *one.w);
        tiny_close(&one);
        tiny_close(&four);
    }
}

static int start(void **state)
{
    (void)state;
    return gemm_start(4, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__threads_change_no_bit),
        cmocka_unit_test(test_model__threads_change_no_bit_of_unlike_layers),
        cmocka_unit_test(test_model__repeated_passes_change_no_bit),
        cmocka_unit_test(test_model__gradient_padding_stays_zero),
        cmocka_unit_test(test_model__trained_weights_do_not_depend_on_threads),
    };
    return cmocka_run_group_tests_name("model_threads", tests, start, NULL);
}
