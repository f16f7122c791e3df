/* Whole tiny models, both presets and all attentions: every parameter's
 * gradient against central differences, 1e-6. */
#include "gradcheck.h"
#include "gradwalk.h"
#include "harness.h"
#include "kern/gemm.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "nn/attention/weights/normalizer.h"
#include "nn/model/model.h"

static double model_value(void *context)
{
    struct tiny *t = context;
    return model_forward_objective(&t->m, t->w, &t->x, &t->batch, 0).objective;
}

static struct model_options options_of(bool is_llama, idx T)
{
    struct model_options o = { .layers = 2,
                               .width = 8,
                               .heads = 2,
                               .context = T,
                               .ffn_width = 5,
                               .norm_eps = 1e-5,
                               .rope_base = 10000,
                               .rope_part = 1 };
    o.norm = is_llama ? NORM_RMS : NORM_LAYER;
    o.ffn = is_llama ? FFN_SWIGLU : FFN_GELU;
    o.position = is_llama ? POSITION_ROPE : POSITION_LEARNED;
    o.biases = o.tied_head = !is_llama;
    return o;
}

static void open_case(struct tiny *t, const struct model_options *o,
                      const struct attention_options *a, idx B, idx V,
                      uint64_t seed)
{
    tiny_open(t, o, a, B, V, 1, 1);
    params_init(t->w, &t->m.table, INIT_GPT2, o->layers, seed);
    struct rng r = rng_open(seed, RNG_TEST, 1, 0);
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; j < p->n; j++) /* larger, so that nothing is linear */
            t->w[p->offset + j] += (real)(0.4 * rng_normal(&r));
    }
    for (idx i = 0; i < B * o->context; i++) {
        t->batch.tokens[i] = (int32_t)rng_below(&r, V);
        t->batch.targets[i] = (int32_t)rng_below(&r, V);
    }
}

static void check_model(const struct model_options *o,
                        const struct attention_options *a, idx B, idx V)
{
    char failed[WALK_TEXT_MAX];
    struct tiny t;
    open_case(&t, o, a, B, V, 3);
    tiny_backward(&t, 1);
    char what[200];
    snprintf(what, sizeof what, "%s %s%s, normalizer %s, T %td",
             o->norm == NORM_RMS ? "llama" : "gpt2",
             weight_map_name(a->weights), a->bias ? " + key bias" : "",
             normalizer_name(a->normalizer), o->context);
    if (walk_entries(&t, failed))
        walk_fail(what, failed);
    tiny_close(&t);
}

static void check_attentions(bool is_llama)
{
    for (int map = 0; weight_map_name(map); map++) {
        for (int bias = BIAS_NONE; bias <= BIAS_KEY; bias++) {
            struct attention_options a =
                ATTENTION(.weights = map, .bias = bias);
            struct model_options o = options_of(is_llama, 1);
            check_model(&o, &a, 1, 3);
            o = options_of(is_llama, 5);
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
        struct model_options o = options_of(is_llama, 70);
        struct attention_options a = ATTENTION(.bias = BIAS_KEY);
        struct tiny c;
        open_case(&c, &o, &a, 17, 7, 4); /* 1190 rows: 5 tiles, 2 chunks */
        tiny_backward(&c, 1);
        struct rng r = rng_open(5, RNG_TEST, 2, 0);
        for (int i = 0; i < 40; i++) {
            const struct param *p =
                &c.m.table.rows[rng_below(&r, c.m.table.count)];
            idx at = p->offset + rng_below(&r, p->n);
            check_gradient(p->name, model_value, &c, c.w + at, c.dw + at, 1,
                           1e-6, 1e-2);
        }
        tiny_close(&c);
    }
}

/* Weights that differ, some of them 0, and a whole sequence that does not
 * count. */
static void weigh(struct batch *b)
{
    static const double weights[] = { 0.25, 1, 0, 2, 1 };
    for (idx i = 0; i < b->B * b->T; i++)
        b->weights[i] = (real)(i / b->T == 2 ? 0 : weights[i * 3 % 5]);
}

static void test_model__weighted_gradient_matches_differences(void **state)
{
    (void)state;
    for (idx registers = 0; registers <= 2; registers += 2)
        for (idx prefix = 0; prefix <= 3; prefix += 3) {
            struct model_options o = options_of(registers, 6);
            struct attention_options a =
                ATTENTION(.registers = registers, .prefix = prefix);
            char failed[WALK_TEXT_MAX];
            struct tiny t;
            open_case(&t, &o, &a, 4, 7, 3);
            weigh(&t.batch);
            batch_mark(&t.batch);
            tiny_backward(&t, 1);
            if (walk_entries(&t, failed))
                walk_fail("weights", failed);
            tiny_close(&t);
        }
}

/* sum(weight * nats) / sum(weight), of those that count. */
static void test_model__loss_is_the_mean_by_weights(void **state)
{
    (void)state;
    struct model_options o = options_of(false, 6);
    struct attention_options a = ATTENTION(.registers = 2);
    struct tiny t;
    open_case(&t, &o, &a, 4, 7, 6);
    tiny_loss(&t, 4);
    real nats[4 * 6];
    for (idx b = 0; b < 4; b++)
        memcpy(nats + b * 6, acts_losses(&t.x, &t.m, b), 6 * sizeof *nats);
    weigh(&t.batch);
    double sum = 0, weight = 0;
    for (idx i = 0; i < 4 * 6; i++) {
        sum += (double)t.batch.weights[i] * (double)nats[i];
        weight += (double)t.batch.weights[i];
    }
    assert_close(tiny_loss(&t, 4), sum / weight, 1e-13);
    for (idx i = 0; i < 4 * 6; i++)
        assert_true(acts_losses(&t.x, &t.m, 0)[i / 6 * 8 + i % 6] ==
                    (t.batch.weights[i] == 0 ? 0 : nats[i]));
    tiny_close(&t);
}

/* Micro-batches of 1, 2 and 1 sequences, in which different numbers of targets
 * count, add up to their whole update. */
static void test_model__accumulated_gradient_is_that_of_the_batch(void **state)
{
    (void)state;
    static const idx sizes[] = { 1, 2, 1 };
    for (int weighted = 0; weighted <= 1; weighted++) {
        struct model_options o = options_of(true, 6);
        struct attention_options a = ATTENTION(.registers = 1);
        while (strcmp(weight_map_name(a.weights), "affine") != 0)
            a.weights++; /* has a state that follows a mean over rows */
        struct tiny whole, parts;
        open_case(&whole, &o, &a, 4, 7, 6);
        open_case(&parts, &o, &a, 4, 7, 6);
        if (weighted)
            weigh(&whole.batch);
        double loss = tiny_backward(&whole, 1), sum = 0;
        struct batch_total of = batch_total(&whole.batch);
        idx first = 0;
        for (int i = 0; i < COUNT_OF(sizes); first += sizes[i++]) {
            struct batch part = batch_part(&whole.batch, first, sizes[i]);
            sum += model_backward_loss(&parts.m, parts.w, parts.dw, &parts.x,
                                       &part, of)
                       .objective;
        }
        assert_int_equal(first, 4);
        assert_close(sum, loss, 1e-13);
        for (idx k = 0; k < whole.m.table.count; k++) {
            const struct param *p = &whole.m.table.rows[k];
            double largest = 0;
            for (idx i = p->offset; i < p->offset + p->n; i++)
                largest = fmax(largest, fabs((double)whole.dw[i]));
            for (idx i = p->offset; i < p->offset + p->n; i++)
                assert_near(parts.dw[i], whole.dw[i], 1e-13, largest);
        }
        tiny_close(&whole);
        tiny_close(&parts);
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
        cmocka_unit_test(test_model__gpt2_gradient_matches_differences),
        cmocka_unit_test(test_model__llama_gradient_matches_differences),
        cmocka_unit_test(test_model__large_batch_gradient_along_directions),
        cmocka_unit_test(test_model__weighted_gradient_matches_differences),
        cmocka_unit_test(test_model__loss_is_the_mean_by_weights),
        cmocka_unit_test(test_model__accumulated_gradient_is_that_of_the_batch),
    };
    return cmocka_run_group_tests_name("grad_model", tests, start, NULL);
}
