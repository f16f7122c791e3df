/* Attentions that are one another in disguise: whole models give one loss. */
#include "combine.h"
#include "tiny.h"
#include "harness.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "nn/model/model.h"

enum { V = 11, B = 3, T = 9 };

struct built {
    struct combination c;
    struct model m;
    struct acts x;
    struct batch batch;
    struct arena arena, tokens;
    real *w;
};

/* A model with the settings (blank between them), weights of init and tokens
 * that are the same for all. */
static void build(struct built *b, const char *settings)
{
    struct err e = { 0 };
    char copy[512], *rest = copy;
    const struct acts_request room = {
        .B = B, .T = T, .threads = 1, .reads = TAP_BIT(TAP_WEIGHTS)
    };
    *b = (struct built){ 0 };
    combine_defaults(&b->c, T);
    snprintf(copy, sizeof copy, "%s", settings);
    for (char *s; (s = strtok_r(rest, " ", &rest));)
        combine_set(&b->c, s);
    if (model_init(&b->m, &b->c.spec, V, &e))
        fail_msg("%s: %s", settings, e.text);
    assert_int_equal(acts_open(&b->x, &b->arena, &b->m, &room, &e), OK);
    b->w = calloc((size_t)b->m.table.total, sizeof *b->w);
    params_init(b->w, &b->m.table, INIT_STUDY, b->c.spec.model.layers, 5);
    struct arena measure = { 0 };
    struct batch_rules rules = model_batch_rules(&b->m, T);
    batch_plan(&b->batch, &measure, B, T, &rules);
    assert_int_equal(arena_open(&b->tokens, measure.used_bytes, &e), OK);
    batch_plan(&b->batch, &b->tokens, B, T, &rules);
    struct rng r = rng_open(6, RNG_TEST, 0, 0);
    for (idx i = 0; i < B * T; i++) {
        b->batch.tokens[i] = (int32_t)rng_below(&r, V - 1); /* one is free */
        b->batch.targets[i] = (int32_t)rng_below(&r, V);
        b->batch.weights[i] = 1;
    }
    batch_mark(&b->batch);
}

static void drop(struct built *b)
{
    free(b->w);
    arena_release(&b->arena);
    arena_release(&b->tokens);
    model_release(&b->m);
}

static const struct param *find(const struct built *b, const char *name)
{
    for (idx i = 0; i < b->m.table.count; i++)
        if (strcmp(b->m.table.rows[i].name, name) == 0)
            return &b->m.table.rows[i];
    return NULL;
}

/* Every tensor that both have, from one to the other. */
static void copy_weights(struct built *to, const struct built *from)
{
    for (idx i = 0; i < to->m.table.count; i++) {
        const struct param *p = &to->m.table.rows[i];
        const struct param *q = find(from, p->name);
        if (q)
            memcpy(to->w + p->offset, from->w + q->offset,
                   (size_t)p->n * sizeof *to->w);
    }
}

static void set_all(struct built *b, const char *suffix, double value)
{
    idx found = 0;
    for (idx i = 0; i < b->m.table.count; i++) {
        const struct param *p = &b->m.table.rows[i];
        if (!strstr(p->name, suffix))
            continue;
        found++;
        for (idx j = 0; j < p->n; j++)
            b->w[p->offset + j] = (real)value;
    }
    assert_true(found > 0);
}

static double loss(struct built *b)
{
    return model_forward_loss(&b->m, b->w, &b->x, &b->batch, NULL)
        .cross_entropy;
}

static void assert_same(struct built *a, struct built *b)
{
    assert_close(loss(a), loss(b), 2e-6);
    drop(a);
    drop(b);
}

static void test_equivalences__softmax1_is_a_column_of_score_0(void **state)
{
    (void)state;
    static const char *const columns[] = { "attention.bias=logit",
                                           "attention.bias=key" };
    for (int i = 0; i < COUNT_OF(columns); i++) {
        struct built one, column;
        build(&one, "attention.weights=softmax1");
        build(&column, columns[i]);
        copy_weights(&column, &one);
        set_all(&column, "attention.column", 0);
        assert_same(&one, &column);
    }
}

static void test_equivalences__a_column_of_no_weight_is_none(void **state)
{
    (void)state;
    struct built plain, logit;
    build(&plain, "");
    build(&logit, "attention.bias=logit");
    copy_weights(&logit, &plain);
    set_all(&logit, "column_score", -60);
    assert_same(&plain, &logit);
}

static void test_equivalences__fixed_value_0_is_the_key_bias(void **state)
{
    (void)state;
    struct built key, fixed;
    build(&key, "attention.bias=key_value");
    build(&fixed, "attention.bias=key attention.bias_value=first "
                  "attention.bias_value_scale=2");
    copy_weights(&fixed, &key);
    for (idx l = 0; l < 2; l++) { /* the learned value made the fixed one */
        char name[64];
        snprintf(name, sizeof name, "block.%td.attention.column_value", l);
        const struct param *p = find(&key, name);
        for (idx j = 0; j < p->n; j++)
            key.w[p->offset + j] = j % p->shape[1] == 0 ? 2 : 0;
    }
    assert_same(&key, &fixed);
}

/* One block without positions: the token in front is a key and a value that
 * all queries see, made by the block's own matrices (arXiv 2410.10781). */
static void test_equivalences__a_sink_token_is_a_key_value_bias(void **state)
{
    (void)state;
    struct built token, bias;
    build(&token, "model.layers=1 model.position=none attention.registers=1");
    build(&bias, "model.layers=1 model.position=none "
                 "attention.bias=key_value");
    loss(&token); /* the register's row of queries, keys and values */
    copy_weights(&bias, &token);
    const real *row = token.x.blocks[0].qkv;
    const struct param *key = find(&bias, "block.0.attention.column_key");
    const struct param *value = find(&bias, "block.0.attention.column_value");
    idx D = token.m.D;
    for (idx h = 0; h < token.m.H; h++) {
        memcpy(bias.w + key->offset + h * D, row + model_k(&token.m, h),
               (size_t)D * sizeof *row);
        memcpy(bias.w + value->offset + h * D, row + model_v(&token.m, h),
               (size_t)D * sizeof *row);
    }
    assert_same(&token, &bias);
}

/* Shared keys and values are equal keys and values. */
static void test_equivalences__grouped_heads_are_equal_heads(void **state)
{
    (void)state;
    struct built grouped, plain;
    build(&grouped, "model.heads=4 attention.kv_heads=2 model.biases=no");
    build(&plain, "model.heads=4 model.biases=no");
    copy_weights(&plain, &grouped);
    idx D = plain.m.D, C = plain.m.C;
    for (idx l = 0; l < 2; l++) {
        const real *from = grouped.w + grouped.m.blocks[l].qkv_w;
        real *to = plain.w + plain.m.blocks[l].qkv_w;
        size_t head = (size_t)(D * C) * sizeof *to;
        for (idx h = 0; h < 4; h++) {
            memcpy(to + model_q(&plain.m, h) * C,
                   from + model_q(&grouped.m, h) * C, head);
            memcpy(to + model_k(&plain.m, h) * C,
                   from + model_k(&grouped.m, h) * C, head);
            memcpy(to + model_v(&plain.m, h) * C,
                   from + model_v(&grouped.m, h) * C, head);
        }
    }
    assert_same(&grouped, &plain);
}

/* Settings that ask for what is there anyway. */
static void test_equivalences__masks_as_wide_as_the_context(void **state)
{
    (void)state;
    static const char *const wide[] = {
        "attention.window=9",         "attention.prefix=1",
        "attention.group=9",          "attention.document_token=10",
        "attention.documents=within", "attention.kv_heads=2",
        "attention.scale=1",          "attention.soft_cap=1e6"
    };
    for (int i = 0; i < COUNT_OF(wide); i++) {
        struct built plain, other;
        build(&plain, "");
        build(&other, wide[i]);
        assert_same(&plain, &other);
    }
}

/* (T,1+T) weights of one head of each model. */
struct kept {
    real *weights;
    idx n;
};

static void keep(void *context, const struct head_view *v)
{
    struct kept *k = context;
    idx row = v->n_extra + v->T, each = v->T * row;
    idx at = ((v->layer * B + v->sequence) * 2 + v->head) * each;
    memcpy(k->weights + at, v->weights, (size_t)each * sizeof *k->weights);
}

/* In the first block; in later ones it changes what they read. */
static void test_equivalences__a_value_bias_changes_no_weight(void **state)
{
    (void)state;
    static real weights[2][B * 2 * T * T];
    static const char *const settings[] = {
        "model.layers=1", "model.layers=1 attention.bias=value"
    };
    struct built b[2];
    for (int i = 0; i < 2; i++) {
        struct kept k = { weights[i], 0 };
        struct observer observer = tiny_observer(keep, &k);
        build(&b[i], settings[i]);
        if (i)
            copy_weights(&b[1], &b[0]);
        model_observe(&b[i].m, b[i].w, &b[i].x, &b[i].batch, &observer, NULL);
    }
    assert_memory_equal(weights[0], weights[1], sizeof weights[0]);
    assert_true(fabs(loss(&b[0]) - loss(&b[1])) > 1e-6);
    drop(&b[0]);
    drop(&b[1]);
}

/* What metrics see, too: what goes nowhere is the column's. */
static void check_seen(const char *one, const char *other)
{
    static real weights[2][B * 2 * T * (T + 1)];
    const char *settings[2] = { one, other };
    struct built b[2];
    for (int i = 0; i < 2; i++) {
        struct kept k = { weights[i], 0 };
        struct observer observer = tiny_observer(keep, &k);
        memset(weights[i], 0, sizeof weights[i]);
        build(&b[i], settings[i]);
        if (i) {
            copy_weights(&b[1], &b[0]);
            set_all(&b[1], "column_score", 0);
        }
        assert_true(model_shows_extra(&b[i].m, 0));
        model_observe(&b[i].m, b[i].w, &b[i].x, &b[i].batch, &observer, NULL);
    }
    for (idx i = 0; i < COUNT_OF(weights[0]); i++)
        assert_close((double)(1 + weights[0][i]), (double)(1 + weights[1][i]),
                     2e-6);
    drop(&b[0]);
    drop(&b[1]);
}

static void test_equivalences__remainders_are_seen_as_columns(void **state)
{
    (void)state;
    check_seen("model.layers=1 attention.weights=softmax1",
               "model.layers=1 attention.bias=logit");
    check_seen("model.layers=1 attention.weights=softmax1 attention.scale=0.7",
               "model.layers=1 attention.bias=logit attention.scale=0.7");
    check_seen("model.layers=1 attention.weights=softmax1 "
               "attention.operation=differential",
               "model.layers=1 attention.bias=logit "
               "attention.operation=differential");
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equivalences__softmax1_is_a_column_of_score_0),
        cmocka_unit_test(test_equivalences__a_column_of_no_weight_is_none),
        cmocka_unit_test(test_equivalences__fixed_value_0_is_the_key_bias),
        cmocka_unit_test(test_equivalences__a_sink_token_is_a_key_value_bias),
        cmocka_unit_test(test_equivalences__grouped_heads_are_equal_heads),
        cmocka_unit_test(test_equivalences__masks_as_wide_as_the_context),
        cmocka_unit_test(test_equivalences__a_value_bias_changes_no_weight),
        cmocka_unit_test(test_equivalences__remainders_are_seen_as_columns),
    };
    return cmocka_run_group_tests_name("equivalences", tests, start, NULL);
}
