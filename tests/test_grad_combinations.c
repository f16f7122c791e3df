/* Random legal combinations of all settings, each a tiny whole model: every
 * tensor's gradient along a random direction against differences, 1e-6. A wrong
 * entry anywhere in a tensor shows in its direction. */
#include "combine.h"
#include "gradcheck.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "nn/model/model.h"

enum { COMBINATIONS = 300, V = 6, B = 2 };

struct line {
    struct model m;
    struct acts x;
    struct arena arena;
    real *w, *dw, *at, *direction; /* (table.total) */
    const struct param *p;         /* the tensor that is moved */
    real step;
};

static double along(void *context)
{
    struct line *l = context;
    const struct param *p = l->p;
    for (idx i = p->offset; i < p->offset + p->n; i++)
        l->w[i] = l->at[i] + l->step * l->direction[i];
    double loss = model_forward_loss(&l->m, l->w, &l->x, l->x.B);
    memcpy(l->w + p->offset, l->at + p->offset, (size_t)p->n * sizeof *l->w);
    return loss;
}

static void open_line(struct line *l, const struct combination *c, idx i)
{
    struct err e = { 0 };
    *l = (struct line){ 0 };
    if (model_init(&l->m, &c->model, &c->attention, V, &e))
        fail_msg("%s: %s", c->text, e.text);
    assert_int_equal(acts_open(&l->x, &l->arena, &l->m, B, c->model.context, 1,
                               true, false, &e),
                     OK);
    idx n = l->m.table.total;
    l->w = calloc((size_t)n, sizeof *l->w);
    l->dw = calloc((size_t)n, sizeof *l->dw);
    l->at = calloc((size_t)n, sizeof *l->at);
    l->direction = calloc((size_t)n, sizeof *l->direction);
    params_init(l->w, &l->m.table, INIT_GPT2, c->model.layers, 3);
    double size = 0.3 * sqrt(8 / (double)c->model.width);
    struct rng r = rng_open(4, RNG_TEST, (uint64_t)i, 0);
    for (idx k = 0; k < l->m.table.count; k++) {
        const struct param *p = &l->m.table.rows[k];
        for (idx j = p->offset; j < p->offset + p->n; j++) {
            /* larger than at a start, so that nothing is linear, but not so
             * large that a row has one weight */
            l->w[j] += (real)(size * rng_normal(&r));
            l->direction[j] = (real)rng_normal(&r);
        }
    }
    memcpy(l->at, l->w, (size_t)n * sizeof *l->at);
    for (idx k = 0; k < B * c->model.context; k++) {
        l->x.tokens[k] = (int32_t)rng_below(&r, V);
        l->x.targets[k] = (int32_t)rng_below(&r, V);
    }
}

static void close_line(struct line *l)
{
    free(l->w), free(l->dw), free(l->at), free(l->direction);
    arena_release(&l->arena);
    model_release(&l->m);
}

/* Relative to the size that the derivative would have if no terms cancelled. */
static void check_tensor(struct line *l, const struct param *p,
                         const char *settings)
{
    char what[1200];
    double sum = 0, size = 0;
    for (idx i = p->offset; i < p->offset + p->n; i++) {
        double term = (double)l->dw[i] * (double)l->direction[i];
        sum += term;
        size += term * term;
    }
    real got = (real)sum;
    l->p = p;
    l->step = 0;
    snprintf(what, sizeof what, "%s of %s", p->name, settings);
    check_gradient(what, along, l, &l->step, &got, 1, 1e-6, sqrt(size) + 1e-3);
}

static void check_combination(const struct combination *c, idx i)
{
    struct line l;
    open_line(&l, c, i);
    model_backward_loss(&l.m, l.w, l.dw, &l.x, 1);
    for (idx k = 0; k < l.m.table.count; k++)
        if (l.m.table.rows[k].role != PARAM_STATE)
            check_tensor(&l, &l.m.table.rows[k], c->text);
    close_line(&l);
}

static void test_model__random_combinations_match_differences(void **state)
{
    (void)state;
    static const idx lengths[] = { 7, 1, 13, 4 };
    for (idx i = 0; i < COMBINATIONS; i++) {
        struct combination c;
        combine_random(&c, lengths[i % COUNT_OF(lengths)], i);
        check_combination(&c, i);
    }
}

/* Wider than the panels, strips and vectors that products and rows are worked
 * on in, with ends that fill none of them; heads of more than 64 numbers. */
static void test_model__wide_heads_match_differences(void **state)
{
    (void)state;
    static const char *const wide[][9] = {
        { "model.width=80", "model.heads=1", "model.ffn_width=70" },
        { "model.width=96", "model.heads=1", "model.norm=rmsnorm",
          "model.ffn=swiglu", "model.ffn_width=101", "model.position=rope",
          "model.biases=no", "model.tied_head=no" },
        { "model.width=144", "model.heads=2", "model.ffn=swiglu",
          "attention.bias=key_value", "attention.registers=2" },
        { "model.width=160", "model.heads=2", "attention.kv_heads=1",
          "attention.gate=input", "attention.head_norm=yes" },
        { "model.width=160", "model.heads=2", "attention.weights=sigmoid",
          "attention.normalizer=sum", "attention.conv=3",
          "attention.qk_norm=rms", "model.position=rope" },
        { "model.width=148", "model.heads=2", "attention.weights=softmax1",
          "attention.window=9", "model.position=txl" },
        { "model.width=138", "model.heads=2", "attention.weights=identity",
          "attention.normalizer=sum", "attention.features=elu1",
          "attention.linear_time=yes" },
        { "model.width=132", "model.heads=2",
          "attention.operation=differential" },
        { "model.width=130", "model.heads=2", "attention.operation=flow" },
        { "model.width=134", "model.heads=2", "attention.exclusive=yes",
          "attention.value_gate=yes", "attention.value_residual=learned",
          "attention.context_scale=yes" },
    };
    static const idx lengths[] = { 37, 14, 65 };
    for (idx i = 0; i < COUNT_OF(wide); i++) {
        struct combination c;
        combine_defaults(&c, lengths[i % COUNT_OF(lengths)]);
        for (int j = 0; j < 9 && wide[i][j]; j++)
            combine_set(&c, wide[i][j]);
        check_combination(&c, 1000 + i);
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
        cmocka_unit_test(test_model__random_combinations_match_differences),
        cmocka_unit_test(test_model__wide_heads_match_differences),
    };
    return cmocka_run_group_tests_name("grad_combinations", tests, start, NULL);
}
