#include "harness.h"
#include "config/setting.h"

#include <string.h>

static void test_setting__key_is_found_whatever_blanks(void **state)
{
    (void)state;
    static const char *const words[] = { "run.dir=a", " run.dir = a ",
                                         "\trun.dir\t=\ta=b" };
    static const char *const none[] = { "run.dir",    "run.dirs=a", "dir=a",
                                        "run .dir=a", "=a",         "" };
    for (idx i = 0; i < COUNT_OF(words); i++)
        assert_ptr_equal(setting_key(words[i]).key,
                         config_key_find("run.dir").key);
    for (idx i = 0; i < COUNT_OF(none); i++)
        assert_null(setting_key(none[i]).key);
}

static void test_setting__last_word_counts_as_its_key_reads_it(void **state)
{
    (void)state;
    static const char *const words[] = { "data.bos=yes", "data.bos_token=3",
                                         "\tdata.bos =\toff ", "data.vocab=x" };
    struct config c;
    assert_true(setting_read(&c, words, 4, "data.bos"));
    assert_false(c.data.bos);
    assert_true(setting_read(&c, words, 1, "data.bos"));
    assert_true(c.data.bos);
    assert_false(setting_read(&c, words, 4, "data.vocab"));
    assert_false(setting_read(&c, words, 4, "data.eos"));
}

static void test_setting__too_long_a_word_is_none(void **state)
{
    (void)state;
    char word[SETTING_MAX + 1];
    memset(word, 'x', sizeof word);
    memcpy(word, "run.dir=", 8);
    word[SETTING_MAX] = '\0';
    assert_null(setting_key(word).key);
    word[SETTING_MAX - 1] = '\0';
    assert_non_null(setting_key(word).key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_setting__key_is_found_whatever_blanks),
        cmocka_unit_test(test_setting__last_word_counts_as_its_key_reads_it),
        cmocka_unit_test(test_setting__too_long_a_word_is_none),
    };
    return cmocka_run_group_tests_name("setting", tests, NULL, NULL);
}
