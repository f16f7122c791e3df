/* Gradients of the loss's terms: a row alone, 1e-7; in whole models, 1e-6. */
#include "combine.h"
#include "gradcheck.h"
#include "gradwalk.h"
#include "harness.h"

#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "kern/gemm.h"
#include "nn/loss/terms_table.h"

/* ---- a row alone ------------------------------------------------------- */

enum { N = 9 };

struct row {
    const struct loss_term *term;
    real x[N], dx[N];
    real share;
    struct loss_options options;
    struct param param;
};

static double log_sum(const real *x)
{
    double sum = 0;
    for (idx i = 0; i < N; i++)
        sum += exp((double)x[i]);
    return log(sum);
}

static double of_logits(void *context)
{
    struct row *r = context;
    const struct loss_logits logits = {
        .V = N, .logits = r->x, .target = 3, .log_sum = (real)log_sum(r->x)
    };
    return (double)(r->share * r->term->of_logits(&logits, NULL, 0));
}

static double of_hidden(void *context)
{
    struct row *r = context;
    double sum = 0;
    for (idx depth = 1; depth <= 3; depth++) {
        struct loss_hidden row = { N, depth, 3, r->x, &r->options };
        sum += (double)(r->share * r->term->of_hidden(&row, NULL, 0));
    }
    return sum;
}

/* Of weights, the last of which is 0. */
static double of_weights(void *context)
{
    struct row *r = context;
    struct loss_weights row = { N, 1, 1, 2, r->x };
    return (double)(r->share * r->term->of_weights(&row, NULL, 0));
}

static double of_params(void *context)
{
    struct row *r = context;
    struct loss_params part = { &r->param, N, r->x, &r->options };
    return (double)r->share * r->term->of_params(&part, NULL, 0);
}

/* Values do not depend on whether a gradient is asked for, and gradients are
 * added. */
static void check_row(struct row *r, uint64_t seed)
{
    struct rng rng = rng_open(8, RNG_TEST, seed, 0);
    for (idx i = 0; i < N; i++) {
        r->x[i] = (real)(2 * rng_normal(&rng));
        r->dx[i] = 100;
    }
    r->share = (real)0.7;
    double (*value)(void *) = NULL;
    if (r->term->of_logits) {
        const struct loss_logits logits = {
            .V = N, .logits = r->x, .target = 3, .log_sum = (real)log_sum(r->x)
        };
        real got = r->term->of_logits(&logits, r->dx, r->share);
        value = of_logits;
        assert_true((double)(r->share * got) == value(r));
    } else if (r->term->of_hidden) {
        value = of_hidden;
        for (idx depth = 1; depth <= 3; depth++) {
            struct loss_hidden row = { N, depth, 3, r->x, &r->options };
            r->term->of_hidden(&row, r->dx, r->share);
        }
    } else if (r->term->of_weights) {
        for (idx i = 0; i < N; i++)
            r->x[i] = r->x[i] < 0 ? -r->x[i] : r->x[i];
        struct loss_weights row = { N, 1, 1, 2, r->x };
        value = of_weights;
        r->term->of_weights(&row, r->dx, r->share);
    } else {
        struct loss_params part = { &r->param, N, r->x, &r->options };
        value = of_params;
        r->term->of_params(&part, r->dx, r->share);
    }
    for (idx i = 0; i < N; i++)
        r->dx[i] -= 100;
    check_gradient(r->term->text.name, value, r, r->x, r->dx, N, 1e-7, 1e-3);
}

static void test_loss__rows_match_differences(void **state)
{
    (void)state;
    for (idx i = 0; loss_terms[i]; i++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            struct row r = { .term = loss_terms[i],
                             .param = { .ndim = 2, .role = PARAM_LINEAR } };
            key_defaults(loss_keys, n_loss_keys, &r.options);
            r.options.hidden_depth = (idx)seed % 4;
            r.options.activation_power = 2 + 0.5 * (double)seed;
            check_row(&r, seed);
        }
}

/* A weight of 0, of which the entropy has no bounded slope, and a row of
 * nothing else. */
static void test_loss__weights_may_be_zero(void **state)
{
    (void)state;
    for (idx i = 0; loss_terms[i]; i++) {
        static const real a[2][3] = { { 0, (real)0.25, (real)0.75 }, { 0 } };
        for (int k = 0; k < 2 && loss_terms[i]->of_weights; k++) {
            real g[3] = { 0 };
            struct loss_weights row = { 3, 0, 0, 0, a[k] };
            real value = loss_terms[i]->of_weights(&row, g, 1);
            assert_true(isfinite(value));
            for (idx j = 0; j < 3; j++)
                assert_true(isfinite(g[j]));
            if (loss_terms[i] == &loss_entropy) /* it is left */
                assert_true(g[0] == 0);
        }
    }
}

struct heads {
    const struct loss_term *term;
    real means[4];
    double wide[4];
};

static double of_heads(void *context)
{
    struct heads *h = context;
    for (idx i = 0; i < 4; i++)
        h->wide[i] = (double)h->means[i];
    return h->term->of_heads(NULL, h->wide, 4, 0);
}

static void test_loss__heads_match_differences(void **state)
{
    (void)state;
    for (idx i = 0; loss_terms[i]; i++) {
        struct heads h = { loss_terms[i],
                           { (real)0.3, (real)0.8, (real)0.01, (real)0.5 },
                           { 0 } };
        real dmeans[4];
        if (!h.term->of_heads)
            continue;
        double value = of_heads(&h);
        for (idx k = 0; k < 4; k++) {
            double dmean;
            assert_true(h.term->of_heads(&dmean, h.wide, 4, k) == value);
            dmeans[k] = (real)dmean;
        }
        check_gradient(h.term->text.name, of_heads, &h, h.means, dmeans, 4,
                       1e-7, 1e-3);
    }
}

/* ---- whole models ------------------------------------------------------ */

static void open_case(struct tiny *t, const struct model_spec *spec,
                      uint64_t draw)
{
    tiny_open_spec(t, spec, 4, 7, 1, 1);
    struct rng r = rng_open(5, RNG_TEST, draw, 0);
    for (idx i = 0; i < t->m.table.count; i++) {
        const struct param *p = &t->m.table.rows[i];
        for (idx j = 0; j < p->n; j++) /* larger, so that nothing is linear */
            t->w[p->offset + j] += (real)(0.4 * rng_normal(&r));
    }
    static const double weights[] = { 0.25, 1, 0, 2, 1 };
    for (idx i = 0; i < t->batch.B * t->batch.T; i++)
        t->batch.weights[i] =
            (real)(i / t->batch.T == 2 ? 0 : weights[i * 3 % 5]);
    batch_mark(&t->batch);
}

/* A size, as hidden_z has it, has a kink at 0, and differences need steps that
 * do not reach it. */
static bool is_at_kink(const struct tiny *t)
{
    for (idx b = 0; b < t->batch.B; b++) {
        const real *x = acts_hidden(&t->x, &t->m, t->m.L, b);
        for (idx i = 0; i < t->batch.T * t->m.C; i++)
            if (fabs((double)x[i]) < 1e-4)
                return true;
    }
    return false;
}

/* A term in a model, alone and large; with weights that differ, and a sequence
 * that does not count. */
static void check_model(idx term, const char *const *settings, idx n)
{
    struct combination c;
    struct tiny t;
    char failed[WALK_TEXT_MAX], factor[80];
    combine_defaults(&c, 6);
    for (idx i = 0; i < n && settings[i]; i++)
        combine_set(&c, settings[i]);
    snprintf(factor, sizeof factor, "loss.%s=0.8", loss_terms[term]->text.name);
    combine_set(&c, factor);
    open_case(&t, &c.spec, 1);
    tiny_backward(&t, 1);
    for (uint64_t draw = 2; is_at_kink(&t); draw++) {
        tiny_close(&t);
        open_case(&t, &c.spec, draw);
        tiny_backward(&t, 1);
    }
    if (walk_entries(&t, failed))
        walk_fail(c.text, failed);
    tiny_close(&t);
}

static void test_loss__terms_match_differences_in_models(void **state)
{
    (void)state;
    static const char *const models[][4] = {
        { "model.norm_place=pre" },
        { "model.preset=llama", "model.norm=rmsnorm", "model.ffn=swiglu",
          "model.tied_head=no" },
        { "attention.registers=2", "attention.prefix=2" },
        { "model.norm_place=post", "attention.bias=key", "attention.window=3" },
        { "model.norm_place=sandwich", "model.heads=4",
          "attention.kv_heads=2" },
        { "attention.operation=differential" },
        { "attention.weights=sigmoid", "attention.group=4",
          "attention.group_globals=1" },
        { "attention.weights=softmax1", "attention.soft_cap=2",
          "attention.scale=0.7" },
    };
    for (idx i = 0; loss_terms[i]; i++)
        for (idx k = 0; k < COUNT_OF(models); k++)
            check_model(i, models[k], COUNT_OF(models[k]));
}

static int start(void **state)
{
    (void)state;
    return gemm_start(1, "threads", ERR_IGNORED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_loss__rows_match_differences),
        cmocka_unit_test(test_loss__weights_may_be_zero),
        cmocka_unit_test(test_loss__heads_match_differences),
        cmocka_unit_test(test_loss__terms_match_differences_in_models),
    };
    return cmocka_run_group_tests_name("grad_loss", tests, start, NULL);
}
