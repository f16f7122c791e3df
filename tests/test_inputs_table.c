/* The table of runs by input. */
#include "report/inputs_table.h"
#include "harness.h"

static const char *const metrics[] = { "sink_1", "first_mass" };

/* A row a run and metric; what was not measured is empty in a file. */
static void test_inputs_grid__has_a_row_a_run_and_metric(void **state)
{
    (void)state;
    struct input_row rows[] = { { .label = "a" }, { .label = "b" } };
    struct grid g = { 0 };
    struct err e = { 0 };
    assert_int_equal(inputs_grid(&g, rows, 2, metrics, 2, true, &e), OK);
    assert_int_equal(g.rows, 5);
    assert_int_equal(g.columns, 3 + MEASURED_INPUTS);
    assert_string_equal(grid_cell(&g, 0, 2), "metric");
    assert_string_equal(grid_cell(&g, 2, 0), "b");
    assert_string_equal(grid_cell(&g, 2, 2), "sink_1");
    assert_string_equal(grid_cell(&g, 3, 2), "first_mass");
    assert_string_equal(grid_cell(&g, 3, 3), "");
    grid_release(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_inputs_grid__has_a_row_a_run_and_metric),
    };
    return cmocka_run_group_tests_name("inputs_table", tests, NULL, NULL);
}
