/* Folders are removed whole, or stay, or leave remains that say so. */
#include "harness.h"

#include <errno.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fsys.h"
#include "io/fsys_calls.h"
#include "io/fsys_tree.h"

enum { PATH_BYTES = 512, CALLS_MAX = 100 };

/* A folder with 3 files, 6 bytes, 2 folders, and a link to what must stay. */
static void put_tree(void)
{
    struct err e = { 0 };
    assert_int_equal(fsys_mkdirs(test_path("outside"), &e), OK);
    test_write_file(test_path("outside/kept"), "kept", 4);
    assert_int_equal(fsys_mkdirs(test_path("tree/inner"), &e), OK);
    test_write_file(test_path("tree/a"), "123", 3);
    test_write_file(test_path("tree/inner/b"), "456", 3);
    if (symlink(test_path("outside"), test_path("tree/link")) &&
        errno != EEXIST)
        fail_msg("no link");
}

static bool is_there(const char *name)
{
    struct stat st;
    return lstat(test_path(name), &st) == 0;
}

/* The name of the remains, or NULL. */
static const char *find_remains(void)
{
    static char name[256];
    DIR *dir = opendir(test_dir());
    bool is_found = false;
    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir));)
        if (fsys_tree_is_remains(d->d_name)) {
            snprintf(name, sizeof name, "%s", d->d_name);
            is_found = true;
        }
    closedir(dir);
    return is_found ? name : NULL;
}

static void test_fsys_tree__measures_without_following_links(void **state)
{
    (void)state;
    struct fsys_size size = { 0 };
    struct err e = { 0 };
    put_tree();
    assert_int_equal(fsys_tree_measure(&size, test_path("tree/a"), &e), OK);
    assert_true(size.files == 1 && size.folders == 0 && size.bytes == 3);
    size = (struct fsys_size){ 0 };
    assert_int_equal(fsys_tree_measure(&size, test_path("tree"), &e), OK);
    assert_int_equal(size.files, 3);
    assert_int_equal(size.folders, 2);
    assert_true(size.bytes >= 6);
}

static void test_fsys_tree__removes_all_but_what_links_lead_to(void **state)
{
    (void)state;
    struct err e = { 0 };
    put_tree();
    char slashes[PATH_BYTES];
    snprintf(slashes, sizeof slashes, "%s//", test_path("tree"));
    assert_int_equal(fsys_tree_remove(slashes, &e), OK);
    assert_false(is_there("tree"));
    assert_null(find_remains());
    assert_true(is_there("outside/kept"));
}

static void test_fsys_tree__what_is_no_folder_stays(void **state)
{
    (void)state;
    static const char *const names[] = { "tree/a", "tree/link", "missing" };
    put_tree();
    for (idx i = 0; i < COUNT_OF(names); i++) {
        struct err e = { 0 };
        assert_int_equal(fsys_tree_remove(test_path(names[i]), &e), ERR_IO);
        assert_non_null(strstr(e.text, names[i]));
    }
    assert_true(is_there("tree/a") && is_there("outside/kept"));
}

/* Whichever call fails, from then on or once: the folder is whole under its
 * name, or not there; what is left of it can be cleared. */
static void test_fsys_tree__any_failure_leaves_all_or_remains(void **state)
{
    (void)state;
    for (int lasting = 0; lasting < 2; lasting++) {
        int rc = ERR_IO;
        long n_failures = 0;
        for (long n = 1; rc != OK && n < CALLS_MAX; n++) {
            struct err e = { 0 };
            put_tree();
            (lasting ? fsys_fail_from : fsys_fail_at)(n, EIO);
            rc = fsys_tree_remove(test_path("tree"), &e);
            fsys_fail_at(0, 0);
            n_failures += rc != OK;
            assert_true(rc == OK || rc == ERR_IO);
            bool is_whole = is_there("tree/a") && is_there("tree/inner/b");
            assert_true(is_whole || !is_there("tree"));
            const char *left = find_remains();
            assert_true(!left || !is_whole);
            if (left)
                assert_int_equal(fsys_tree_clear(test_path(left), &e), OK);
            assert_null(find_remains());
        }
        assert_int_equal(rc, OK);
        assert_true(n_failures >= 6); /* rename fsync 3 files 2 folders */
    }
    assert_true(is_there("outside/kept"));
}

static void test_fsys_tree__remains_of_a_namesake_are_no_obstacle(void **state)
{
    (void)state;
    char left[64];
    struct err e = { 0 };
    snprintf(left, sizeof left, ".removed-%ld-tree", (long)getpid());
    assert_int_equal(fsys_mkdirs(test_path(left), &e), OK);
    put_tree();
    assert_int_equal(fsys_tree_remove(test_path("tree"), &e), OK);
    assert_false(is_there("tree"));
    assert_true(is_there(left));
    assert_int_equal(fsys_tree_clear(test_path(left), &e), OK);
    assert_int_equal(fsys_tree_clear(test_path(left), &e), OK); /* gone: fine */
    assert_null(find_remains());
}

static void test_fsys_tree__remains_are_known_by_their_whole_name(void **state)
{
    (void)state;
    static const char *const others[] = {
        ".removed-",  ".removed-x",    ".removed-12",    ".removed-12-",
        ".removed--", ".removed-x-12", ".removed-old-a", "removed-1-a",
    };
    for (idx i = 0; i < COUNT_OF(others); i++)
        assert_false(fsys_tree_is_remains(others[i]));
    assert_true(fsys_tree_is_remains(".removed-12-a"));
    assert_true(fsys_tree_is_remains(".removed-1--"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fsys_tree__measures_without_following_links),
        cmocka_unit_test(test_fsys_tree__removes_all_but_what_links_lead_to),
        cmocka_unit_test(test_fsys_tree__what_is_no_folder_stays),
        cmocka_unit_test(test_fsys_tree__any_failure_leaves_all_or_remains),
        cmocka_unit_test(test_fsys_tree__remains_of_a_namesake_are_no_obstacle),
        cmocka_unit_test(test_fsys_tree__remains_are_known_by_their_whole_name),
    };
    return cmocka_run_group_tests_name("fsys_tree", tests, NULL, NULL);
}
