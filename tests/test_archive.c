/* An archive never replaces what is there, whenever that came. */
#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "report/archive.h"

enum { PATH_BYTES = 512 };

static const char *path_to(const char *name)
{
    static char path[4][PATH_BYTES];
    static int next;
    char *p = path[next++ % 4];
    snprintf(p, PATH_BYTES, "%s/%s", test_dir(), name);
    return p;
}

static void check_text(const char *name, const char *want)
{
    char *text;
    size_t n;
    struct err e = { 0 };
    if (fsys_read_file(&text, &n, path_to(name), 1 << 20, &e) != OK)
        fail_msg("%s", e.text);
    assert_string_equal(text, want);
    free(text);
}

/* As if it appeared after archive_check. */
static void test_archive__a_file_that_appears_is_kept(void **state)
{
    static const char *const names[] = { "run" };
    struct err e = { 0 };
    (void)state;
    assert_int_equal(fsys_mkdirs(path_to("run"), &e), OK);
    test_write_file(path_to("run/a"), "1", 1);
    test_write_file(path_to("there.tgz"), "mine", 4);
    assert_int_equal(
        archive_write(path_to("there.tgz"), test_dir(), names, 1, 2, &e),
        ERR_IO);
    assert_non_null(strstr(e.text, "File exists"));
    check_text("there.tgz", "mine");
    e = (struct err){ 0 };
    assert_int_equal(
        archive_write(path_to("new.tgz"), test_dir(), names, 1, 2, &e), OK);
    assert_int_equal(access(path_to("new.tgz"), R_OK), 0);
}

static void test_fsys_calls__rename_new_replaces_nothing(void **state)
{
    (void)state;
    test_write_file(path_to("from"), "from", 4);
    test_write_file(path_to("to"), "to", 2);
    errno = 0;
    assert_int_equal(fsys_call_rename_new(path_to("from"), path_to("to")), -1);
    assert_int_equal(errno, EEXIST);
    check_text("to", "to");
    check_text("from", "from");
    assert_int_equal(unlink(path_to("to")), 0);
    assert_int_equal(fsys_call_rename_new(path_to("from"), path_to("to")), 0);
    check_text("to", "from");
    assert_int_equal(access(path_to("from"), F_OK), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_archive__a_file_that_appears_is_kept),
        cmocka_unit_test(test_fsys_calls__rename_new_replaces_nothing),
    };
    return cmocka_run_group_tests_name("archive", tests, NULL, NULL);
}
