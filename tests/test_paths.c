/* Where the files of a corpus are, apart from which tokens they hold. */
#include "data/paths.h"
#include "harness.h"

#include <stdio.h>
#include <string.h>

struct seen {
    idx n;
    char text[8][128];
};

static int add_slash(void *user, const char *key, char path[KEY_TEXT_MAX],
                     struct err *e)
{
    struct seen *s = user;
    char old[64];
    (void)e;
    snprintf(old, sizeof old, "%s", path);
    snprintf(s->text[s->n++], sizeof s->text[0], "%s %s", key, old);
    char new[KEY_TEXT_MAX];
    snprintf(new, sizeof new, "/%s", old);
    key_copy_text(path, new);
    return OK;
}

static struct data_options full_options(void)
{
    struct data_options o = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    key_copy_text(o.path, "a");
    key_copy_text(o.val_path, "b");
    key_copy_text(o.bigram_path, "c");
    key_copy_text(o.mixture, "1*text:d, 2*random, 3*tokens:e");
    return o;
}

static void test_paths__every_one_is_told_with_its_key(void **state)
{
    (void)state;
    static const char *const want[] = { "data.path a", "data.val_path b",
                                        "data.bigram_path c", "data.mixture d",
                                        "data.mixture e" };
    struct data_options o = full_options();
    struct seen s = { 0 };
    struct err e = { 0 };
    assert_int_equal(data_map_paths(&o, add_slash, &s, &e), OK);
    assert_int_equal(s.n, COUNT_OF(want));
    for (int i = 0; i < COUNT_OF(want); i++)
        assert_string_equal(s.text[i], want[i]);
    assert_string_equal(o.path, "/a");
    assert_string_equal(o.val_path, "/b");
    assert_string_equal(o.bigram_path, "/c");
    assert_string_equal(o.mixture, "1*text:/d, 2*random, 3*tokens:/e");
    key_copy_text(o.mixture, "1*text: d , 2*random");
    s.n = 0;
    assert_int_equal(data_map_paths(&o, add_slash, &s, &e), OK);
    assert_string_equal(o.mixture, "1*text:/d, 2*random");
    key_defaults(data_keys, n_data_keys, &o);
    s.n = 0;
    assert_int_equal(data_map_paths(&o, add_slash, &s, &e), OK);
    assert_int_equal(s.n, 0);
}

/* Elsewhere it is the same corpus; a table that is drawn is another one than
 * that of a text, wherever it lies. */
static void test_paths__forgotten_ones_leave_what_a_corpus_is(void **state)
{
    (void)state;
    struct data_options a = full_options(), b = full_options(), none;
    key_copy_text(b.path, "aa");
    key_copy_text(b.val_path, "bb");
    key_copy_text(b.bigram_path, "cc");
    key_copy_text(b.mixture, "1*text:dd, 2*random, 3*tokens:ee");
    none = a;
    key_copy_text(none.bigram_path, "");
    data_forget_paths(&a);
    data_forget_paths(&b);
    data_forget_paths(&none);
    assert_string_equal(a.path, b.path);
    assert_string_equal(a.val_path, b.val_path);
    assert_string_equal(a.bigram_path, b.bigram_path);
    assert_string_equal(a.mixture, b.mixture);
    assert_string_not_equal(a.bigram_path, none.bigram_path);
}

static void test_paths__are_taken_over_from_the_same_corpus(void **state)
{
    (void)state;
    struct data_options from = full_options(), to = full_options(), none;
    key_copy_text(to.bigram_path, "elsewhere");
    key_copy_text(to.mixture, "1*text:there, 2*random, 3*tokens:here");
    none = to;
    key_copy_text(none.bigram_path, "");
    key_copy_text(none.mixture, "1*text:there");
    data_copy_paths(&to, &from);
    assert_string_equal(to.bigram_path, "c");
    assert_string_equal(to.mixture, from.mixture);
    data_copy_paths(&none, &from);
    assert_string_equal(none.bigram_path, "");
    assert_string_equal(none.mixture, "1*text:there");
}

static void test_paths__a_text_is_one_wherever_it_lies(void **state)
{
    (void)state;
    struct data_options from = full_options(), to = full_options(), other;
    key_copy_text(to.path, "aa");
    key_copy_text(to.val_path, "bb");
    key_copy_text(to.bigram_path, "cc");
    key_copy_text(to.mixture, "1*text:dd, 2*random, 3*tokens:ee");
    other = to;
    assert_false(data_share_paths(&to, &from)); /* of unknown texts */
    key_copy_text(from.hash, "0123456789abcdef");
    key_copy_text(to.hash, "0123456789abcde0");
    assert_false(data_share_paths(&to, &from));
    assert_string_equal(to.path, "aa");
    key_copy_text(to.hash, from.hash);
    assert_true(data_share_paths(&to, &from));
    assert_memory_equal(&to, &from, sizeof to);
    key_copy_text(other.hash, from.hash);
    key_copy_text(other.mixture, "1*text:dd");
    assert_false(data_share_paths(&other, &from));
    key_copy_text(other.mixture, to.mixture);
    other.source++;
    assert_false(data_share_paths(&other, &from));
    assert_string_equal(other.path, "aa");
}

static void test_paths__a_place_is_all_of_them(void **state)
{
    (void)state;
    struct data_options a = full_options(), b = full_options();
    key_copy_text(b.hash, "0123456789abcdef");
    assert_true(data_is_one_place(&a, &b));
    b.token_bytes = 4; /* other tokens of the same bytes */
    assert_false(data_is_one_place(&a, &b));
    b.token_bytes = a.token_bytes;
    key_copy_text(b.val_path, "elsewhere");
    assert_false(data_is_one_place(&a, &b));
}

static void test_paths__keys_of_paths_are_those_that_are_mapped(void **state)
{
    (void)state;
    static const char *const names[] = { "path", "val_path", "bigram_path",
                                         "mixture" };
    idx n = 0;
    for (idx i = 0; i < n_data_keys; i++) {
        bool is_named = false;
        for (idx k = 0; k < COUNT_OF(names); k++)
            is_named = is_named || !strcmp(data_keys[i].name, names[k]);
        assert_int_equal(data_key_has_paths(&data_keys[i]), is_named);
        n += is_named;
    }
    assert_int_equal(n, COUNT_OF(names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths__every_one_is_told_with_its_key),
        cmocka_unit_test(test_paths__forgotten_ones_leave_what_a_corpus_is),
        cmocka_unit_test(test_paths__are_taken_over_from_the_same_corpus),
        cmocka_unit_test(test_paths__a_text_is_one_wherever_it_lies),
        cmocka_unit_test(test_paths__a_place_is_all_of_them),
        cmocka_unit_test(test_paths__keys_of_paths_are_those_that_are_mapped),
    };
    return cmocka_run_group_tests_name("paths", tests, NULL, NULL);
}
