/* Which files a path stands for, and in which order. */
#include "io/file_list.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *folder(const char *name)
{
    const char *path = test_path(name);
    assert_int_equal(mkdir(path, 0777), 0);
    return path;
}

static void assert_lists(const struct file_list *l, const char *const *names)
{
    size_t top = strlen(test_dir()) + 1;
    idx n = 0;
    for (; names[n]; n++) {
        assert_true(n < l->n);
        assert_string_equal(l->items[n].path + top, names[n]);
    }
    assert_int_equal(l->n, n);
}

static void test_file_list__files_come_in_the_order_of_names(void **state)
{
    (void)state;
    struct file_list l = { 0 };
    struct err e = { 0 };
    char path[4096];
    folder("top");
    folder("top/b");
    folder("top/.hidden");
    test_write_text("top/c", "ccc");
    test_write_text("top/a", "a");
    test_write_text("top/B", "BB");
    test_write_text("top/b/2", "");
    test_write_text("top/b/10", "x");
    test_write_text("top/.secret", "x");
    test_write_text("top/.hidden/d", "x");
    assert_int_equal(file_list_add(&l, test_path("top/c"), "", &e), OK);
    snprintf(path, sizeof path, "%s/", test_path("top"));
    assert_int_equal(file_list_add(&l, path, "", &e), OK);
    const char *const want[] = { "top/c",   "top/B", "top/a", "top/b/10",
                                 "top/b/2", "top/c", NULL };
    assert_lists(&l, want);
    assert_int_equal(l.items[0].stamp.bytes, 3);
    assert_int_equal(l.items[4].stamp.bytes, 0);
    file_list_release(&l);
}

static void test_file_list__holds_as_many_as_there_are(void **state)
{
    (void)state;
    enum { N = 70 };
    struct file_list l = { 0 };
    struct err e = { 0 };
    char name[32];
    folder("many");
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "many/%03d", i);
        test_write_text(name, "x");
    }
    assert_int_equal(file_list_add(&l, test_path("many"), "", &e), OK);
    assert_int_equal(l.n, N);
    for (int i = 0; i < N; i++) {
        snprintf(name, sizeof name, "%03d", i);
        assert_string_equal(strrchr(l.items[i].path, '/') + 1, name);
    }
    file_list_release(&l);
}

static void test_file_list__what_is_no_file_is_told(void **state)
{
    (void)state;
    struct file_list l = { 0 };
    struct err missing = { 0 }, pipe = { 0 }, circle = { 0 };
    assert_int_equal(
        file_list_add(&l, test_path("nothing"), "data.path ", &missing),
        ERR_DATA);
    assert_non_null(strstr(missing.text, "data.path /"));
    assert_non_null(strstr(missing.text, "nothing: No such file"));
    const char *path = test_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_list_add(&l, path, "", &pipe), ERR_DATA);
    assert_non_null(strstr(pipe.text, "neither a file nor a folder"));
    folder("circle");
    assert_int_equal(symlink(".", test_path("circle/again")), 0);
    int rc = file_list_add(&l, test_path("circle"), "", &circle);
    /* the system has a bound of its own for links, ELOOP */
    assert_true(rc == ERR_DATA || rc == ERR_IO);
    assert_int_equal(l.n, 0);
    file_list_release(&l);
}

static void test_file_list__a_changed_file_is_not_the_same(void **state)
{
    (void)state;
    struct file_list l = { 0 };
    struct err e = { 0 };
    struct stat st;
    const char *path = test_write_text("changing", "one");
    assert_int_equal(file_list_add(&l, path, "", &e), OK);
    assert_int_equal(stat(path, &st), 0);
    assert_true(file_list_same(l.items, &st));
    st.st_mtim.tv_nsec ^= 1;
    assert_false(file_list_same(l.items, &st));
    st.st_mtim.tv_nsec ^= 1;
    st.st_size++;
    assert_false(file_list_same(l.items, &st));
    file_list_release(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_file_list__files_come_in_the_order_of_names),
        cmocka_unit_test(test_file_list__holds_as_many_as_there_are),
        cmocka_unit_test(test_file_list__what_is_no_file_is_told),
        cmocka_unit_test(test_file_list__a_changed_file_is_not_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
