/* Learning rates at the places where a schedule bends. */
#include "harness.h"
#include "optim/learning_rate.h"
#include "optim/schedule.h"

#include <math.h>
#include <string.h>

static struct optim_options options_of(const char *name, idx warmup_steps,
                                       double min_lr)
{
    struct optim_options o = { 0 };
    key_defaults(optim_keys, n_optim_keys, &o);
    o.lr = 2;
    o.warmup_steps = warmup_steps;
    o.min_lr = min_lr;
    o.drop = 0.5;
    o.drop_at = (struct key_list){ 2, { 60, 30 } };
    for (o.schedule = 0; schedule_name(o.schedule); o.schedule++)
        if (strcmp(schedule_name(o.schedule), name) == 0)
            return o;
    fail_msg("no schedule %s", name);
    return o;
}

static void test_schedule__warms_up_in_a_line_from_0(void **state)
{
    (void)state;
    for (int i = 0; schedule_name(i); i++) {
        struct optim_options o = options_of(schedule_name(i), 10, 0.1);
        for (idx step = 1; step <= 10; step++)
            assert_close(schedule_lr(&o, step, 110), 0.2 * (double)step, 1e-12);
        assert_true(schedule_lr(&o, 11, 110) <= 2);
        assert_true(schedule_lr(&o, 11, 110) > 1.9);
    }
}

/* Values after a warm-up of 10 steps in a run of 110, lr = 2. */
static void test_schedule__has_its_shape_after_the_warm_up(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double min_lr;
        idx step;
        double want;
    } points[] = {
        { "constant", 0.1, 11, 2 },
        { "constant", 0.1, 60, 2 },
        { "constant", 0.1, 110, 2 },
        { "cosine", 0, 35, 1.7071067812 },
        { "cosine", 0, 60, 1 },
        { "cosine", 0, 85, 0.2928932188 },
        { "cosine", 0, 110, 0 },
        { "cosine", 0.1, 60, 1.1 },
        { "cosine", 0.1, 110, 0.2 },
        { "cosine", 1, 77, 2 },
        { "linear", 0, 35, 1.5 },
        { "linear", 0, 60, 1 },
        { "linear", 0, 110, 0 },
        { "linear", 0.1, 60, 1.1 },
        { "linear", 0.1, 110, 0.2 },
        { "wsd", 0, 88, 2 },
        { "wsd", 0, 99, 1 },
        { "wsd", 0, 110, 0 },
        { "wsd", 0.1, 99, 1.1 },
        { "wsd", 0.1, 110, 0.2 },
        { "inverse_sqrt", 0, 40, 1 },
        { "inverse_sqrt", 0, 90, 2.0 / 3 },
        { "inverse_sqrt", 0.1, 40, 1.1 },
        { "step", 0, 30, 2 },
        { "step", 0, 31, 1 },
        { "step", 0, 60, 1 },
        { "step", 0, 61, 0.5 },
        { "step", 0.1, 110, 0.65 },
    };
    for (int i = 0; i < COUNT_OF(points); i++) {
        struct optim_options o =
            options_of(points[i].name, 10, points[i].min_lr);
        assert_close(schedule_lr(&o, points[i].step, 110), points[i].want,
                     1e-9);
    }
}

static void test_schedule__without_warm_up_starts_high(void **state)
{
    (void)state;
    for (int i = 0; schedule_name(i); i++) {
        struct optim_options o = options_of(schedule_name(i), 0, 0);
        assert_true(schedule_lr(&o, 1, 1000) > 1.99);
        double before = 2;
        for (idx step = 1; step <= 1000; step++) {
            double lr = schedule_lr(&o, step, 1000);
            assert_true(lr <= before && lr >= 0);
            before = lr;
        }
    }
}

/* A warm-up as long as the run, or longer: only the line's beginning. */
static void test_schedule__may_end_within_the_warm_up(void **state)
{
    (void)state;
    for (int i = 0; schedule_name(i); i++) {
        struct optim_options o = options_of(schedule_name(i), 100, 0);
        assert_close(schedule_lr(&o, 1, 40), 0.02, 1e-12);
        assert_close(schedule_lr(&o, 40, 40), 0.8, 1e-12);
        assert_close(schedule_lr(&o, 100, 100), 2, 1e-12);
    }
}

/* A run that goes on past its plan stays at the end of the schedule. */
static void test_schedule__stays_at_its_end(void **state)
{
    (void)state;
    struct optim_options o = options_of("cosine", 10, 0.1);
    assert_close(schedule_lr(&o, 500, 110), 0.2, 1e-12);
    o = options_of("linear", 10, 0.1);
    assert_close(schedule_lr(&o, 500, 110), 0.2, 1e-12);
    o = options_of("linear", 100, 0.1);
    assert_close(schedule_lr(&o, 101, 50), 0.2, 1e-12);
}

/* A run that goes on for longer: is what it has done as it would have been? */
static void test_schedule__says_where_a_longer_run_would_jump(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        idx last; /* that may be done of 110 when it becomes one of 200 */
    } points[] = {
        { "constant", 110 }, { "cosine", 10 },        { "linear", 10 },
        { "wsd", 88 },       { "inverse_sqrt", 110 }, { "step", 110 },
    };
    assert_null(schedule_name((int)COUNT_OF(points)));
    for (int i = 0; i < COUNT_OF(points); i++) {
        struct optim_options o = options_of(points[i].name, 10, 0.1);
        for (idx step = 0; step <= 110; step++)
            assert_int_equal(schedule_jumps(&o, step, 110, 200),
                             step > points[i].last);
        assert_false(schedule_jumps(&o, 110, 110, 110));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedule__warms_up_in_a_line_from_0),
        cmocka_unit_test(test_schedule__has_its_shape_after_the_warm_up),
        cmocka_unit_test(test_schedule__without_warm_up_starts_high),
        cmocka_unit_test(test_schedule__may_end_within_the_warm_up),
        cmocka_unit_test(test_schedule__stays_at_its_end),
        cmocka_unit_test(test_schedule__says_where_a_longer_run_would_jump),
    };
    return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
