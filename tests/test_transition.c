/* When something has turned in a run: the first of two steps in a row. */
#include "analysis/transition.h"
#include "harness.h"
#include "metric/metric_table.h"

#include <math.h>
#include <string.h>

static double value_at(const void *of, idx i)
{
    return ((const double *)of)[i];
}

#define FIND(t, ...)                                                           \
    transition_find(t, value_at, (const double[]){ __VA_ARGS__ },              \
                    COUNT_OF(((const double[]){ __VA_ARGS__ })))

static void test_transition__is_two_steps_at_the_threshold(void **state)
{
    const struct transition *rising = &transitions[TRANSITION_SINK];
    const struct transition *falling = &transitions[TRANSITION_DRAIN];
    (void)state;
    assert_int_equal(FIND(rising, 0, 0.2, 0.5, 0.5), 2);
    assert_int_equal(FIND(rising, 0, 0.9, 0.49, 0.5, 0.6, 0), 3);
    assert_int_equal(FIND(rising, 0.7, 0.7), 0);
    assert_int_equal(FIND(rising, 0, 0, 0.9), -1);
    assert_int_equal(FIND(rising, 0.9), -1);
    assert_int_equal(transition_find(rising, value_at, NULL, 0), -1);
    assert_int_equal(FIND(falling, 1, 0.5, 0.5, 1), 1);
    assert_int_equal(FIND(falling, 1, 0.51, 0.4), -1);
    assert_int_equal(FIND(falling, 0.1, NAN, 0.1, 0.1), 2);
    assert_int_equal(FIND(rising, INFINITY, NAN, NAN), -1);
}

/* Is there such a metric, and does `transitions` ask for it? */
static bool is_asked(const char *name)
{
    idx i = 0;
    while (metric_at(i) && strcmp(metric_at(i)->text.name, name) != 0)
        i++;
    return metric_at(i) && metric_at(i)->is_transition;
}

static void test_transition__each_has_a_column_of_its_own(void **state)
{
    (void)state;
    for (idx i = 0; i < TRANSITIONS; i++) {
        const struct transition *t = &transitions[i];
        assert_true(t->name && t->why && t->threshold > 0);
        assert_ptr_equal(transition_of(t->column), t);
        assert_true(is_asked(t->column));
        for (idx j = 0; j < i; j++)
            assert_string_not_equal(t->name, transitions[j].name);
    }
    for (idx i = 0; metric_at(i); i++)
        if (metric_at(i)->is_transition)
            assert_non_null(transition_of(metric_at(i)->text.name));
    assert_null(transition_of("sink_1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transition__is_two_steps_at_the_threshold),
        cmocka_unit_test(test_transition__each_has_a_column_of_its_own),
    };
    return cmocka_run_group_tests_name("transition", tests, NULL, NULL);
}
