/* Whole tiny models, both presets and all attentions: every parameter's
 * gradient against central differences, 1e-6. */
#include "gradcheck.h"
#include "harness.h"
#include "kern/gemm.h"
#include "tiny.h"

#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/model/model.h"

struct model_case {
    struct model m;
    struct acts x;
    struct arena arena;
    real *w, *dw;
};

static double model_value(void *context)
{
    struct model_case *c = context;
    return model_forward_loss(&c->m, c->w, &c->x, c->x.B);
}

static struct model_options tiny(bool is_llama, idx T)
{
    struct model_options o = {
        .layers = 2, .width = 8, .heads = 2, .context = T, .ffn_width = 5
    };
    o.norm = is_llama ? NORM_RMS : NORM_LAYER;
    o.ffn = is_llama ? FFN_SWIGLU : FFN_GELU;
    o.position = is_llama ? POSITION_ROPE : POSITION_LEARNED;
    o.biases = o.tied_head = !is_llama;
    return o;
}

static void open_case(struct model_case *c, const struct model_options *o,
                      const struct attention_options *a, idx B, idx V,
                      uint64_t seed)
{
    struct err e = { 0 };
    assert_int_equal(model_init(&c->m, o, a, V, &e), OK);
    assert_int_equal(
        acts_open(&c->x, &c->arena, &c->m, B, o->context, 1, true, false, &e),
        OK);
    c->w = calloc((size_t)c->m.table.total, sizeof *c->w);
    c->dw = calloc((size_t)c->m.table.total, sizeof *c->dw);
    params_init(c->w, &c->m.table, INIT_GPT2, o->layers, seed);
    struct rng r = rng_open(seed, RNG_TEST, 1, 0);
    for (idx i = 0; i < c->m.table.count; i++) {
        const struct param *p = &c->m.table.rows[i];
        for (idx j = 0; j < p->n; j++) /* larger, so that nothing is linear */
            c->w[p->offset + j] += (real)(0.4 * rng_normal(&r));
    }
    for (idx i = 0; i < c->x.M; i++) {
        c->x.tokens[i] = (int32_t)rng_below(&r, V);
        c->x.targets[i] = (int32_t)rng_below(&r, V);
    }
}

static void close_case(struct model_case *c)
{
    free(c->w), free(c->dw);
    arena_release(&c->arena);
    model_release(&c->m);
}

static void check_model(const struct model_options *o,
                        const struct attention_options *a, idx B, idx V)
{
    struct model_case c = { 0 };
    open_case(&c, o, a, B, V, 3);
    model_backward_loss(&c.m, c.w, c.dw, &c.x, 1);
    for (idx i = 0; i < c.m.table.count; i++) {
        const struct param *p = &c.m.table.rows[i];
        if (p->role == PARAM_STATE)
            continue; /* follows, is not trained */
        char what[200];
        snprintf(what, sizeof what, "%s of %s %s%s, normalizer %s, T %td",
                 p->name, o->norm == NORM_RMS ? "llama" : "gpt2",
                 weight_map_name(a->weights), a->bias ? " + key bias" : "",
                 normalizer_name(a->normalizer), o->context);
        check_gradient(what, model_value, &c, c.w + p->offset, c.dw + p->offset,
                       p->n, 1e-6, 1e-3);
    }
    close_case(&c);
}

static void check_attentions(bool is_llama)
{
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct attention_options a = { PLAIN_ATTENTION, .weights = map,
                                           .bias = bias };
            struct model_options o = tiny(is_llama, 1);
            check_model(&o, &a, 1, 3);
            o = tiny(is_llama, 5);
            check_model(&o, &a, 3, 7);
        }
    }
}

static void test_model__gpt2_gradient_matches_differences(void **state)
{
    (void)state;
    check_attentions(false);
}

static void test_model__llama_gradient_matches_differences(void **state)
{
    (void)state;
    check_attentions(true);
}

/* Several row tiles, head chunks and query tiles at once: a random sample of
 * directions instead of every entry. */
static void test_model__large_batch_gradient_along_directions(void **state)
{
    (void)state;
    for (int is_llama = 0; is_llama < 2; is_llama++) {
        struct model_options o = tiny(is_llama, 70);
        struct attention_options a = { PLAIN_ATTENTION, .bias = BIAS_KEY };
        struct model_case c = { 0 };
        open_case(&c, &o, &a, 17, 7, 4); /* 1190 rows: 5 tiles, 2 chunks */
        model_backward_loss(&c.m, c.w, c.dw, &c.x, 1);
        struct rng r = rng_open(5, RNG_TEST, 2, 0);
        for (int i = 0; i < 40; i++) {
            const struct param *p =
                &c.m.table.rows[rng_below(&r, c.m.table.count)];
            idx at = p->offset + rng_below(&r, p->n);
            check_gradient(p->name, model_value, &c, c.w + at, c.dw + at, 1,
                           1e-6, 1e-2);
        }
        close_case(&c);
    }
}

/* Two half batches, each with half the weight, add up to the whole batch. */
static void test_model__accumulated_gradient_is_that_of_the_batch(void **state)
{
    (void)state;
    struct model_options o = tiny(true, 6);
    struct attention_options a = { PLAIN_ATTENTION };
    struct model_case whole = { 0 }, half = { 0 };
    open_case(&whole, &o, &a, 4, 7, 6);
    open_case(&half, &o, &a, 2, 7, 6);
    model_backward_loss(&whole.m, whole.w, whole.dw, &whole.x, 1);
    for (idx part = 0; part < 2; part++) {
        for (idx i = 0; i < half.x.M; i++) {
            half.x.tokens[i] = whole.x.tokens[part * half.x.M + i];
            half.x.targets[i] = whole.x.targets[part * half.x.M + i];
        }
        model_backward_loss(&half.m, half.w, half.dw, &half.x, 0.5);
    }
    for (idx k = 0; k < whole.m.table.count; k++) {
        const struct param *p = &whole.m.table.rows[k];
        double largest = 0;
        for (idx i = p->offset; i < p->offset + p->n; i++)
            largest = fmax(largest, fabs((double)whole.dw[i]));
        for (idx i = p->offset; i < p->offset + p->n; i++)
            assert_near(half.dw[i], whole.dw[i], 1e-13, largest);
    }
    close_case(&whole);
    close_case(&half);
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__gpt2_gradient_matches_differences),
        cmocka_unit_test(test_model__llama_gradient_matches_differences),
        cmocka_unit_test(test_model__large_batch_gradient_along_directions),
        cmocka_unit_test(test_model__accumulated_gradient_is_that_of_the_batch),
    };
    return cmocka_run_group_tests_name("grad_model", tests, start, NULL);
}
