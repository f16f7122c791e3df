/* Batches: what counts, where documents begin, and parts of them. */
#include "data/batch.h"
#include "harness.h"

#include <string.h>

enum { B = 3, T = 6 };

struct planned {
    struct batch b;
    struct arena arena;
};

static void open_batch(struct planned *p, idx unscored, idx document_token)
{
    static const int32_t tokens[B * T] = { 7, 1, 7,
                                           2, 3, 4, /* at once, later */
                                           1, 2, 3,
                                           4, 7, 7, /* only at the end */
                                           1, 1, 2,
                                           2, 3, 3 /* nowhere */ };
    struct batch_rules rules = { unscored, document_token };
    struct arena measure = { 0 };
    struct err e = { 0 };
    *p = (struct planned){ 0 };
    batch_plan(&p->b, &measure, B, T, &rules);
    assert_int_equal(arena_open(&p->arena, measure.used_bytes, &e), OK);
    batch_plan(&p->b, &p->arena, B, T, &rules);
    memcpy(p->b.tokens, tokens, sizeof tokens);
    for (idx i = 0; i < B * T; i++)
        p->b.targets[i] = (int32_t)(i % 5), p->b.weights[i] = 1;
}

static void test_batch__first_targets_do_not_count(void **state)
{
    (void)state;
    for (idx unscored = 0; unscored <= T; unscored++) {
        struct planned p;
        open_batch(&p, unscored, NO_TOKEN);
        batch_mark(&p.b);
        assert_null(p.b.documents);
        for (idx i = 0; i < B * T; i++)
            assert_true(p.b.targets[i] == i % 5 &&
                        p.b.weights[i] == (i % T < unscored ? 0 : 1));
        assert_true(batch_weight(&p.b) == (double)(B * (T - unscored)));
        arena_release(&p.arena);
    }
}

static void test_batch__documents_begin_with_their_token(void **state)
{
    (void)state;
    static const int32_t starts[B * T] = { 0, 0, 2, 2, 2, 2, 0, 0, 0,
                                           0, 4, 5, 0, 0, 0, 0, 0, 0 };
    struct planned p;
    open_batch(&p, 0, 7);
    batch_mark(&p.b);
    assert_memory_equal(p.b.documents, starts, sizeof starts);
    assert_true(batch_weight(&p.b) == B * T);
    arena_release(&p.arena);
}

/* In place, whatever there is of a batch. */
static void test_batch__a_part_is_some_of_its_sequences(void **state)
{
    (void)state;
    struct planned p;
    open_batch(&p, 2, 7);
    batch_mark(&p.b);
    p.b.weights[2 * T + 3] = (real)0.25;
    struct batch part = batch_part(&p.b, 1, 2);
    assert_int_equal(part.B, 2);
    assert_int_equal(part.T, T);
    assert_ptr_equal(part.tokens, p.b.tokens + T);
    assert_ptr_equal(part.targets, p.b.targets + T);
    assert_ptr_equal(part.documents, p.b.documents + T);
    assert_ptr_equal(part.weights, p.b.weights + T);
    assert_true(batch_weight(&part) == 2 * (T - 2) - 0.75);
    assert_true(batch_total(&part).weight == batch_weight(&part) &&
                batch_total(&part).sequences == 2);
    arena_release(&p.arena);
    open_batch(&p, 0, NO_TOKEN);
    assert_null(batch_part(&p.b, 2, 1).documents);
    arena_release(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch__first_targets_do_not_count),
        cmocka_unit_test(test_batch__documents_begin_with_their_token),
        cmocka_unit_test(test_batch__a_part_is_some_of_its_sequences),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
