#include "base/pool.h"
#include "harness.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

static void test_pool__pieces_are_apart_aligned_and_zero(void **state)
{
    static const size_t sizes[] = { 1, 7, 8, 100, 5000, 0, 20000, 16384, 3 };
    struct pool p = { 0 };
    char *at[100];
    size_t size[100];
    (void)state;
    for (int i = 0; i < 100; i++) {
        size[i] = sizes[i % COUNT_OF(sizes)];
        at[i] = pool_bytes(&p, size[i]);
        assert_non_null(at[i]);
        assert_int_equal((uintptr_t)at[i] % alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(at[i][k], 0);
        memset(at[i], i + 1, size[i]);
    }
    for (int i = 0; i < 100; i++) /* nobody wrote over another's */
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(at[i][k], i + 1);
    assert_int_equal(pool_check(&p, ERR_IGNORED), OK);
    pool_release(&p);
    pool_release(&p); /* an empty one may be released */
}

static void test_pool__texts_are_copied_up_to_n(void **state)
{
    struct pool p = { 0 };
    (void)state;
    assert_string_equal(pool_text(&p, "hello", SIZE_MAX), "hello");
    assert_string_equal(pool_text(&p, "hello", 3), "hel");
    assert_string_equal(pool_text(&p, "", 3), "");
    pool_release(&p);
}

static void test_pool__lack_of_memory_stays(void **state)
{
    struct pool p = { 0 };
    struct err e = { 0 };
    (void)state;
    p.is_out_of_memory = true; /* as a refused allocation leaves it */
    assert_null(pool_bytes(&p, 1));
    assert_int_equal(pool_check(&p, &e), ERR_MEMORY);
    pool_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__pieces_are_apart_aligned_and_zero),
        cmocka_unit_test(test_pool__texts_are_copied_up_to_n),
        cmocka_unit_test(test_pool__lack_of_memory_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
