#include "harness.h"
#include "new_run.h"

#include "run/run.h"
#include "run/run_place.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fsys_calls.h"
#include "io/sealed_text.h"

static void check_says(const struct err *e, const char *words)
{
    if (!strstr(e->text, words))
        fail_msg("'%s' does not say '%s'", e->text, words);
}

static void check_refused(const char *dir, int code, const char *words)
{
    struct run_folder r;
    struct err e = { 0 };
    assert_int_equal(run_create(&r, dir, &e), code);
    check_says(&e, words);
    assert_false(r.lock.is_held);
}

static void touch(const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    test_write_file(path, "x", 1);
}

static bool exists(const char *dir, const char *name)
{
    char path[RUN_PATH_MAX];
    run_path(path, dir, name);
    return access(path, F_OK) == 0;
}

static bool holds_run(const char *dir)
{
    bool holds;
    assert_int_equal(run_holds_run(&holds, dir, ERR_IGNORED), OK);
    return holds;
}

static void test_run__new_folder_is_pending(void **state)
{
    struct run_folder r;
    struct run_status s;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "a/b/new");
    assert_int_equal(run_status_read(&s, dir, &e), OK);
    assert_int_equal(s.state, RUN_PENDING);
    assert_true(exists(dir, "checkpoints"));
    assert_int_equal(strlen(r.id), 16);
    assert_true(holds_run(dir));
    run_close(&r);
    run_close(&r); /* a closed one may be closed */
}

static void test_run__a_folder_called_status_is_no_run(void **state)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX], above[FSYS_PATH_MAX];
    struct err e = { 0 };
    (void)state;
    snprintf(dir, sizeof dir, "%s/named", test_dir());
    run_path(path, dir, "status");
    assert_int_equal(mkdir(dir, 0777) | mkdir(path, 0777), 0);
    assert_false(holds_run(dir));
    run_path(path, dir, "other");
    assert_int_equal(run_above(above, path, &e), OK);
    assert_string_equal(above, "");
}

static void test_run__states_and_reasons_come_back(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "states");
    for (int i = 0; i < RUN_UNKNOWN; i++) {
        struct run_status s;
        assert_int_equal(run_status_write(&r, (enum run_state)i, 10 * i,
                                          i % 2 ? "x: y" : NULL, &e),
                         OK);
        assert_int_equal(run_status_read(&s, dir, &e), OK);
        assert_int_equal(s.state, i);
        assert_int_equal(s.step, 10 * i);
        assert_string_equal(s.reason, i % 2 ? "x: y" : "");
    }
    run_close(&r);
}

static void test_run__reason_stays_on_its_line(void **state)
{
    struct run_folder r;
    struct run_status s;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], longest[2 * RUN_REASON_MAX];
    (void)state;
    new_run(&r, dir, "reason");
    assert_int_equal(run_status_write(&r, RUN_FAILED, 1, "two\nlines", &e), OK);
    assert_int_equal(run_status_read(&s, dir, &e), OK);
    assert_string_equal(s.reason, "two lines");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_int_equal(run_status_write(&r, RUN_FAILED, 1, longest, &e), OK);
    assert_int_equal(run_status_read(&s, dir, &e), OK);
    assert_int_equal(strlen(s.reason), RUN_REASON_MAX - 1);
    run_close(&r);
}

static void test_run__unknown_state_is_refused(void **state)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    struct run_folder r;
    struct run_status s;
    struct err e = { 0 };
    (void)state;
    new_run(&r, dir, "unknown");
    run_close(&r);
    run_path(path, dir, "status");
    test_write_file(path, "doing\n", 6);
    assert_int_equal(run_status_read(&s, dir, &e), ERR_DATA);
    check_says(&e, "status:1: got 'doing', want pending, running");
    check_refused(dir, ERR_BUSY, "no run folder but holds a file status");
    touch(dir, "config.ini");
    check_refused(dir, ERR_BUSY, "already holds a run (state unknown)");
    e = (struct err){ 0 };
    assert_int_equal(run_open(&r, dir, &e), OK); /* resume.h5 decides */
    assert_int_equal(r.found.state, RUN_FAILED);
    run_close(&r);
}

static void test_run__finished_run_is_not_overwritten(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "done");
    assert_int_equal(run_status_write(&r, RUN_DONE, 1500, NULL, &e), OK);
    run_close(&r);
    check_refused(dir, ERR_BUSY,
                  "done already holds a run (done at step 1500): give "
                  "another run.dir, or make it longer with `sinklab train /");
    new_run(&r, dir, "killed");
    assert_int_equal(run_status_write(&r, RUN_RUNNING, 0, NULL, &e), OK);
    touch(dir, "checkpoints/step-00000000.h5");
    run_close(&r);
    check_refused(dir, ERR_BUSY, "already holds a run (interrupted)");
}

static void test_run__pending_folder_is_taken_over(void **state)
{
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "pending");
    touch(dir, "config.ini");
    run_close(&r);
    new_run(&r, dir, "pending");
    touch(dir, "checkpoints/step-00000000.h5");
    run_close(&r);
    check_refused(dir, ERR_BUSY, "already holds a run (waiting at step 0)");
}

/* A start that failed, or was killed, before anything was computed. */
static void test_run__a_start_that_came_to_nothing_is_no_run(void **state)
{
    static const enum run_state states[] = { RUN_RUNNING, RUN_FAILED };
    struct run_folder r;
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    (void)state;
    for (idx i = 0; i < COUNT_OF(states); i++) {
        new_run(&r, dir, i ? "failed early" : "killed early");
        run_path(path, dir, "metrics.csv");
        test_write_file(path, "step,loss\n", 10);
        assert_int_equal(run_status_write(&r, states[i], 0, NULL, ERR_IGNORED),
                         OK);
        run_close(&r);
        new_run(&r, dir, i ? "failed early" : "killed early");
        assert_int_equal(run_status_write(&r, states[i], 3, NULL, ERR_IGNORED),
                         OK);
        run_close(&r);
        test_write_file(path, "step,loss\n0,4\n", 14);
        check_refused(dir, ERR_BUSY, "already holds a run");
    }
}

/* Of a done run somebody may have removed the numbers: still it was one. */
static void test_run__a_run_that_is_over_is_one_without_numbers(void **state)
{
    static const enum run_state states[] = { RUN_DONE, RUN_PREEMPTED,
                                             RUN_DIVERGED, RUN_STOPPED };
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run(&r, dir, "over");
    run_close(&r);
    for (idx i = 0; i < COUNT_OF(states); i++) {
        assert_int_equal(run_open(&r, dir, ERR_IGNORED), OK);
        assert_int_equal(run_status_write(&r, states[i], 9, NULL, ERR_IGNORED),
                         OK);
        run_close(&r);
        check_refused(dir, ERR_BUSY, "already holds a run");
    }
}

static void test_run__what_cannot_be_looked_at_is_not_absent(void **state)
{
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    struct err e = { 0 };
    bool holds = true;
    (void)state;
    new_run_path(dir, "loops");
    assert_int_equal(fsys_mkdirs(dir, &e), OK);
    run_path(path, dir, "status");
    assert_int_equal(symlink("status", path), 0);
    assert_int_equal(run_holds_run(&holds, dir, &e), ERR_IO);
    check_says(&e, "status: cannot look at it: ");
    check_refused(dir, ERR_IO, "cannot look at it");
}

static void test_run__foreign_files_are_not_overwritten(void **state)
{
    char dir[RUN_DIR_MAX];
    struct err e = { 0 };
    (void)state;
    new_run_path(dir, "home");
    assert_int_equal(fsys_mkdirs(dir, &e), OK);
    touch(dir, "notes.txt");
    touch(dir, "config.ini");
    check_refused(dir, ERR_BUSY, "no run folder but holds a file config.ini");
    assert_false(exists(dir, "status"));
    assert_false(exists(dir, "checkpoints"));
    assert_false(holds_run(dir));
}

static void test_run__names_may_hold_spaces_and_slashes(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], slashes[RUN_DIR_MAX + 8];
    (void)state;
    new_run(&r, dir, "my run; it's new");
    assert_int_equal(run_status_write(&r, RUN_PREEMPTED, 7, NULL, &e), OK);
    run_close(&r);
    check_refused(dir, ERR_BUSY, "my run; it'\\''s new'`, or give");
    snprintf(slashes, sizeof slashes, "%s///", dir);
    assert_int_equal(run_open(&r, slashes, &e), OK);
    assert_string_equal(r.dir, dir);
    assert_int_equal(r.found.state, RUN_PREEMPTED);
    assert_int_equal(r.found.step, 7);
    run_close(&r);
}

static void test_run__bad_paths_are_refused(void **state)
{
    char dir[RUN_DIR_MAX], longest[2 * RUN_DIR_MAX];
    struct run_folder r;
    struct err e = { 0 };
    (void)state;
    check_refused("", ERR_CONFIG, "empty");
    memset(longest, 'x', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    check_refused(longest, ERR_CONFIG, "want at most 1023");
    assert_false(holds_run(longest));
    touch(test_dir(), "file");
    new_run_path(dir, "file");
    check_refused(dir, ERR_IO, "file");
    new_run_path(dir, "nothing here");
    assert_int_equal(run_open(&r, dir, &e), ERR_USAGE);
    check_says(&e, "nothing here: no such file or folder: give the folder");
    assert_false(exists(dir, ""));
}

/* Whatever call fails, the status read back is the old one or the new one. */
static void test_run__status_is_old_or_new_whatever_fails(void **state)
{
    struct run_folder r;
    char dir[RUN_DIR_MAX];
    int rc = ERR_IO;
    (void)state;
    new_run(&r, dir, "atomic");
    for (long n = 1; rc != OK; n++) {
        struct run_status s;
        struct err e = { 0 }, ignored = { 0 };
        assert_true(n < 50);
        assert_int_equal(run_status_write(&r, RUN_RUNNING, n, NULL, &e), OK);
        fsys_fail_at(n, ENOSPC);
        rc = run_status_write(&r, RUN_DONE, n, NULL, &e);
        fsys_fail_at(0, 0);
        assert_int_equal(run_status_read(&s, dir, &ignored), OK);
        assert_true(s.state == RUN_DONE || (rc && s.state == RUN_RUNNING));
        assert_int_equal(s.step, n);
    }
    run_close(&r);
}

static void test_run__temporary_files_of_the_dead_are_removed(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], name[64];
    (void)state;
    new_run(&r, dir, "stale");
    run_close(&r);
    snprintf(name, sizeof name, "checkpoints/.tmp-%ld-resume.h5",
             (long)getpid());
    touch(dir, name);
    assert_int_equal(run_open(&r, dir, &e), OK);
    assert_false(exists(dir, name));
    run_close(&r);
}

/* Killed, and its parent has not asked how it ended: it still has its id. */
static void test_run__temporary_files_of_a_zombie_are_removed(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    siginfo_t info;
    char dir[RUN_DIR_MAX], name[64];
    (void)state;
    new_run(&r, dir, "zombie");
    run_close(&r);
    pid_t child = fork();
    if (child == 0)
        raise(SIGKILL);
    assert_int_equal(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    snprintf(name, sizeof name, "checkpoints/.tmp-%ld-resume.h5", (long)child);
    touch(dir, name);
    assert_int_equal(run_open(&r, dir, &e), OK);
    assert_false(exists(dir, name));
    run_close(&r);
    waitpid(child, NULL, 0);
}

static void test_run__lists_checkpoints_by_step(void **state)
{
    static const char *const others[] = {
        "checkpoints/step-1.h5",         "checkpoints/step-00000003.h5.bak",
        "checkpoints/step-000000004.h5", "checkpoints/step--0000005.h5",
        "checkpoints/resume.h5",         "checkpoints/.tmp-1-step-00000006.h5",
        "checkpoints/step-00000007.csv", "checkpoints/Step-00000008.h5",
    };
    static const idx steps[] = { 1024, 0, 123456789, 512, 99999999 };
    static const idx sorted[] = { 0, 512, 1024, 99999999, 123456789 };
    struct run_folder r;
    struct step_list list = { 0 };
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    (void)state;
    new_run(&r, dir, "list");
    assert_int_equal(run_list_checkpoints(&list, dir, &e), OK);
    assert_int_equal(list.n, 0);
    step_list_release(&list);
    for (idx i = 0; i < COUNT_OF(others); i++)
        touch(dir, others[i]);
    for (idx i = 0; i < COUNT_OF(steps); i++) {
        run_step_path(path, dir, steps[i]);
        test_write_file(path, "x", 1);
    }
    assert_int_equal(run_list_checkpoints(&list, dir, &e), OK);
    assert_int_equal(list.n, COUNT_OF(steps));
    assert_memory_equal(list.steps, sorted, sizeof sorted);
    step_list_release(&list);
    run_close(&r);
}

static void test_run__no_folder_holds_no_checkpoints(void **state)
{
    struct step_list list = { 0 };
    struct err e = { 0 };
    char dir[RUN_DIR_MAX];
    (void)state;
    new_run_path(dir, "nowhere");
    assert_int_equal(run_list_checkpoints(&list, dir, &e), OK);
    assert_int_equal(list.n, 0);
    step_list_release(&list);
}

static void test_run__config_is_replaced_whole(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX], *text;
    size_t n;
    (void)state;
    new_run(&r, dir, "config");
    assert_int_equal(run_config_write(&r, "[run]\nseed = 12\n", &e), OK);
    assert_int_equal(run_config_write(&r, "[run]\n", &e), OK);
    run_path(path, dir, "config.ini");
    assert_int_equal(fsys_read_file(&text, &n, path, 100, &e), OK);
    assert_memory_equal(text, "[run]\n; seal = ", 15);
    assert_int_equal(n, 32);
    free(text);
    run_close(&r);
}

/* Every changed byte of status and manifest.ini is told; a status of an older
 * version, without seal, is read. */
static void test_run__changed_bytes_are_told(void **state)
{
    static const char *const names[] = { "status", "manifest.ini" };
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    (void)state;
    new_run(&r, dir, "flipped");
    run_path(path, dir, "manifest.ini");
    static const char manifest[] = "; what\n[run]\nid = 0123456789abcdef\n";
    assert_int_equal(sealed_text_write(path, manifest, strlen(manifest), &e),
                     OK);
    assert_int_equal(run_status_write(&r, RUN_RUNNING, 7, "why", &e), OK);
    run_close(&r);
    for (idx k = 0; k < COUNT_OF(names); k++) {
        char *text;
        size_t n;
        run_path(path, dir, names[k]);
        assert_int_equal(fsys_read_file(&text, &n, path, 4096, &e), OK);
        for (size_t i = 0; i < n; i++)
            for (int bit = 0; bit < 8; bit++) {
                struct run_status s;
                struct err told = { 0 };
                text[i] = (char)(text[i] ^ 1 << bit);
                test_write_file(path, text, n);
                int rc = k == 0 ? run_status_read(&s, dir, &told)
                                : run_open(&r, dir, &told);
                assert_int_equal(rc, ERR_DATA);
                check_says(&told, names[k]);
                text[i] = (char)(text[i] ^ 1 << bit);
            }
        test_write_file(path, text, n);
        free(text);
    }
    assert_int_equal(run_open(&r, dir, &e), OK);
    assert_string_equal(r.id, "0123456789abcdef");
    assert_int_equal(r.found.step, 7);
    run_close(&r);
    struct run_status s;
    run_path(path, dir, "status");
    test_write_file(path, "done\nstep 9, TIME\n", 18);
    assert_int_equal(run_status_read(&s, dir, &e), OK);
    assert_int_equal(s.step, 9);
}

/* An error of the system is not "no manifest": the id is not drawn anew. */
static void test_run__a_manifest_that_cannot_be_read_is_told(void **state)
{
    struct run_folder r;
    struct err e = { 0 };
    char dir[RUN_DIR_MAX], path[RUN_PATH_MAX];
    (void)state;
    new_run(&r, dir, "unread");
    run_close(&r);
    run_path(path, dir, "manifest.ini");
    assert_int_equal(symlink("manifest.ini", path), 0); /* ELOOP */
    assert_int_equal(run_open(&r, dir, &e), ERR_IO);
    check_says(&e, "manifest.ini: cannot look at it");
    unlink(path);
    assert_int_equal(mkdir(path, 0777), 0);
    e = (struct err){ 0 };
    assert_int_equal(run_open(&r, dir, &e), ERR_IO);
    check_says(&e, "manifest.ini: got a folder, want a file");
}

static void test_run__documents_tell_of_every_file(void **state)
{
    char *page;
    size_t n;
    struct err e = { 0 };
    (void)state;
    assert_int_equal(fsys_read_file(&page, &n, "docs/FORMATS.md", 1 << 20, &e),
                     OK);
    for (const struct run_file *f = run_files; f->name; f++) {
        assert_true(run_file_is_one(f->name));
        if (!strstr(page, f->name))
            fail_msg("no word of %s", f->name);
    }
    assert_true(run_file_is_one("resume.h5"));
    assert_true(run_file_is_one("step-00000012.h5"));
    assert_false(run_file_is_one("step-12.h5"));
    assert_false(run_file_is_one("table.csv"));
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_run__new_folder_is_pending),
        cmocka_unit_test(test_run__a_folder_called_status_is_no_run),
        cmocka_unit_test(test_run__states_and_reasons_come_back),
        cmocka_unit_test(test_run__reason_stays_on_its_line),
        cmocka_unit_test(test_run__unknown_state_is_refused),
        cmocka_unit_test(test_run__finished_run_is_not_overwritten),
        cmocka_unit_test(test_run__pending_folder_is_taken_over),
        cmocka_unit_test(test_run__a_start_that_came_to_nothing_is_no_run),
        cmocka_unit_test(test_run__a_run_that_is_over_is_one_without_numbers),
        cmocka_unit_test(test_run__what_cannot_be_looked_at_is_not_absent),
        cmocka_unit_test(test_run__foreign_files_are_not_overwritten),
        cmocka_unit_test(test_run__names_may_hold_spaces_and_slashes),
        cmocka_unit_test(test_run__bad_paths_are_refused),
        cmocka_unit_test(test_run__status_is_old_or_new_whatever_fails),
        cmocka_unit_test(test_run__temporary_files_of_the_dead_are_removed),
        cmocka_unit_test(test_run__temporary_files_of_a_zombie_are_removed),
        cmocka_unit_test(test_run__lists_checkpoints_by_step),
        cmocka_unit_test(test_run__no_folder_holds_no_checkpoints),
        cmocka_unit_test(test_run__config_is_replaced_whole),
        cmocka_unit_test(test_run__documents_tell_of_every_file),
        cmocka_unit_test(test_run__changed_bytes_are_told),
        cmocka_unit_test(test_run__a_manifest_that_cannot_be_read_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
