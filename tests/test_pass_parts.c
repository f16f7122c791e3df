/* Parts of a pass (nn/model/pass_parts.c): together all its tiles and
 * sequences, each once; a part's sequences have its tiles' rows and no others.
 */
#include "nn/model/pass.h"
#include "harness.h"

static struct pass pass_of(struct acts *x, idx B, idx S, int threads)
{
    *x = (struct acts){ .B = B, .S = S, .M = B * S, .threads = threads };
    return (struct pass){ .x = x, .B = B, .M = B * S };
}

static void check(idx B, idx S, int threads)
{
    struct acts x;
    struct pass p = pass_of(&x, B, S, threads);
    idx tile = 0, sequence = 0, n = pass_parts(&p);
    for (idx i = 0; i < n; i++) {
        struct pass_part part = pass_part(&p, i);
        assert_true(part.is_own);
        assert_int_equal(part.tile, tile);
        assert_int_equal(part.sequence, sequence);
        assert_true(part.n_tiles > 0 && part.n_sequences > 0);
        assert_int_equal(part.tile * TILE_ROWS, part.sequence * S);
        tile += part.n_tiles;
        sequence += part.n_sequences;
        idx end = idx_min(tile * TILE_ROWS, p.M);
        assert_int_equal(end, sequence * S);
    }
    assert_int_equal(tile, n ? pass_tiles(&p) : 0);
    assert_int_equal(sequence, n ? B : 0);
}

static void test_pass_parts__are_all_of_it_and_nothing_twice(void **state)
{
    (void)state;
    const idx contexts[] = { 1, 3, 64, 65, 100, 128, 255, 256, 257, 2048 };
    for (int i = 0; i < COUNT_OF(contexts); i++)
        for (idx B = 1; B <= 33; B++)
            for (int threads = 1; threads <= 5; threads++)
                check(B, contexts[i], threads);
}

/* One thread always takes its parts; several do where all have enough. */
static void test_pass_parts__leave_no_thread_idle(void **state)
{
    (void)state;
    const struct {
        idx B, S;
        int threads;
        idx parts;
    } cases[] = {
        { 16, 256, 1, 16 }, { 16, 256, 2, 16 }, { 16, 256, 3, 16 },
        { 15, 256, 2, 15 }, { 3, 256, 2, 0 },   { 1, 256, 2, 0 },
        { 12, 64, 3, 3 },   { 11, 64, 3, 3 },   { 16, 257, 1, 1 },
        { 16, 257, 2, 0 },
    };
    for (int i = 0; i < COUNT_OF(cases); i++) {
        struct acts x;
        struct pass p = pass_of(&x, cases[i].B, cases[i].S, cases[i].threads);
        assert_int_equal(pass_parts(&p), cases[i].parts);
    }
}

/* Whoever reads or edits rows stops all threads between steps. */
static void test_pass_parts__none_where_taps_are_read(void **state)
{
    (void)state;
    struct acts x;
    struct observer observer = { 0 };
    struct pass p = pass_of(&x, 16, 256, 2);
    p.observer = &observer;
    assert_int_equal(pass_parts(&p), 0);
    p.observer = NULL;
    p.edits.n = 1;
    assert_int_equal(pass_parts(&p), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass_parts__are_all_of_it_and_nothing_twice),
        cmocka_unit_test(test_pass_parts__leave_no_thread_idle),
        cmocka_unit_test(test_pass_parts__none_where_taps_are_read),
    };
    return cmocka_run_group_tests_name("pass_parts", tests, NULL, NULL);
}
