/* Tables of text cells. */
#include "harness.h"

#include "io/grid.h"

#include <stdlib.h>

enum { WIDEST = 12 };

static char *text_of(struct grid *g, bool is_csv, bool unicode)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    if (is_csv)
        grid_csv(f, g);
    else
        grid_print(f, g, WIDEST, unicode);
    assert_int_equal(fclose(f), 0);
    return text;
}

static void expect(struct grid *g, bool is_csv, bool unicode, const char *want)
{
    char *got = text_of(g, is_csv, unicode);
    assert_string_equal(got, want);
    free(got);
}

static void make(struct grid *g)
{
    struct err e = { 0 };
    assert_int_equal(grid_init(g, 4, 4, &e), OK);
    grid_set(g, 0, 0, "run");
    grid_set(g, 0, 1, "final\nsink_%d\n%%", 1);
    grid_set(g, 0, 2, "kind");
    grid_set(g, 0, 3, "never");
    grid_set(g, 1, 0, "soft,max");
    grid_set(g, 1, 1, "%.1f", 99.96);
    grid_set(g, 1, 2, "own");
    grid_set(g, 2, 0, "a \"quoted\" and very long name");
    grid_set(g, 2, 1, "-");
    grid_set(g, 2, 2, "-");
    grid_set(g, 3, 0, "caf\xc3\xa9\n");
    grid_set(g, 3, 1, "nan");
    assert_int_equal(grid_check(g, &e), OK);
}

static void
test_grid__numbers_stand_right_and_headings_at_the_rule(void **state)
{
    (void)state;
    struct grid g;
    make(&g);
    expect(&g, false, false,
           "               final\n"
           "              sink_1\n"
           "run                %  kind  never\n"
           "---------------------------------\n"
           "soft,max       100.0  own\n"
           "a \"qu.. name       -  -\n"
           "caf?\\n           nan\n");
    grid_release(&g);
}

static void test_grid__columns_count_characters_not_bytes(void **state)
{
    (void)state;
    struct grid g;
    struct err e = { 0 };
    assert_int_equal(grid_init(&g, 3, 2, &e), OK);
    grid_set(&g, 0, 0, "n");
    grid_set(&g, 1, 0, "\xc3\xa9\xc3\xa9");
    grid_set(&g, 2, 0, "\xe4\xb8\xad\xe4\xb8\xad");
    grid_set(&g, 0, 1, "v");
    grid_set(&g, 1, 1, "1");
    grid_set(&g, 2, 1, "22");
    expect(&g, false, true,
           "n      v\n"
           "────────\n"
           "éé     1\n"
           "中中  22\n");
    grid_release(&g);
}

static void test_grid__csv_quotes_what_it_must(void **state)
{
    (void)state;
    struct grid g;
    make(&g);
    expect(&g, true, false,
           "run,\"final\nsink_1\n%\",kind,never\n"
           "\"soft,max\",100.0,own,\n"
           "\"a \"\"quoted\"\" and very long name\",-,-,\n"
           "\"caf\xc3\xa9\n\",nan,,\n");
    grid_release(&g);
}

static void test_grid__columns_are_added_on_the_right(void **state)
{
    (void)state;
    struct grid g;
    struct err e = { 0 };
    assert_int_equal(grid_init(&g, 2, 0, &e), OK);
    assert_int_equal(grid_add(&g, "%s", "a"), 0);
    grid_set(&g, 1, 0, "1");
    assert_int_equal(grid_add(&g, "b"), 1);
    assert_int_equal(grid_add(&g, "c"), 2);
    grid_set(&g, 1, 2, "3");
    expect(&g, true, false, "a,b,c\n1,,3\n");
    grid_release(&g);
}

static void test_grid__a_cell_may_be_set_again(void **state)
{
    (void)state;
    struct grid g;
    struct err e = { 0 };
    assert_int_equal(grid_init(&g, 1, 1, &e), OK);
    grid_set(&g, 0, 0, "first");
    grid_set(&g, 0, 0, "second");
    expect(&g, false, false, "second\n------\n");
    grid_release(&g);
    grid_release(&g);
}

/* Who counts columns does so past one that could not be added. */
static void test_grid__cells_without_memory_are_told(void **state)
{
    (void)state;
    struct grid g = { 0 };
    struct err e = { 0 };
#if HAS_ADDRESS_SANITIZER
    skip(); /* ends a program that asks for so much */
#endif
    assert_int_equal(grid_init(&g, (idx)1 << 50, 0, &e), OK);
    assert_true(grid_add(&g, "name") < 0);
    grid_set(&g, 1, 0, "run");
    grid_set(&g, 2, 3, "%d", 7);
    assert_int_equal(grid_check(&g, &e), ERR_MEMORY);
    grid_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_grid__numbers_stand_right_and_headings_at_the_rule),
        cmocka_unit_test(test_grid__columns_count_characters_not_bytes),
        cmocka_unit_test(test_grid__csv_quotes_what_it_must),
        cmocka_unit_test(test_grid__columns_are_added_on_the_right),
        cmocka_unit_test(test_grid__a_cell_may_be_set_again),
        cmocka_unit_test(test_grid__cells_without_memory_are_told),
    };
    return cmocka_run_group_tests_name("grid", tests, NULL, NULL);
}
