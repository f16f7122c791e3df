/* Lists that grow an item at a time. */
#include "base/grow.h"
#include "harness.h"

#include <stdlib.h>

/* Each item is kept wherever the list moves to, and the sanitizer sees a place
 * that is not there. */
static void test_grow__keeps_items(void **state)
{
    (void)state;
    int64_t *list = NULL;
    for (idx n = 0; n < 1000; n++) {
        assert_true(GROW(list, n));
        list[n] = n * n;
    }
    for (idx n = 0; n < 1000; n++)
        assert_int_equal(list[n], n * n);
    free(list);
}

/* Shortened to any length, it grows past all that it has been. */
static void test_grow__after_it_was_shortened(void **state)
{
    (void)state;
    for (idx most = 1; most < 70; most += 17)
        for (idx left = 0; left < most; left++) {
            char *list = NULL;
            for (idx n = 0; n < most; n++) {
                assert_true(GROW(list, n));
                list[n] = (char)n;
            }
            for (idx n = left; n < 2 * most + 40; n++) {
                assert_true(GROW(list, n));
                list[n] = (char)n;
            }
            for (idx n = 0; n < 2 * most + 40; n++)
                assert_int_equal(list[n], (char)n);
            free(list);
        }
}

struct large {
    char bytes[1 << 20];
};

/* What no address space holds leaves the list and its items. */
static void test_grow__without_memory(void **state)
{
    (void)state;
    struct large *list = NULL, *before;
    assert_true(GROW(list, 0));
    list[7].bytes[3] = 'x';
    before = list;
    assert_false(GROW(list, (idx)1 << 43));
    assert_ptr_equal(list, before);
    assert_int_equal(list[7].bytes[3], 'x');
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grow__keeps_items),
        cmocka_unit_test(test_grow__after_it_was_shortened),
        cmocka_unit_test(test_grow__without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
