/* Batches: what counts, where documents begin, and parts of them. */
#include "data/batch.h"
#include "harness.h"

#include <string.h>

enum { B = 3, T = 6 };

struct planned {
    struct batch b;
    struct arena arena;
};

static void open_batch(struct planned *p, struct batch_rules rules)
{
    static const int32_t tokens[B * T] = { 7, 1, 7,
                                           2, 3, 4, /* at once, later */
                                           1, 2, 3,
                                           4, 7, 7, /* only at the end */
                                           1, 1, 2,
                                           2, 3, 3 /* nowhere */ };
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
        open_batch(&p, (struct batch_rules){ .unscored = unscored,
                                             .document_token = NO_TOKEN });
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
    open_batch(&p, (struct batch_rules){ .document_token = 7 });
    batch_mark(&p.b);
    assert_null(p.b.positions);
    assert_memory_equal(p.b.documents, starts, sizeof starts);
    assert_true(batch_weight(&p.b) == B * T);
    arena_release(&p.arena);
}

/* Known to the data: from 1 and from 3 on; 7 begins one, too. What is hidden
 * goes by the rules; positions count from the later beginning of the two. */
static void test_batch__the_later_beginning_counts(void **state)
{
    (void)state;
    static const int32_t known[T] = { 0, 1, 1, 3, 3, 3 };
    static const struct {
        idx token;
        bool has_documents;
        int32_t documents[B * T];
    } cases[] = {
        { NO_TOKEN,
          true,
          { 0, 1, 1, 3, 3, 3, 0, 1, 1, 3, 3, 3, 0, 1, 1, 3, 3, 3 } },
        { NO_TOKEN,
          false,
          { 0, 1, 1, 3, 3, 3, 0, 1, 1, 3, 3, 3, 0, 1, 1, 3, 3, 3 } },
        { 7, true, { 0, 1, 2, 3, 3, 3, 0, 1, 1, 3, 4, 5, 0, 1, 1, 3, 3, 3 } },
        { 7, false, { 0, 0, 2, 2, 2, 2, 0, 0, 0, 0, 4, 5, 0, 0, 0, 0, 0, 0 } },
    };
    for (int i = 0; i < COUNT_OF(cases); i++)
        for (int restarts = 0; restarts <= 1; restarts++) {
            bool by_token = cases[i].token != NO_TOKEN;
            const int32_t *later = cases[by_token ? 2 : 0].documents;
            struct planned p;
            open_batch(&p, (struct batch_rules){
                               .document_token = cases[i].token,
                               .has_documents = cases[i].has_documents,
                               .restarts_positions = restarts });
            bool has_some = by_token || cases[i].has_documents || restarts;
            assert_int_equal(p.b.documents != NULL, has_some);
            assert_int_equal(p.b.positions != NULL, restarts);
            for (idx j = 0; has_some && j < B * T; j++)
                p.b.documents[j] = known[j % T];
            batch_mark(&p.b);
            for (idx j = 0; has_some && j < B * T; j++)
                assert_int_equal(p.b.documents[j], cases[i].documents[j]);
            for (idx j = 0; restarts && j < B * T; j++)
                assert_int_equal(p.b.positions[j], j % T - later[j]);
            arena_release(&p.arena);
        }
}

/* In place, whatever there is of a batch. */
static void test_batch__a_part_is_some_of_its_sequences(void **state)
{
    (void)state;
    struct planned p;
    open_batch(&p, (struct batch_rules){ .unscored = 2,
                                         .document_token = 7,
                                         .restarts_positions = true });
    batch_mark(&p.b);
    p.b.weights[2 * T + 3] = (real)0.25;
    struct batch part = batch_part(&p.b, 1, 2);
    assert_int_equal(part.B, 2);
    assert_int_equal(part.T, T);
    assert_ptr_equal(part.tokens, p.b.tokens + T);
    assert_ptr_equal(part.targets, p.b.targets + T);
    assert_ptr_equal(part.documents, p.b.documents + T);
    assert_ptr_equal(part.positions, p.b.positions + T);
    assert_ptr_equal(part.weights, p.b.weights + T);
    p.b.used[2] = 0;                   /* an empty document */
    assert_int_equal(part.used[0], T); /* nothing said: all */
    assert_int_equal(part.used[1], 0);
    assert_true(batch_weight(&part) == 2 * (T - 2) - 0.75);
    assert_true(batch_total(&part).weight == batch_weight(&part) &&
                batch_total(&part).sequences == 2);
    arena_release(&p.arena);
    open_batch(&p, (struct batch_rules){ .document_token = NO_TOKEN });
    assert_null(batch_part(&p.b, 2, 1).documents);
    assert_null(batch_part(&p.b, 2, 1).positions);
    arena_release(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_batch__first_targets_do_not_count),
        cmocka_unit_test(test_batch__documents_begin_with_their_token),
        cmocka_unit_test(test_batch__the_later_beginning_counts),
        cmocka_unit_test(test_batch__a_part_is_some_of_its_sequences),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
