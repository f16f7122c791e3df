/* Random legal combinations of all settings, each a tiny whole model: every
 * tensor's gradient along a random direction against differences, 1e-6. A wrong
 * entry anywhere in a tensor shows in its direction. */
#include "combine.h"
#include "gradwalk.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "nn/model/model.h"

enum { COMBINATIONS = 300, V = 6, B = 2, DIRECTION_MAX = 1 << 20 };

static void open_combination(struct tiny *t, const struct combination *c,
                             real *direction, idx i)
{
    const struct model_options *o = &c->spec.model;
    tiny_open_spec(t, &c->spec, B, V, 1, 1);
    params_init(t->w, &t->m.table, INIT_GPT2, o->layers, 3);
    double size = 0.3 * sqrt(8 / (double)o->width);
    struct rng r = rng_open(4, RNG_TEST, (uint64_t)i, 0);
    for (idx k = 0; k < t->m.table.count; k++) {
        const struct param *p = &t->m.table.rows[k];
        for (idx j = p->offset; j < p->offset + p->n; j++) {
            /* larger than at a start, so that nothing is linear, but not so
             * large that a row has one weight */
            t->w[j] += (real)(size * rng_normal(&r));
            direction[j] = (real)rng_normal(&r);
        }
    }
    for (idx k = 0; k < B * o->context; k++) {
        t->batch.tokens[k] = (int32_t)rng_below(&r, V);
        t->batch.targets[k] = (int32_t)rng_below(&r, V);
    }
    batch_mark(&t->batch);
}

/* How many tensors are wrong, and which. */
static idx walk(const struct combination *c, idx i, char failed[WALK_TEXT_MAX])
{
    struct tiny t;
    real *direction = calloc(DIRECTION_MAX, sizeof *direction);
    assert_non_null(direction);
    open_combination(&t, c, direction, i);
    assert_true(t.m.table.total <= DIRECTION_MAX);
    tiny_backward(&t, 1);
    idx n = walk_directions(&t, direction, failed);
    tiny_close(&t);
    free(direction);
    return n;
}

static bool is_wrong(const struct combination *c, void *context)
{
    char failed[WALK_TEXT_MAX];
    return walk(c, *(idx *)context, failed) > 0;
}

static void check_combination(const struct combination *c, idx i)
{
    char failed[WALK_TEXT_MAX];
    if (!walk(c, i, failed))
        return;
    struct combination fewest = *c;
    if (!c->spec.layers)
        combine_shrink(&fewest, is_wrong, &i);
    walk(&fewest, i, failed);
    char what[2 * sizeof c->text + 100];
    snprintf(what, sizeof what,
             "combination %td, T %td: [%s] is enough, of [%s]", i,
             c->spec.model.context, fewest.text, c->text);
    walk_fail(what, failed);
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
        { "model.width=90", "model.heads=2", "model.head_width=70",
          "model.position=rope", "model.rope_part=0.4", "model.parallel=yes",
          "attention.gate=input", "attention.kv_heads=1" },
        { "model.width=70", "model.heads=2", "model.head_width=24",
          "model.parallel=yes", "model.norm_place=sandwich",
          "attention.operation=differential" },
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

/* Layers that are not alike: what one has, the other lacks, so that nothing
 * can be read from the wrong one. */
static void test_model__layers_of_their_own_match_differences(void **state)
{
    (void)state;
    static const char *const pairs[][2][4] = {
        { { "attention.window=3" }, { "attention.bias=key" } },
        { { "attention.bias=key_value", "attention.gate=input" },
          { "attention.weights=sigmoid", "attention.forget=input" } },
        { { "attention.conv=3", "attention.qk_norm=rms" },
          { "attention.soft_cap=2", "attention.gate=static" } },
        { { "attention.combine=add" }, { "attention.head_norm=yes" } },
        { { "attention.exclusive=yes" },
          { "attention.value_gate=yes", "attention.context_scale=yes" } },
        { { "attention.bias=key", "attention.bias_value=uniform" },
          { "attention.bias=key", "attention.bias_value=first",
            "attention.bias_value_scale=3" } },
        { { "attention.weights=identity", "attention.features=elu1",
            "attention.linear_time=yes" },
          { "attention.weights=affine", "attention.group=3",
            "attention.forget=learned" } },
        { { "attention.weights=elastic", "attention.bias=logit" },
          { "attention.features=mlp", "attention.window=2" } },
    };
    static const idx lengths[] = { 7, 13, 4 };
    for (idx i = 0; i < 2 * COUNT_OF(pairs); i++) {
        struct combination c[2];
        struct attention_options layers[2];
        for (int l = 0; l < 2; l++) {
            const char *const *settings = pairs[i / 2][(l + i) % 2];
            combine_defaults(&c[l], lengths[i % COUNT_OF(lengths)]);
            for (int j = 0; j < 4 && settings[j]; j++)
                combine_set(&c[l], settings[j]);
            layers[l] = c[l].spec.attention;
        }
        size_t n = strlen(c[0].text);
        snprintf(c[0].text + n, sizeof c[0].text - n, "; then %s", c[1].text);
        c[0].spec.layers = layers;
        check_combination(&c[0], 2000 + i);
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
        cmocka_unit_test(test_model__random_combinations_match_differences),
        cmocka_unit_test(test_model__wide_heads_match_differences),
        cmocka_unit_test(test_model__layers_of_their_own_match_differences),
    };
    return cmocka_run_group_tests_name("grad_combinations", tests, start, NULL);
}
