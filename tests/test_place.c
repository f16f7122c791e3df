/* Where paths lead: relative ones, through links, to what is not there yet. */
#include "harness.h"

#include "io/place.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The folder that tests write to, which may itself be behind a link. */
static char root[FSYS_PATH_MAX];

static void expect_place(const char *path, const char *want)
{
    char place[FSYS_PATH_MAX], whole[2 * FSYS_PATH_MAX];
    struct err e = { 0 };
    if (place_find(place, path, &e))
        fail_msg("%s: %s", path, e.text);
    snprintf(whole, sizeof whole, "%s%s", *want == '/' ? "" : root, want);
    if (strcmp(place, *want == '/' && want[1] == '/' ? want + 1 : whole) != 0)
        fail_msg("%s: got %s, want %s", path, place, whole);
}

static int set_up(void **state)
{
    (void)state;
    char *real_path = realpath(test_dir(), NULL);
    snprintf(root, sizeof root, "%s/", real_path);
    free(real_path);
    return chdir(root) || mkdir("a", 0777) || mkdir("a/b", 0777) ||
           symlink("a/b", "link") || symlink("nowhere", "dead");
}

static void test_place__is_one_whatever_the_name(void **state)
{
    (void)state;
    char whole[2 * FSYS_PATH_MAX];
    static const char *const names[] = { "a/b",  "./a/b",      "a//b/",
                                         "link", "a/../a/./b", "link/../b" };
    for (int i = 0; i < COUNT_OF(names); i++)
        expect_place(names[i], "a/b");
    snprintf(whole, sizeof whole, "%sa/b", root);
    expect_place(whole, "a/b");
    expect_place("/", "//");
}

static void test_place__of_what_is_not_there_is_named(void **state)
{
    (void)state;
    expect_place("new", "new");
    expect_place("./new/run", "new/run");
    expect_place("link/new/run", "a/b/new/run");
    expect_place("a/../x//y/", "x/y");
    expect_place("x/../a/b/c", "a/b/c");
    expect_place("x/y/../../a/./c/..", "a");
    expect_place("/x/../../y", "//y");
    expect_place("dead/x", "dead/x");
    expect_place("/none-such/x", "//none-such/x");
}

static void test_place__lies_in_a_folder_or_beside_it(void **state)
{
    (void)state;
    assert_true(place_is_in("/a/b", "/a/b"));
    assert_true(place_is_in("/a/b/c", "/a/b"));
    assert_true(place_is_in("/a", "/"));
    assert_false(place_is_in("/a/bc", "/a/b"));
    assert_false(place_is_in("/a", "/a/b"));
}

static void test_place__too_long_is_told(void **state)
{
    (void)state;
    static char path[FSYS_PATH_MAX + 8], place[FSYS_PATH_MAX];
    struct err e = { 0 };
    memset(path, 'x', sizeof path - 1);
    assert_int_equal(place_find(place, path, &e), ERR_USAGE);
    assert_non_null(strstr(e.text, "path too long"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_place__is_one_whatever_the_name),
        cmocka_unit_test(test_place__of_what_is_not_there_is_named),
        cmocka_unit_test(test_place__lies_in_a_folder_or_beside_it),
        cmocka_unit_test(test_place__too_long_is_told),
    };
    return cmocka_run_group_tests_name("place", tests, set_up, NULL);
}
