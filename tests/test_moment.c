/* Rules of SINKLAB_TEST: what is read, and what happens when. */
#include "base/moment.h"
#include "harness.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void read_rules(const char *text, const char *command)
{
    struct err e = { 0 };
    if (moments_read(text, command, &e) != OK)
        fail_msg("%s", e.text);
}

/* How a child ends that goes through steps 0 to 9. */
static int status_of_steps(void)
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        for (idx step = 0; step < 10; step++) {
            moment_at("step", step);
            moment_next("call");
        }
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void test_moment__without_rules_nothing_happens(void **state)
{
    (void)state;
    read_rules("train step 3 KILL", "train");
    read_rules(NULL, "train");
    assert_int_equal(status_of_steps(), 0);
    assert_true(moment_value("signal", 2.5) == 2.5);
    read_rules("", "train");
    assert_int_equal(status_of_steps(), 0);
}

static void test_moment__a_signal_comes_at_its_number(void **state)
{
    (void)state;
    read_rules("train step 0 KILL", "train");
    assert_int_equal(WTERMSIG(status_of_steps()), SIGKILL);
    read_rules("train step 9 TERM", "train");
    assert_int_equal(WTERMSIG(status_of_steps()), SIGTERM);
    read_rules("train step 10 KILL", "train");
    assert_int_equal(status_of_steps(), 0);
    read_rules("train call 10 KILL", "train");
    assert_int_equal(WTERMSIG(status_of_steps()), SIGKILL);
    read_rules("train call 11 KILL", "train");
    assert_int_equal(status_of_steps(), 0);
    read_rules("train call 8 USR1; train call 7 HUP", "train");
    assert_int_equal(WTERMSIG(status_of_steps()), SIGHUP);
}

static void test_moment__rules_are_of_one_command(void **state)
{
    (void)state;
    read_rules("sweep step 3 KILL; train start 1 KILL", "train");
    assert_int_equal(status_of_steps(), 0);
    read_rules("sweep step 3 KILL; train start 1 KILL", "sweep");
    assert_int_equal(WTERMSIG(status_of_steps()), SIGKILL);
}

static void test_moment__a_signal_may_go_to_the_parent(void **state)
{
    (void)state;
    sigset_t set;
    int got;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    read_rules("train step 5 USR1 parent", "train");
    assert_int_equal(status_of_steps(), 0);
    assert_int_equal(sigwait(&set, &got), 0);
    assert_int_equal(got, SIGUSR1);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void test_moment__waits_until_someone_writes(void **state)
{
    (void)state;
    char path[128], rules[256];
    int status;
    snprintf(path, sizeof path, "%s/fifo", test_dir());
    assert_int_equal(mkfifo(path, 0600), 0);
    snprintf(rules, sizeof rules, "train step 4 wait %s", path);
    pid_t child = fork();
    if (child == 0) {
        read_rules(rules, "train");
        _exit(status_of_steps());
    }
    int fd = open(path, O_WRONLY); /* comes back when it is read from */
    assert_true(fd >= 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    close(fd);
}

static void test_moment__gives_the_number_of_its_rule(void **state)
{
    (void)state;
    read_rules("sweep signal 2 value 11.5;sweep signal 4 value -1e3", "sweep");
    static const double want[] = { 7, 11.5, 7, -1e3, 7 };
    for (idx i = 0; i < COUNT_OF(want); i++)
        assert_true(moment_value("signal", 7) == want[i]);
}

static void test_moment__refuses_what_is_no_rule(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "1",
        "train",
        "train step",
        "train step 3",
        "train stop 3 KILL",
        "train step three KILL",
        "train step -3 KILL",
        "train step 3 MURDER",
        "train step 3 KILL father",
        "train step 3 wait",
        "train step 3 value",
        "train step 3 value 1s",
        "train step 3 KILL; ",
        ";",
    };
    for (idx i = 0; i < COUNT_OF(bad); i++) {
        struct err e = { 0 };
        if (moments_read(bad[i], "train", &e) != ERR_USAGE)
            fail_msg("'%s' was taken", bad[i]);
        assert_non_null(strstr(e.text, "SINKLAB_TEST"));
    }
    read_rules(NULL, "train");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moment__without_rules_nothing_happens),
        cmocka_unit_test(test_moment__a_signal_comes_at_its_number),
        cmocka_unit_test(test_moment__rules_are_of_one_command),
        cmocka_unit_test(test_moment__a_signal_may_go_to_the_parent),
        cmocka_unit_test(test_moment__waits_until_someone_writes),
        cmocka_unit_test(test_moment__gives_the_number_of_its_rule),
        cmocka_unit_test(test_moment__refuses_what_is_no_rule),
    };
    return cmocka_run_group_tests_name("moment", tests, NULL, NULL);
}
