/* The sum over micro-batches is that of one binary tree, which is written down
 * here a second time, as the recursion that it is. Processes play their part by
 * hand: each with as many leaves as it would have, and their nodes are the
 * leaves of the tree above. */
#include "engine/tree_sum.h"
#include "harness.h"

#include <stdlib.h>
#include <string.h>

enum { N = 1000, LEAVES_MAX = 33 };

/* Numbers of all sizes, so that another order gives other bits. */
static real number(idx leaf, idx i)
{
    idx x = (leaf * 7919 + i * 104729 + 12345) % 9973;
    real scale = (real)(1 << (x % 20));
    return (x % 2 ? -scale : scale) / (real)(x + 3);
}

static idx height_below(idx n)
{
    idx half = 1;
    while (half * 2 < n)
        half *= 2;
    return half;
}

/* Leaves from .. from + n - 1, number i. */
static real by_recursion(idx from, idx n, idx i)
{
    if (n == 1)
        return number(from, i);
    idx half = height_below(n);
    return by_recursion(from, half, i) + by_recursion(from + half, n - half, i);
}

struct one {
    struct arena arena;
    struct tree_sum tree;
    real *sum;
};

static void plan(struct one *x, idx leaves)
{
    x->sum = arena_reals(&x->arena, N);
    tree_plan(&x->tree, &x->arena, x->sum, N, leaves, NULL, 2);
}

static void open_one(struct one *x, idx leaves)
{
    struct err e = { 0 };
    struct arena measure = { 0 };
    *x = (struct one){ .sum = NULL };
    plan(x, leaves);
    measure = x->arena;
    x->arena = (struct arena){ 0 };
    assert_int_equal(arena_open(&x->arena, measure.used_bytes, &e), OK);
    plan(x, leaves);
}

/* The node of so many leaves from there on. */
static void add_leaves(struct one *x, idx from, idx leaves)
{
    for (idx leaf = from; leaf < from + leaves; leaf++) {
        real *to = tree_leaf(&x->tree);
        for (idx i = 0; i < N; i++) {
            assert_true(to[i] == 0);
            to[i] += number(leaf, i);
        }
        tree_add(&x->tree);
    }
}

static void test_tree_sum__is_that_of_the_recursion(void **state)
{
    (void)state;
    for (idx n = 1; n <= LEAVES_MAX; n++) {
        struct one x;
        open_one(&x, n);
        for (int update = 0; update < 2; update++) {
            add_leaves(&x, 0, n);
            for (idx i = 0; i < N; i++)
                assert_true(x.sum[i] == by_recursion(0, n, i));
            memset(x.sum, 0, N * sizeof *x.sum); /* as a step does */
        }
        arena_release(&x.arena);
    }
}

static void test_tree_sum__of_processes_is_that_of_one(void **state)
{
    (void)state;
    idx cuts = 0;
    for (idx all = 1; all <= LEAVES_MAX; all++)
        for (int n = 2; n <= all; n++) {
            idx each = tree_leaves(all, n);
            struct one own, above;
            if (!each)
                continue;
            cuts++;
            open_one(&above, n);
            for (int rank = 0; rank < n; rank++) {
                open_one(&own, each);
                add_leaves(&own, rank * each, each);
                memcpy(tree_leaf(&above.tree), own.sum, N * sizeof *own.sum);
                tree_add(&above.tree);
                arena_release(&own.arena);
            }
            for (idx i = 0; i < N; i++)
                assert_true(above.sum[i] == by_recursion(0, all, i));
            arena_release(&above.arena);
        }
    assert_true(cuts > LEAVES_MAX);
}

/* The test itself: sums in a row are others. */
static void test_tree_sum__is_not_that_in_a_row(void **state)
{
    (void)state;
    idx differ = 0;
    for (idx i = 0; i < N; i++) {
        real sum = 0;
        for (idx leaf = 0; leaf < 8; leaf++)
            sum += number(leaf, i);
        differ += sum != by_recursion(0, 8, i);
    }
    assert_true(differ > 0);
}

static void test_tree_sum__says_for_how_many_it_can_be_cut(void **state)
{
    (void)state;
    static const struct {
        idx all;
        const char *counts;
    } cases[] = {
        { 1, "1" },
        { 2, "1 or 2" },
        { 3, "1 or 3" },
        { 4, "1, 2 or 4" },
        { 6, "1, 3 or 6" },
        { 7, "1 or 7" },
        { 8, "1, 2, 4 or 8" },
        { 12, "1, 3, 6 or 12" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char text[64];
        tree_counts(text, sizeof text, cases[i].all);
        assert_string_equal(text, cases[i].counts);
    }
    assert_int_equal(tree_leaves(6, 1), 6);
    assert_int_equal(tree_leaves(6, 2), 0); /* 3 is no power of two */
    assert_int_equal(tree_leaves(6, 3), 2);
    assert_int_equal(tree_leaves(6, 4), 0);
    assert_int_equal(tree_leaves(1, 2), 0);
}

/* One node for each height: 1, 2, 2, 3, ... */
static void test_tree_sum__holds_a_node_a_height(void **state)
{
    (void)state;
    for (idx n = 1, digits = 1; n <= 64; n++) {
        struct arena measure = { 0 };
        struct tree_sum t;
        if (n >> digits)
            digits++;
        tree_plan(&t, &measure, NULL, N, n, NULL, 1);
        assert_int_equal(t.n_nodes, digits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tree_sum__is_that_of_the_recursion),
        cmocka_unit_test(test_tree_sum__of_processes_is_that_of_one),
        cmocka_unit_test(test_tree_sum__is_not_that_in_a_row),
        cmocka_unit_test(test_tree_sum__says_for_how_many_it_can_be_cut),
        cmocka_unit_test(test_tree_sum__holds_a_node_a_height),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
