/* Files are replaced whole or not at all, whichever system call fails. */
#include "harness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fsys.h"
#include "io/fsys_calls.h"

enum { CAP_BYTES = 1 << 20, CALLS_MAX = 100 };

static const char *in_dir(char path[FSYS_PATH_MAX], const char *name)
{
    snprintf(path, FSYS_PATH_MAX, "%s/%s", test_dir(), name);
    return path;
}

static void assert_holds(const char *path, const char *text)
{
    struct err e = { 0 };
    char *bytes = NULL;
    size_t n = 0;
    assert_int_equal(fsys_read_file(&bytes, &n, path, CAP_BYTES, &e), OK);
    assert_string_equal(bytes, text);
    assert_int_equal(n, strlen(text));
    free(bytes);
}

static int replace(const char *path, const char *text, struct err *e)
{
    return fsys_replace(path, text, strlen(text), e);
}

static int append(const char *path, const char *text, struct err *e)
{
    return fsys_append(path, -1, text, strlen(text), e);
}

static void test_fsys__replace_makes_exactly_these_bytes(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    const struct fsys_part parts[] = { { "one ", 4 }, { "", 0 }, { "two", 3 } };
    (void)state;
    in_dir(path, "replaced");
    assert_int_equal(replace(path, "a longer text than the next", &e), OK);
    assert_int_equal(fsys_replace_parts(path, parts, 3, &e), OK);
    assert_holds(path, "one two");
    assert_int_equal(fsys_replace(path, NULL, 0, &e), OK);
    assert_holds(path, "");
    assert_int_equal(test_count(".tmp-"), 0);
}

static void test_fsys__any_one_failure_leaves_old_or_new(void **state)
{
    char path[FSYS_PATH_MAX];
    const int errors[] = { ENOSPC, EIO, EROFS };
    long n_failures = 0;
    (void)state;
    in_dir(path, "any-one");
    for (idx i = 0; i < COUNT_OF(errors); i++) {
        int rc = ERR_IO;
        for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
            struct err e = { 0 };
            char *bytes = NULL;
            size_t size;
            assert_int_equal(replace(path, "old", &e), OK);
            fsys_fail_at(n, errors[i]);
            rc = replace(path, "new text", &e);
            fsys_fail_at(0, 0);
            assert_true(rc == OK || rc == ERR_IO);
            n_failures += rc == ERR_IO;
            assert_int_equal(fsys_read_file(&bytes, &size, path, CAP_BYTES, &e),
                             OK);
            assert_true(strcmp(bytes, "new text") == 0 ||
                        (rc == ERR_IO && strcmp(bytes, "old") == 0));
            free(bytes);
            assert_int_equal(test_count(".tmp-"), 0);
        }
        assert_int_equal(rc, OK);
    }
    assert_true(n_failures >= 3 * 6); /* open write fsync close rename fsync */
}

static void test_fsys__lasting_failure_keeps_the_old_file(void **state)
{
    char path[FSYS_PATH_MAX];
    int rc = ERR_IO;
    (void)state;
    in_dir(path, "lasting");
    for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
        struct err e = { 0 };
        char *bytes = NULL;
        size_t size;
        assert_int_equal(replace(path, "old", &e), OK);
        fsys_fail_from(n, ENOSPC);
        rc = replace(path, "new text", &e);
        fsys_fail_at(0, 0);
        assert_int_equal(fsys_read_file(&bytes, &size, path, CAP_BYTES, &e),
                         OK);
        assert_true(strcmp(bytes, "old") == 0 ||
                    strcmp(bytes, "new text") == 0);
        free(bytes);
        assert_int_equal(fsys_remove_stale(test_dir(), &e), OK);
        assert_int_equal(test_count(".tmp-"), 0);
    }
    assert_int_equal(rc, OK);
}

/* Two pieces through a stream. */
static int stream(const char *path, struct err *e)
{
    struct fsys_stream s;
    int rc = fsys_stream_open(&s, path, e);
    for (int i = 0; i < 2 && rc == OK; i++)
        rc = fsys_stream_write(&s, i ? "two" : "one ", i ? 3 : 4, e);
    rc = rc == OK ? fsys_stream_finish(&s, e) : rc;
    rc = rc == OK ? fsys_stream_place(&s, e) : rc;
    fsys_stream_drop(&s);
    return rc;
}

static void test_fsys__a_stream_is_placed_whole_or_gone(void **state)
{
    char path[FSYS_PATH_MAX];
    int rc = ERR_IO;
    long n_failures = 0;
    (void)state;
    in_dir(path, "streamed");
    for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
        struct err e = { 0 };
        assert_int_equal(replace(path, "old", &e), OK);
        fsys_fail_at(n, ENOSPC);
        rc = stream(path, &e);
        fsys_fail_at(0, 0);
        assert_int_equal(rc, e.code);
        assert_holds(path, rc == OK ? "one two" : "old");
        assert_int_equal(test_count(".tmp-"), 0);
        n_failures += rc != OK;
    }
    assert_int_equal(rc, OK);
    assert_int_equal(n_failures, 6); /* open write write fsync close rename */
}

/* Another name of the same file, or where there is none to be had a copy; of
 * one that is there already too. */
static void test_fsys__a_file_is_shared_or_copied(void **state)
{
    char from[FSYS_PATH_MAX], path[FSYS_PATH_MAX];
    struct err e = { 0 };
    struct stat a, b;
    (void)state;
    in_dir(from, "from");
    in_dir(path, "shared");
    assert_int_equal(replace(from, "some bytes", &e), OK);
    assert_int_equal(fsys_share(path, from, &e), OK);
    assert_int_equal(stat(from, &a) || stat(path, &b), 0);
    assert_true(a.st_ino == b.st_ino);
    assert_int_equal(unlink(path), 0);
    fsys_fail_at(1, EXDEV); /* the link */
    assert_int_equal(fsys_share(path, from, &e), OK);
    fsys_fail_at(0, 0);
    assert_int_equal(stat(path, &b), 0);
    assert_true(a.st_ino != b.st_ino);
    assert_holds(path, "some bytes");
    for (long n = 1; n < 6; n++) {
        struct err own = { 0 };
        assert_int_equal(replace(path, "old", &e), OK);
        fsys_fail_at(n, ENOSPC);
        int rc = fsys_copy(path, from, &own);
        fsys_fail_at(0, 0);
        assert_int_equal(rc, ERR_IO);
        assert_non_null(strstr(own.text, "shared"));
        assert_int_equal(test_count(".tmp-"), 0);
    }
    assert_int_equal(fsys_copy(path, "no such file", &e), ERR_IO);
}

static void test_fsys__only_an_empty_folder_is_removed(void **state)
{
    char path[FSYS_PATH_MAX], inner[FSYS_PATH_MAX];
    struct err e = { 0 };
    bool is_there;
    (void)state;
    assert_int_equal(fsys_mkdirs(in_dir(path, "removed"), &e), OK);
    test_write_file(in_dir(inner, "removed/file"), "x", 1);
    assert_int_equal(fsys_remove_folder(path, &e), OK);
    assert_holds(inner, "x");
    assert_int_equal(fsys_remove(inner, &e), OK);
    fsys_fail_at(1, EIO);
    assert_int_equal(fsys_remove_folder(path, &e), ERR_IO);
    fsys_fail_at(0, 0);
    e = (struct err){ 0 };
    assert_int_equal(fsys_remove_folder(path, &e), OK);
    assert_int_equal(fsys_exists(&is_there, path, &e), OK);
    assert_false(is_there);
    assert_int_equal(fsys_remove_folder(path, &e), OK);
}

static void test_fsys__a_signal_interrupts_nothing(void **state)
{
    char path[FSYS_PATH_MAX];
    (void)state;
    in_dir(path, "signal");
    for (long n = 1; n <= 5; n++) { /* open reserve write fsync close */
        struct err e = { 0 };
        assert_int_equal(replace(path, "old", &e), OK);
        fsys_fail_at(n, EINTR);
        assert_int_equal(replace(path, "new text", &e), OK);
        fsys_fail_at(0, 0);
        assert_holds(path, "new text");
    }
}

static void test_fsys__a_full_disk_is_told_with_a_remedy(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    (void)state;
    in_dir(path, "full");
    fsys_fail_at(2, ENOSPC);
    assert_int_equal(replace(path, "text", &e), ERR_IO);
    fsys_fail_at(0, 0);
    assert_non_null(strstr(e.text, path));
    assert_non_null(strstr(e.text, "No space left on device"));
    assert_non_null(strstr(e.text, "free some space"));
}

static void test_fsys__a_dead_namesake_is_no_obstacle(void **state)
{
    char path[FSYS_PATH_MAX], temp[FSYS_PATH_MAX], name[64];
    struct err e = { 0 };
    (void)state;
    snprintf(name, sizeof name, ".tmp-%ld-namesake", (long)getpid());
    test_write_file(in_dir(temp, name), "left over", 9);
    assert_int_equal(replace(in_dir(path, "namesake"), "text", &e), OK);
    assert_holds(path, "text");
    assert_int_equal(test_count(".tmp-"), 0);
}

static void test_fsys__no_folder_is_an_error(void **state)
{
    char path[FSYS_PATH_MAX], longer[FSYS_PATH_MAX + 8];
    struct err e = { 0 }, e2 = { 0 };
    (void)state;
    assert_int_equal(replace(in_dir(path, "no/such"), "text", &e), ERR_IO);
    assert_non_null(strstr(e.text, path));
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    assert_int_equal(replace(longer, "text", &e2), ERR_IO);
}

static void test_fsys__append_leaves_no_torn_row(void **state)
{
    char path[FSYS_PATH_MAX];
    int rc = ERR_IO;
    (void)state;
    for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
        struct err e = { 0 };
        char *bytes = NULL;
        size_t size;
        fsys_remove(in_dir(path, "rows.csv"), &e);
        assert_int_equal(append(path, "step,loss\n", &e), OK);
        fsys_fail_at(n, ENOSPC);
        rc = append(path, "1,5.25\n", &e);
        fsys_fail_at(0, 0);
        assert_int_equal(fsys_read_file(&bytes, &size, path, CAP_BYTES, &e),
                         OK);
        assert_true(strcmp(bytes, "step,loss\n1,5.25\n") == 0 ||
                    (rc == ERR_IO && strcmp(bytes, "step,loss\n") == 0));
        free(bytes);
    }
    assert_int_equal(rc, OK);
}

static void test_fsys__truncate_shortens_and_never_lengthens(void **state)
{
    char path[FSYS_PATH_MAX];
    struct err e = { 0 };
    (void)state;
    test_write_file(in_dir(path, "cut"), "a\nb\nc\n", 6);
    assert_int_equal(fsys_truncate(path, 4, &e), OK);
    assert_int_equal(fsys_sync(path, &e), OK);
    assert_holds(path, "a\nb\n");
    assert_int_equal(fsys_truncate(path, 5, &e), ERR_IO);
    assert_holds(path, "a\nb\n");
}

static void test_fsys__mkdirs_makes_what_is_missing(void **state)
{
    char path[FSYS_PATH_MAX], file[FSYS_PATH_MAX];
    struct err e = { 0 };
    struct stat st;
    (void)state;
    assert_int_equal(fsys_mkdirs(in_dir(path, "a/b//c/"), &e), OK);
    assert_int_equal(fsys_mkdirs(path, &e), OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISDIR(st.st_mode));
    test_write_file(in_dir(file, "a/file"), "", 0);
    assert_int_equal(fsys_mkdirs(in_dir(path, "a/file/d"), &e), ERR_IO);
    assert_non_null(strstr(e.text, "a/file"));
}

static void test_fsys__stale_means_a_dead_writer(void **state)
{
    char dir[FSYS_PATH_MAX], path[FSYS_PATH_MAX], name[64];
    struct err e = { 0 };
    const char *kept[] = { "s/.tmp-1-alive", "s/.tmp-", "s/.tmp-x-y",
                           "s/step-00000001.h5" };
    (void)state;
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    waitpid(child, NULL, 0);
    assert_int_equal(fsys_mkdirs(in_dir(dir, "s"), &e), OK);
    snprintf(name, sizeof name, "s/.tmp-%ld-dead", (long)child);
    test_write_file(in_dir(path, name), "", 0);
    for (idx i = 0; i < COUNT_OF(kept); i++)
        test_write_file(in_dir(path, kept[i]), "", 0);
    char folder[FSYS_PATH_MAX], folder_name[64];
    snprintf(folder_name, sizeof folder_name, "s/.tmp-%ld-x", (long)child);
    assert_int_equal(fsys_mkdirs(in_dir(folder, folder_name), &e), OK);
    assert_int_equal(fsys_remove_stale(dir, &e), OK);
    assert_int_equal(access(folder, F_OK), 0);
    assert_int_not_equal(access(in_dir(path, name), F_OK), 0);
    for (idx i = 0; i < COUNT_OF(kept); i++)
        assert_int_equal(access(in_dir(path, kept[i]), F_OK), 0);
    assert_int_equal(fsys_remove_stale(in_dir(path, "none"), &e), OK);
}

static void test_fsys__stale_files_of_others_may_stay(void **state)
{
    char dir[FSYS_PATH_MAX], path[FSYS_PATH_MAX], kept[FSYS_PATH_MAX], name[64];
    struct err e = { 0 };
    (void)state;
    assert_int_equal(fsys_mkdirs(in_dir(dir, "o"), &e), OK);
    snprintf(name, sizeof name, "o/.tmp-%ld-own", (long)getpid());
    test_write_file(in_dir(path, name), "", 0);
    snprintf(name, sizeof name, "o/.tmp-%ld-its-own", (long)getpid());
    test_write_file(in_dir(kept, name), "", 0);
    assert_int_equal(fsys_remove_stale_of(in_dir(dir, "o/own"), &e), OK);
    assert_int_not_equal(access(path, F_OK), 0);
    assert_int_equal(access(kept, F_OK), 0);
}

static void test_fsys__only_regular_files_are_read(void **state)
{
    char path[FSYS_PATH_MAX];
    char *bytes = NULL;
    size_t n;
    (void)state;
    assert_int_equal(mkfifo(in_dir(path, "pipe"), 0600), 0);
    test_write_file(in_dir(path, "large"), "123456", 6);
    const char *bad[] = { "missing", "pipe", "large", "." };
    for (idx i = 0; i < COUNT_OF(bad); i++) {
        struct err e = { 0 };
        in_dir(path, bad[i]);
        assert_int_equal(fsys_read_file(&bytes, &n, path, 5, &e), ERR_IO);
        assert_non_null(strstr(e.text, path));
        assert_null(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fsys__replace_makes_exactly_these_bytes),
        cmocka_unit_test(test_fsys__any_one_failure_leaves_old_or_new),
        cmocka_unit_test(test_fsys__lasting_failure_keeps_the_old_file),
        cmocka_unit_test(test_fsys__a_stream_is_placed_whole_or_gone),
        cmocka_unit_test(test_fsys__a_file_is_shared_or_copied),
        cmocka_unit_test(test_fsys__only_an_empty_folder_is_removed),
        cmocka_unit_test(test_fsys__a_signal_interrupts_nothing),
        cmocka_unit_test(test_fsys__a_full_disk_is_told_with_a_remedy),
        cmocka_unit_test(test_fsys__a_dead_namesake_is_no_obstacle),
        cmocka_unit_test(test_fsys__no_folder_is_an_error),
        cmocka_unit_test(test_fsys__append_leaves_no_torn_row),
        cmocka_unit_test(test_fsys__truncate_shortens_and_never_lengthens),
        cmocka_unit_test(test_fsys__mkdirs_makes_what_is_missing),
        cmocka_unit_test(test_fsys__stale_means_a_dead_writer),
        cmocka_unit_test(test_fsys__stale_files_of_others_may_stay),
        cmocka_unit_test(test_fsys__only_regular_files_are_read),
    };
    return cmocka_run_group_tests_name("fsys", tests, NULL, NULL);
}
