#include "sweep/sweep_tasks.h"

#include "base/machine.h"
#include "harness.h"

static void test_sweep_tasks__as_many_at_once_as_there_is_room_for(void **state)
{
    struct core_list cores;
    struct sweep_options o;
    (void)state;
    machine_cores(&cores);
    sweep_options_init(&o);
    assert_int_equal(sweep_at_once(&o, 3 * cores.n, 0, 0), cores.n);
    assert_int_equal(sweep_at_once(&o, 1, 0, 0), 1); /* no more than wait */
    assert_int_equal(sweep_at_once(&o, 0, 0, 0), 0);
    assert_int_equal(sweep_at_once(&o, cores.n, 100, 199), 1);
    assert_int_equal(sweep_at_once(&o, cores.n, 100, 99), 1); /* it may try */
    assert_int_equal(sweep_at_once(&o, cores.n, 1, (double)cores.n), cores.n);
    o.threads = cores.n + 1;
    assert_int_equal(sweep_at_once(&o, 7, 0, 0), 1);
    o.jobs = 5; /* whatever there is */
    assert_int_equal(sweep_at_once(&o, 7, 100, 199), 5);
    assert_int_equal(sweep_at_once(&o, 3, 100, 199), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_sweep_tasks__as_many_at_once_as_there_is_room_for),
    };
    return cmocka_run_group_tests_name("sweep_tasks", tests, NULL, NULL);
}
