/* One writer a run folder: the lock as run_create and run_open use it. */
#include "harness.h"
#include "new_run.h"
#include "run/run.h"

#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs fn in a child; its result is the child's exit status. */
static int in_child(int (*fn)(const char *dir), const char *dir)
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(fn(dir));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int open_and_compare(const char *dir)
{
    struct run_folder r;
    struct err e = { 0 };
    char want[64];
    snprintf(want, sizeof want, "is in use by process %ld on ",
             (long)getppid());
    int rc = run_open(&r, dir, &e);
    return rc == ERR_BUSY && !strstr(e.text, want) ? 99 : rc;
}

static void test_lock__second_process_is_refused(void **state)
{
    struct run_folder r, again;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "locked");
    assert_int_equal(in_child(open_and_compare, dir), ERR_BUSY);
    assert_int_equal(run_open(&again, dir, &e), ERR_BUSY); /* nor we twice */
    if (!strstr(e.text, "is in use by process"))
        fail_msg("%s", e.text);
    assert_true(lock_is_refusal(e.text, dir));
    assert_false(lock_is_refusal(e.text, "locked"));
    assert_false(lock_is_refusal("a is in use by b is no run", "a is in use"));
    run_close(&r);
    assert_int_equal(in_child(open_and_compare, dir), OK);
}

/* Takes the run, says so, and waits for its end. */
static _Noreturn void hold(const char *dir, int told)
{
    struct run_folder r;
    struct err e = { 0 };
    char rc = (char)run_open(&r, dir, &e);
    (void)!write(told, &rc, 1);
    for (;;)
        pause();
}

static void test_lock__killed_process_leaves_no_lock(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], rc = 1;
    int ends[2];
    (void)state;
    new_run(&r, dir, "killed holder");
    run_close(&r);
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        hold(dir, ends[1]);
    assert_int_equal(read(ends[0], &rc, 1), 1);
    assert_int_equal(rc, OK);
    assert_int_equal(run_open(&r, dir, &e), ERR_BUSY);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    e = (struct err){ 0 };
    assert_int_equal(run_open(&r, dir, &e), OK);
    run_close(&r);
    close(ends[0]);
    close(ends[1]);
}

static void test_lock__foreign_lock_file_is_kept(void **state)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX], *text;
    struct run_folder r;
    struct err e = { 0 };
    size_t n;
    (void)state;
    new_run_path(dir, "other's lock");
    assert_int_equal(fsys_mkdirs(dir, &e), OK);
    run_path(path, dir, "lock");
    test_write_file(path, "x", 1);
    new_run(&r, dir, "other's lock");
    assert_int_equal(fsys_read_file(&text, &n, path, 100, &e), OK);
    assert_string_equal(text, "x");
    free(text);
    run_close(&r);
}

static int create_as_nobody(const char *dir)
{
    struct run_folder r;
    struct err e = { 0 };
    if (geteuid() == 0 &&
        (setgroups(0, NULL) || setgid(65534) || setuid(65534)))
        return 99;
    int rc = run_create(&r, dir, &e);
    return rc == ERR_IO && !strstr(e.text, "Permission denied") ? 98 : rc;
}

static void test_lock__read_only_folder_is_refused(void **state)
{
    char dir[RUN_DIR_MAX], inner[RUN_DIR_MAX];
    struct err e = { 0 };
    (void)state;
    new_run_path(dir, "read-only");
    assert_int_equal(fsys_mkdirs(dir, &e), OK);
    assert_int_equal(chmod(test_dir(), 0755), 0);
    assert_int_equal(chmod(dir, 0555), 0);
    new_run_path(inner, "read-only/run");
    assert_int_equal(in_child(create_as_nobody, dir), ERR_IO);
    assert_int_equal(in_child(create_as_nobody, inner), ERR_IO);
    assert_int_equal(chmod(dir, 0755), 0);
}

enum { RACERS = 4, ROUNDS = 100 };

/* Take the lock, remove its file while it is held, let go, again and again;
 * the status is 1 if another one held it meanwhile. */
static int race(const char *dir)
{
    char path[RUN_PATH_MAX], inside[RUN_PATH_MAX];
    run_path(path, dir, "lock");
    run_path(inside, dir, "inside");
    for (int i = 0; i < ROUNDS; i++) {
        struct lock l = { 0 };
        if (lock_take(&l, path, dir, ERR_IGNORED) != OK)
            continue;
        int fd = open(inside, O_CREAT | O_EXCL | O_WRONLY, 0666);
        if (fd < 0)
            return 1;
        close(fd);
        unlink(inside);
        unlink(path);
        lock_release(&l);
    }
    return 0;
}

static void test_lock__of_a_file_that_is_gone_is_none(void **state)
{
    char dir[RUN_DIR_MAX];
    struct err e = { 0 };
    int n_bad = 0;
    (void)state;
    new_run_path(dir, "race");
    assert_int_equal(fsys_mkdirs(dir, &e), OK);
    for (int i = 0; i < RACERS; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(race(dir));
    }
    for (int i = 0; i < RACERS; i++) {
        int status;
        assert_true(wait(&status) > 0);
        n_bad += status != 0;
    }
    assert_int_equal(n_bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock__second_process_is_refused),
        cmocka_unit_test(test_lock__killed_process_leaves_no_lock),
        cmocka_unit_test(test_lock__foreign_lock_file_is_kept),
        cmocka_unit_test(test_lock__read_only_folder_is_refused),
        cmocka_unit_test(test_lock__of_a_file_that_is_gone_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
