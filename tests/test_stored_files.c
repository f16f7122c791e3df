/* Which files a path stands for. */
#include "data/stored_files.h"
#include "harness.h"
#include "token_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void make_folder(const char *name)
{
    assert_int_equal(mkdir(test_path(name), 0700), 0);
}

/* The names of what was found, in the test's folder, with a blank behind each.
 */
static void check_found(const char *path, const char *format, const char *want)
{
    struct stored_files f = { 0 };
    struct stored_query q = query_of(test_path(path), format);
    struct err e = { 0 };
    char got[2048] = "";
    int rc = q.format == &stored_text ? stored_files_of_text(&f, &q, &e)
                                      : stored_files_of_tokens(&f, &q, &e);
    if (rc)
        fail_msg("%s", e.text);
    for (idx i = 0; i < f.n; i++) {
        strcat(got, f.paths[i] + strlen(test_dir()) + 1);
        strcat(got, " ");
    }
    assert_string_equal(got, want);
    stored_files_release(&f);
}

static void check_refused(const char *path, const char *format, int code,
                          const char *words)
{
    struct stored_files f = { 0 };
    struct stored_query q = query_of(path, format);
    struct err e = { 0 };
    int rc = stored_files_check(&q, &e);
    if (rc == OK && q.format == &stored_text)
        rc = stored_files_of_text(&f, &q, &e);
    else if (rc == OK)
        rc = stored_files_of_tokens(&f, &q, &e);
    assert_int_equal(rc, code);
    assert_non_null(strstr(e.text, "data.path"));
    assert_non_null(strstr(e.text, path));
    if (!strstr(e.text, words))
        fail_msg("%s", e.text);
    stored_files_release(&f);
}

static void test_files__a_text_folder_is_all_below_it(void **state)
{
    (void)state;
    make_folder("tree");
    make_folder("tree/b");
    make_folder("tree/b/deep");
    make_folder("tree/.hidden");
    make_folder("tree/void");
    test_write_text("tree/c.txt", "c");
    test_write_text("tree/a.txt", "a");
    test_write_text("tree/b/y", "y");
    test_write_text("tree/b/deep/x", "x");
    test_write_text("tree/.hidden/h", "h");
    test_write_text("tree/.h", "h");
    test_write_text("tree/b.txt", "b");
    check_found("tree", "text",
                "tree/a.txt tree/b/deep/x tree/b/y tree/b.txt tree/c.txt ");
    check_found("tree/.hidden", "text", "tree/.hidden/h ");
    check_found("tree/c.txt", "text", "tree/c.txt ");
}

static void test_files__a_token_folder_is_its_shards(void **state)
{
    (void)state;
    make_folder("shards");
    make_folder("shards/more");
    test_write_text("shards/b_2.bin", "2");
    test_write_text("shards/b_10.bin", "10");
    test_write_text("shards/a.bin", "a");
    test_write_text("shards/a.idx", "a");
    test_write_text("shards/README", "no");
    test_write_text("shards/.x.bin", "no");
    test_write_text("shards/.bin", "no");
    test_write_text("shards/more/z.bin", "no");
    check_found("shards", "auto",
                "shards/a.bin shards/b_10.bin shards/b_2.bin ");
    check_found("shards/b_*.bin", "auto", "shards/b_10.bin shards/b_2.bin ");
    check_found("shards/a*", "auto", "shards/a.bin ");
    check_found("shards/[!b].bin", "auto", "shards/a.bin ");
    check_found("s*s/b_?.bin", "auto", "shards/b_2.bin ");
    check_found("shards/a", "auto", "shards/a.bin ");
    check_found("shards/a.idx", "auto", "shards/a.bin ");
    check_found("shards/README", "auto", "shards/README ");
}

/* A file whose name looks like a pattern is that file. */
static void test_files__a_file_comes_before_a_pattern(void **state)
{
    (void)state;
    make_folder("odd");
    test_write_text("odd/a*.bin", "1");
    test_write_text("odd/ab.bin", "2");
    check_found("odd/a*.bin", "auto", "odd/a*.bin ");
    check_found("odd/a*", "auto", "odd/a*.bin "); /* of a* without .bin */
    check_found("odd/a[b]*", "auto", "odd/ab.bin ");
}

static void test_files__refuses_what_holds_no_tokens(void **state)
{
    (void)state;
    check_refused("", "text", ERR_DATA, "is empty");
    check_refused("", "auto", ERR_DATA, "is empty");
    check_refused(test_path("missing"), "text", ERR_DATA, "No such file");
    check_refused(test_path("missing"), "auto", ERR_DATA, "No such file");
    check_refused(test_path("missing*"), "auto", ERR_DATA, "matches");
    make_folder("bare");
    check_refused(test_path("bare"), "text", ERR_DATA, "no regular file");
    check_refused(test_path("bare"), "auto", ERR_DATA, "no NAME.bin");
    test_write_text("bare/.hidden", "h");
    test_write_text("bare/.hidden.bin", "h");
    check_refused(test_path("bare"), "text", ERR_DATA, "no regular file");
    check_refused(test_path("bare"), "auto", ERR_DATA, "no NAME.bin");
    check_refused(test_path("bare/*.bin"), "auto", ERR_DATA, "matches");
    test_write_text("bare/a.idx", "i");
    check_refused(test_path("bare/*.idx"), "auto", ERR_DATA, "NAME.bin");
    assert_int_equal(mkfifo(test_path("pipe"), 0600), 0);
    check_refused(test_path("pipe"), "text", ERR_DATA, "neither a file");
    assert_int_equal(symlink("..", test_path("bare/up")), 0);
    check_refused(test_path("bare/up/bare"), "text", ERR_DATA, "");
    make_folder("holes");
    assert_int_equal(symlink("nowhere", test_path("holes/b")), 0);
    check_refused(test_path("holes"), "text", ERR_DATA, "No such file");
}

static void test_files__refuses_what_it_may_not_read(void **state)
{
    (void)state;
    if (geteuid() == 0)
        skip(); /* who may read everything */
    make_folder("shut");
    test_write_text("shut/a.bin", "a");
    assert_int_equal(chmod(test_path("shut"), 0), 0);
    check_refused(test_path("shut"), "text", ERR_IO, "ermission");
    check_refused(test_path("shut"), "auto", ERR_IO, "ermission");
    check_refused(test_path("shut/*.bin"), "auto", ERR_IO, "ermission");
    assert_int_equal(chmod(test_path("shut"), 0700), 0);
}

/* Nobody should train on what is held out. */
static void test_files__a_folder_of_both_parts_is_ambiguous(void **state)
{
    (void)state;
    make_folder("both");
    test_write_text("both/train.bin", "t");
    check_found("both", "auto", "both/train.bin ");
    test_write_text("both/val.bin", "v");
    check_refused(test_path("both"), "auto", ERR_DATA, "data.val_path");
    check_found("both/train*", "auto", "both/train.bin ");
    make_folder("val-and-train");
    test_write_text("val-and-train/fine_train_1.bin", "t");
    test_write_text("val-and-train/fine_train_2.bin", "t");
    check_found("val-and-train", "auto",
                "val-and-train/fine_train_1.bin "
                "val-and-train/fine_train_2.bin ");
    test_write_text("val-and-train/fine_val_1.bin", "t");
    check_refused(test_path("val-and-train"), "auto", ERR_DATA, "fine_val_1");
    check_refused(test_path("val-and-train/*.bin"), "auto", ERR_DATA,
                  "fine_val_1");
    check_found("val-and-train/*val*", "auto", "val-and-train/fine_val_1.bin ");
    make_folder("words");
    test_write_text("words/retrieval_train_0.bin", "t");
    check_found("words", "auto", "words/retrieval_train_0.bin ");
    test_write_text("words/strain-values.bin", "t");
    check_found("words/*.bin", "auto",
                "words/retrieval_train_0.bin words/strain-values.bin ");
    make_folder("named");
    test_write_text("named/train_or_val.bin", "t");
    check_found("named", "auto", "named/train_or_val.bin ");
}

static void test_files__many_are_found(void **state)
{
    (void)state;
    enum { MANY = 300 };
    struct stored_files f = { 0 };
    struct err e = { 0 };
    make_folder("crowd");
    for (int i = 0; i < MANY; i++) {
        char name[32];
        snprintf(name, sizeof name, "crowd/%05d.bin", (i * 7) % MANY);
        test_write_text(name, "x");
    }
    struct stored_query q = query_of(test_path("crowd"), "auto");
    assert_int_equal(stored_files_of_tokens(&f, &q, &e), OK);
    assert_int_equal(f.n, MANY);
    for (idx i = 1; i < f.n; i++)
        assert_true(strcmp(f.paths[i - 1], f.paths[i]) < 0);
    stored_files_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files__a_text_folder_is_all_below_it),
        cmocka_unit_test(test_files__a_token_folder_is_its_shards),
        cmocka_unit_test(test_files__a_file_comes_before_a_pattern),
        cmocka_unit_test(test_files__refuses_what_holds_no_tokens),
        cmocka_unit_test(test_files__refuses_what_it_may_not_read),
        cmocka_unit_test(test_files__a_folder_of_both_parts_is_ambiguous),
        cmocka_unit_test(test_files__many_are_found),
    };
    return cmocka_run_group_tests_name("stored_files", tests, NULL, NULL);
}
