#include "harness.h"
#include "io/jobs.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stopwatch.h"
#include "io/fsys.h"
#include "io/job_slots.h"

static const char *const no_settings[] = { NULL };
static const double LONG_S = 300; /* no test waits for it to pass */

static void log_path(char path[FSYS_PATH_MAX], const char *name)
{
    snprintf(path, FSYS_PATH_MAX, "%s/%s", test_dir(), name);
}

static const char endless[] = "exec tail -f /dev/null";

/* Start a shell with this script, its output in the log of that name. */
static pid_t start_script(const struct jobs *j, const char *script,
                          const char *log, const char *const *settings,
                          const struct core_list *cores)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    pid_t process = 0;
    const char *words[] = { "sh", "-c", script, NULL };
    log_path(path, log);
    struct job_spec s = { "/bin/sh", words, settings, path, cores };
    if (job_start(&process, j, &s, &e) != OK)
        fail_msg("%s", e.text);
    return process;
}

static struct job_end wait_end(struct jobs *j)
{
    struct job_end end;
    int number;
    assert_int_equal(jobs_wait(j, LONG_S, &end, &number), JOBS_ENDED);
    return end;
}

static void check_log(const char *log, const char *want)
{
    char path[FSYS_PATH_MAX], *text;
    size_t n;
    struct err e = { 0 };
    log_path(path, log);
    if (fsys_read_file(&text, &n, path, 1 << 20, &e) != OK)
        fail_msg("%s", e.text);
    assert_string_equal(text, want);
    free(text);
}

/* Until the file is there and not empty. */
static void wait_for_file(const char *log)
{
    char path[FSYS_PATH_MAX], *text;
    size_t n = 0;
    log_path(path, log);
    for (double until_s = clock_s() + LONG_S; n == 0;) {
        if (clock_s() > until_s)
            fail_msg("%s: nothing came", log);
        test_pause();
        if (fsys_read_file(&text, &n, path, 1 << 20, ERR_IGNORED) == OK)
            free(text);
    }
}

static void test_job__status_and_output_arrive(void **state)
{
    struct jobs j = { 0 };
    (void)state;
    jobs_open(&j);
    for (int i = 0; i < 2; i++) {
        pid_t process = start_script(&j, "echo out; echo bad >&2; exit 7",
                                     "both", no_settings, NULL);
        struct job_end end = wait_end(&j);
        assert_int_equal(end.process, process);
        assert_int_equal(end.status, 7);
        assert_int_equal(end.signal, 0);
    }
    jobs_close(&j);
    jobs_close(&j); /* a closed one may be closed */
    check_log("both", "out\nbad\nout\nbad\n");
}

static void test_job__how_it_failed_is_told(void **state)
{
    static const struct {
        const char *script, *want;
    } cases[] = {
        { "echo one; echo; echo sinklab: two; exit 3", "status 3: two" },
        { "echo other; exit 1", "status 1: other" },
        { "exit 5", "status 5: it left no word of why: is the disk full?" },
        { "kill -TERM $$", "killed by signal 15" },
        { "kill -KILL $$", "killed by signal 9 (out of memory?)" },
    };
    struct jobs j = { 0 };
    (void)state;
    jobs_open(&j);
    for (idx i = 0; i < COUNT_OF(cases); i++) {
        char name[32], path[FSYS_PATH_MAX], text[128];
        snprintf(name, sizeof name, "told-%td", i);
        log_path(path, name);
        start_script(&j, cases[i].script, name, no_settings, NULL);
        struct job_end end = wait_end(&j);
        job_end_tell(text, sizeof text, &end, path);
        assert_string_equal(text, cases[i].want);
        if (end.status == 5) {
            assert_int_equal(rename(path, test_path("away")), 0);
            job_end_tell(text, sizeof text, &end, path);
            assert_string_equal(
                text, "status 5: what it said was removed with its log");
            assert_int_equal(rename(test_path("away"), path), 0);
        }
        assert_int_equal(job_last_words(text, sizeof text, path, ERR_IGNORED),
                         OK);
        if (i == 0)
            assert_string_equal(text, "two");
    }
    jobs_close(&j);
}

static void test_job__settings_win_over_the_environment(void **state)
{
    static const char *const settings[] = { "JOB_A=new", "JOB_B=also", NULL };
    struct jobs j = { 0 };
    (void)state;
    setenv("JOB_A", "old", 1);
    setenv("JOB_AB", "kept", 1);
    jobs_open(&j);
    start_script(&j, "echo $JOB_A $JOB_AB $JOB_B; env | grep -c ^JOB_A=", "env",
                 settings, NULL);
    wait_end(&j);
    jobs_close(&j);
    check_log("env", "new kept also\n1\n");
}

static void test_job__runs_on_its_cores_only(void **state)
{
    struct jobs j = { 0 };
    struct core_list all, one;
    char want[64];
    (void)state;
    machine_cores(&all);
    core_share(&one, &all, all.n - 1, all.n);
    assert_int_equal(one.n, 1);
    snprintf(want, sizeof want, "%d\n", one.core[0]);
    jobs_open(&j);
    start_script(&j, "grep Cpus_allowed_list /proc/self/status | cut -f 2",
                 "cores", no_settings, &one);
    wait_end(&j);
    jobs_close(&j);
    check_log("cores", want);
}

static void test_job__shares_of_cores_do_not_overlap(void **state)
{
    static struct core_list all, share;
    (void)state;
    all.n = 7;
    for (idx i = 0; i < all.n; i++)
        all.core[i] = (int16_t)(10 * i);
    for (idx i = 0; i < 3; i++) {
        core_share(&share, &all, i, 3);
        assert_int_equal(share.n, 2);
        assert_int_equal(share.core[0], 20 * i);
        assert_int_equal(share.core[1], 20 * i + 10);
    }
    core_share(&share, &all, 8, 9);
    assert_int_equal(share.n, 0);
}

static void test_job_slots__as_many_as_memory_holds(void **state)
{
    (void)state;
    assert_int_equal(job_slots_fit(8, 100, 1000), 8);
    assert_int_equal(job_slots_fit(8, 100, 800), 8);
    assert_int_equal(job_slots_fit(8, 100, 799), 7);
    assert_int_equal(job_slots_fit(8, 100, 99), 1);
    assert_int_equal(job_slots_fit(8, 100, 0), 8); /* nobody knows */
    assert_int_equal(job_slots_fit(8, 0, 1000), 8);
    assert_int_equal(job_slots_fit(0, 100, 50), 0);
}

static void test_job__missing_program_is_an_error(void **state)
{
    struct jobs j = { 0 };
    struct err e = { 0 };
    char path[FSYS_PATH_MAX];
    pid_t process;
    const char *words[] = { "none", NULL };
    (void)state;
    log_path(path, "missing");
    struct job_spec s = { "/nowhere/none", words, no_settings, path, NULL };
    jobs_open(&j);
    assert_int_equal(job_start(&process, &j, &s, &e), ERR_IO);
    assert_non_null(strstr(e.text, "/nowhere/none: No such file"));
    struct err other = { 0 };
    s.log = "/nowhere/log";
    assert_int_equal(job_start(&process, &j, &s, &other), ERR_IO);
    assert_non_null(strstr(other.text, "/nowhere/log"));
    jobs_close(&j);
}

/* Else it would wait for a reader with all signals blocked. */
static void test_job__a_pipe_is_no_log(void **state)
{
    struct jobs j = { 0 };
    struct err e = { 0 };
    pid_t process = 0;
    char path[FSYS_PATH_MAX];
    const char *words[] = { "sh", "-c", "true", NULL };
    (void)state;
    log_path(path, "fifo");
    assert_int_equal(mkfifo(path, 0666), 0);
    struct job_spec s = { "/bin/sh", words, no_settings, path, NULL };
    jobs_open(&j);
    assert_int_equal(job_start(&process, &j, &s, &e), ERR_IO);
    int reader = open(path, O_RDONLY | O_NONBLOCK);
    assert_true(reader >= 0);
    e = (struct err){ 0 };
    assert_int_equal(job_start(&process, &j, &s, &e), ERR_IO);
    assert_non_null(strstr(e.text, "fifo: is a pipe; move it away"));
    close(reader);
    jobs_close(&j);
}

static void test_jobs__waiting_ends_with_the_time(void **state)
{
    struct jobs j = { 0 };
    struct job_end end;
    int number;
    (void)state;
    jobs_open(&j);
    pid_t sleeper = start_script(&j, endless, "quiet", no_settings, NULL);
    assert_int_equal(jobs_wait(&j, 0, &end, &number), JOBS_QUIET);
    assert_int_equal(jobs_wait(&j, 0.05, &end, &number), JOBS_QUIET);
    job_signal(sleeper, SIGKILL);
    assert_int_equal(wait_end(&j).signal, SIGKILL);
    raise(SIGUSR1);
    assert_int_equal(jobs_wait(&j, LONG_S, &end, &number), JOBS_SIGNAL);
    assert_int_equal(number, SIGUSR1);
    jobs_close(&j);
}

static void test_job__signal_reaches_its_children(void **state)
{
    struct jobs j = { 0 };
    (void)state;
    jobs_open(&j);
    /* A shell's fresh child may lose the signal to the trap it inherited for a
     * moment, so the child is killed for certain: nothing outlives the test */
    pid_t process = start_script(&j,
                                 "sh -c 'trap \"echo child; kill -KILL \\$!; "
                                 "exit\" TERM; tail -f /dev/null & "
                                 "echo >&2; wait' & wait",
                                 "group", no_settings, NULL);
    wait_for_file("group");
    job_signal(process, SIGTERM);
    struct job_end end = wait_end(&j);
    jobs_close(&j);
    assert_int_equal(end.process, process);
    assert_int_equal(end.signal, SIGTERM);
}

static void test_jobs__many_that_end_at_once_all_arrive(void **state)
{
    enum { MANY = 40 };
    struct jobs j = { 0 };
    int statuses[MANY] = { 0 };
    (void)state;
    jobs_open(&j);
    for (int i = 0; i < MANY; i++) {
        char script[32];
        snprintf(script, sizeof script, "exit %d", i);
        start_script(&j, script, "many", no_settings, NULL);
    }
    for (int i = 0; i < MANY; i++)
        statuses[wait_end(&j).status]++;
    jobs_close(&j);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(statuses[i], 1);
}

/* A launcher in a process of its own, killed while its job runs. */
static void test_job__outlives_no_launcher_without_a_signal(void **state)
{
    int status;
    (void)state;
    pid_t launcher = fork();
    if (launcher == 0) {
        struct jobs j = { 0 };
        jobs_open(&j);
        start_script(&j,
                     "trap '' TERM; "
                     "trap 'echo saved >>$SAVED; kill -KILL $!; exit 75' USR1; "
                     "tail -f /dev/null & echo ready; wait",
                     "ready", (const char *const[]){ getenv("SAVED"), NULL },
                     NULL);
        for (;;)
            pause();
    }
    wait_for_file("ready");
    kill(launcher, SIGKILL);
    waitpid(launcher, &status, 0);
    wait_for_file("saved");
}

static void test_jobs__no_reader_is_no_end(void **state)
{
    struct jobs j = { 0 };
    (void)state;
    signal(SIGPIPE, SIG_DFL);
    jobs_open(&j);
    raise(SIGPIPE); /* or we are gone */
    start_script(&j, "kill -PIPE $$; exit 0", "pipe", no_settings, NULL);
    assert_int_equal(wait_end(&j).signal, SIGPIPE); /* for jobs it is usual */
    jobs_close(&j);
}

static void test_job__can_always_be_told_to_stop(void **state)
{
    struct jobs j = { 0 };
    (void)state;
    signal(SIGUSR1, SIG_IGN);
    jobs_open(&j);
    start_script(&j, "kill -USR1 $$; exit 0", "told", no_settings, NULL);
    assert_int_equal(wait_end(&j).signal, SIGUSR1);
    jobs_close(&j);
    signal(SIGUSR1, SIG_DFL);
}

/* "SAVED=PATH", which the job above writes to. */
static int name_saved(void **state)
{
    char path[FSYS_PATH_MAX], setting[FSYS_PATH_MAX + 16];
    (void)state;
    log_path(path, "saved");
    snprintf(setting, sizeof setting, "SAVED=%s", path);
    setenv("SAVED", setting, 1);
    return 0;
}

#define RUN(name) cmocka_unit_test(test_##name)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN(job__status_and_output_arrive),
        RUN(job__how_it_failed_is_told),
        RUN(job__settings_win_over_the_environment),
        RUN(job__runs_on_its_cores_only),
        RUN(job__shares_of_cores_do_not_overlap),
        RUN(job_slots__as_many_as_memory_holds),
        RUN(job__missing_program_is_an_error),
        RUN(job__a_pipe_is_no_log),
        RUN(jobs__waiting_ends_with_the_time),
        RUN(job__signal_reaches_its_children),
        RUN(jobs__many_that_end_at_once_all_arrive),
        RUN(job__outlives_no_launcher_without_a_signal),
        RUN(jobs__no_reader_is_no_end),
        RUN(job__can_always_be_told_to_stop),
    };
    return cmocka_run_group_tests(tests, name_saved, NULL);
}
