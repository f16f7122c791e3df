/* Heads that do not work row by row: backward against central differences,
 * 1e-7, and against the rows that running sums stand for. */
#include "gradcheck.h"
#include "harness.h"
#include "head_case.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kern/gemm.h"
#include "kern/vecmath.h"

static const double BOUND = 1e-7;

/* One row; ragged; a chunk (32 rows) and one more; three chunks. */
static const idx shapes[][2] = {
    { 1, 1 }, { 2, 3 }, { 7, 5 }, { 33, 2 }, { 68, 1 }
};

/* Queries and keys as a feature map leaves them. */
static void make_positive(struct head_case *c)
{
    for (idx t = 0; t < c->at.T; t++)
        for (idx i = 0; i < 2 * c->part; i++)
            c->qkv[t * c->ld + i] = vec_exp(c->qkv[t * c->ld + i] / 2);
}

static const char *const linear[] = {
    "weights=identity linear_time=yes",
    "weights=identity linear_time=yes scale=0.7 normalizer=none",
    "weights=identity linear_time=yes normalizer=length",
    "weights=identity linear_time=yes normalizer=abs_sum scale=1.5",
    "weights=identity linear_time=yes normalizer=sum",
    "weights=identity linear_time=yes normalizer=sum qk_norm=unit scale=0.3",
};

static void test_linear__backward_matches_differences(void **state)
{
    (void)state;
    for (int i = 0; i < COUNT_OF(linear); i++) {
        for (int s = 0; s < COUNT_OF(shapes); s++) {
            for (int positive = 0; positive < 2; positive++) {
                struct head_case c;
                if (!positive && strstr(linear[i], "normalizer=sum"))
                    continue; /* a sum near zero divides by next to nothing */
                head_case_open(&c, linear[i], shapes[s][0], shapes[s][1], 1);
                if (positive)
                    make_positive(&c);
                head_case_check(&c, BOUND);
                head_case_close(&c);
            }
        }
    }
}

static void test_linear__numbers_are_those_of_rows(void **state)
{
    (void)state;
    enum { T = 200, D = 9 };
    for (int i = 0; i < COUNT_OF(linear); i++) {
        struct head_case c, rows;
        double largest = 0;
        head_case_open(&c, linear[i], T, D, 1);
        make_positive(&c);
        head_case_open(&rows, linear[i], T, D, 1);
        make_positive(&rows);
        rows.at.operation = NULL;
        rows.scratch = realloc(
            rows.scratch, sizeof(real) * (size_t)attention_scratch(&rows.at));
        assert_non_null(rows.scratch);
        head_case_forward(&c);
        head_case_forward(&rows);
        for (idx t = 0; t < T; t++)
            for (idx d = 0; d < D; d++)
                assert_close((double)c.o[t * c.part + d],
                             (double)rows.o[t * c.part + d], 1e-12);
        head_case_backward(&c);
        head_case_backward(&rows);
        for (idx j = 0; j < T * c.ld; j++)
            largest = fmax(largest, fabs((double)rows.dqkv[j]));
        for (idx j = 0; j < T * c.ld; j++)
            assert_near((double)c.dqkv[j], (double)rows.dqkv[j], 1e-12,
                        largest);
        head_case_close(&c);
        head_case_close(&rows);
    }
}

/* The first row's competition is decided (its source is 1, alone), so a clamp
 * of 1 sits on its kink; those below and above do not. */
static void test_flow__backward_matches_differences(void **state)
{
    (void)state;
    static const char *const clamps[] = { "0.1", "0.9", "1.15", "5", "700" };
    for (int i = 0; i < COUNT_OF(clamps); i++) {
        for (int s = 0; s < COUNT_OF(shapes); s++) {
            struct head_case c;
            char text[60];
            snprintf(text, sizeof text, "operation=flow flow_clamp=%s",
                     clamps[i]);
            head_case_open(&c, text, shapes[s][0], shapes[s][1], 2);
            head_case_check(&c, BOUND);
            head_case_close(&c);
        }
    }
}

/* Heads that share keys and values add to each other's gradients. */
static void test_head_operation__adds_to_shared_gradients(void **state)
{
    (void)state;
    static const char *const settings[] = {
        "operation=flow",
        "weights=identity linear_time=yes normalizer=abs_sum",
    };
    enum { T = 40, D = 3 };
    for (int i = 0; i < COUNT_OF(settings); i++) {
        struct head_case c, again;
        head_case_open(&c, settings[i], T, D, 1);
        head_case_open(&again, settings[i], T, D, 1);
        head_case_backward(&c);
        struct head head = head_case_head(&again);
        struct head_grads grads = head_case_grads(&again);
        attention_backward(&again.at, &grads, again.do_, &head, again.scratch);
        grads.adds_k = grads.adds_v = true;
        attention_backward(&again.at, &grads, again.do_, &head, again.scratch);
        for (idx t = 0; t < T; t++)
            for (idx j = 0; j < c.ld; j++) {
                real factor = j < c.part ? 1 : 2;
                assert_close((double)again.dqkv[t * c.ld + j],
                             (double)(factor * c.dqkv[t * c.ld + j]), 1e-13);
            }
        head_case_close(&c);
        head_case_close(&again);
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
        cmocka_unit_test(test_linear__backward_matches_differences),
        cmocka_unit_test(test_linear__numbers_are_those_of_rows),
        cmocka_unit_test(test_flow__backward_matches_differences),
        cmocka_unit_test(test_head_operation__adds_to_shared_gradients),
    };
    return cmocka_run_group_tests_name("grad_head_operation", tests, start,
                                       NULL);
}
