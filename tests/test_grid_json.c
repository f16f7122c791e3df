/* Tables as JSON: what is a number there, and what is not. */
#include "io/grid_json.h"
#include "harness.h"

#include <stdlib.h>

static void test_grid_json__cells_are_numbers_texts_or_null(void **state)
{
    (void)state;
    static const struct {
        const char *cell, *want;
    } cases[] = {
        { "1", "1" },
        { "-0.25", "-0.25" },
        { "1e-05", "1e-5" },
        { "", "null" },
        { "nan", "\"nan\"" },
        { "-inf", "\"-inf\"" },
        { "0x10", "\"0x10\"" },
        { "+1", "\"+1\"" },
        { "1 ", "\"1 \"" },
        { "1.5.2", "\"1.5.2\"" },
        { "1e999", "\"1e999\"" },
        { "0123456789012345", "\"0123456789012345\"" }, /* a hash */
        { "01234567890123e4", "\"01234567890123e4\"" },
        { "done \"x\"", "\"done \\\"x\\\"\"" },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        struct grid g = { 0 };
        struct err e = { 0 };
        char *text = NULL, want[128];
        size_t n;
        FILE *f = open_memstream(&text, &n);
        assert_non_null(f);
        assert_int_equal(grid_init(&g, 2, 1, &e), OK);
        grid_set(&g, 0, 0, "a key");
        grid_set(&g, 1, 0, "%s", cases[i].cell);
        assert_int_equal(grid_json(f, &g, &e), OK);
        fclose(f);
        snprintf(want, sizeof want, "[{\"a key\":%s}]\n", cases[i].want);
        assert_string_equal(text, want);
        free(text);
        grid_release(&g);
    }
}

static void test_grid_json__rows_are_in_order(void **state)
{
    (void)state;
    struct grid g = { 0 };
    struct err e = { 0 };
    char *text = NULL;
    size_t n;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    assert_int_equal(grid_init(&g, 3, 2, &e), OK);
    grid_set(&g, 0, 0, "a");
    grid_set(&g, 0, 1, "b");
    grid_set(&g, 1, 0, "1");
    grid_set(&g, 2, 1, "x");
    assert_int_equal(grid_json(f, &g, &e), OK);
    fclose(f);
    assert_string_equal(text,
                        "[{\"a\":1,\"b\":null},{\"a\":null,\"b\":\"x\"}]\n");
    free(text);
    grid_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_grid_json__cells_are_numbers_texts_or_null),
        cmocka_unit_test(test_grid_json__rows_are_in_order),
    };
    return cmocka_run_group_tests_name("grid_json", tests, NULL, NULL);
}
