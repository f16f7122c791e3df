/* Every stage, alone and in company, in whole tiny models: the gradient of
 * every parameter against central differences, 1e-6. */
#include "gradcheck.h"
#include "gradwalk.h"
#include "harness.h"
#include "kern/gemm.h"
#include "stage_cases.h"

#include <string.h>

#include "base/rng.h"
#include "nn/model/model.h"

static double model_value(void *context)
{
    struct tiny *t = context;
    return model_forward_objective(&t->m, t->w, &t->x, &t->batch, 0).objective;
}

static void open_case(struct tiny *t, const struct stage_case *c, idx B, idx T)
{
    stage_case_open(t, c, B, T, 1, 0.4);
    tiny_backward(t, 1);
}

static void check_case(const struct stage_case *c, idx B, idx T)
{
    char failed[WALK_TEXT_MAX];
    struct tiny t;
    open_case(&t, c, B, T);
    char what[200];
    snprintf(what, sizeof what, "%s, B %td, T %td", c->name, B, T);
    if (walk_entries(&t, failed))
        walk_fail(what, failed);
    tiny_close(&t);
}

static void test_stage__gradient_of_one_token(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++)
        check_case(c, 2, 1);
}

static void test_stage__gradient_of_ragged_sequences(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++)
        check_case(c, 3, 5);
}

/* 490 rows and more, in two tiles whose border cuts a sequence. Some entries
 * of each tensor. */
static void test_stage__gradient_across_tiles(void **state)
{
    (void)state;
    for (const struct stage_case *c = stage_cases; c->name; c++) {
        struct tiny t;
        open_case(&t, c, 7, 70);
        struct rng r = rng_open(5, RNG_TEST, 2, 0);
        for (idx j = 0; j < t.m.table.count; j++) {
            const struct param *p = &t.m.table.rows[j];
            if (!strstr(p->name, "attention") && j > 0)
                continue;
            char what[200];
            snprintf(what, sizeof what, "%s, two tiles: %s", c->name, p->name);
            idx at = p->offset + rng_below(&r, p->n);
            check_gradient(what, model_value, &t, t.w + at, t.dw + at, 1, 1e-6,
                           1e-2);
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
        cmocka_unit_test(test_stage__gradient_of_one_token),
        cmocka_unit_test(test_stage__gradient_of_ragged_sequences),
        cmocka_unit_test(test_stage__gradient_across_tiles),
    };
    return cmocka_run_group_tests_name("grad_stage", tests, start, NULL);
}
