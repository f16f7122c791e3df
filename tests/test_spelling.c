/* Texts as tokens of a corpus, and back again. */
#include "prepare/spelling.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

static int row_of(const char *(*name)(int), const char *wanted)
{
    int i = 0;
    while (strcmp(name(i), wanted) != 0)
        i++;
    return i;
}

struct speller {
    struct source source;
    struct token_text text;
};

static void open_speller(struct speller *x, const char *kind,
                         const char *key_path)
{
    struct data_options o = { 0 };
    struct err e = { 0 };
    key_defaults(data_keys, n_data_keys, &o);
    o.source = row_of(corpus_name, kind);
    o.triggers = 1;
    if (key_path)
        snprintf(strcmp(kind, "text") == 0 ? o.path : o.bigram_path,
                 KEY_TEXT_MAX, "%s", key_path);
    if (source_open(&x->source, &o, 1, 8, &e) ||
        token_text_open(&x->text, &x->source, true, &e))
        fail_msg("%s", e.text);
}

static void close_speller(struct speller *x)
{
    token_text_close(&x->text);
    source_release(&x->source);
}

/* There and back: the same text, of this many tokens. */
static void assert_spelt(const struct speller *x, const char *text, idx want)
{
    struct err e = { 0 };
    int32_t *tokens;
    char *back = NULL;
    size_t n_back;
    idx n;
    if (spell(&tokens, &n, &x->text, 0, text, "--it", &e))
        fail_msg("%s", e.text);
    assert_int_equal(n, want);
    FILE *f = open_memstream(&back, &n_back);
    assert_non_null(f);
    tokens_write(f, &x->text, 0, tokens, n);
    fclose(f);
    assert_int_equal(n_back, strlen(text));
    assert_string_equal(back, text);
    free(back);
    free(tokens);
}

static void assert_refused(const struct speller *x, const char *text,
                           const char *words)
{
    struct err e = { 0 };
    int32_t *tokens;
    idx n;
    assert_int_equal(spell(&tokens, &n, &x->text, 0, text, "--it", &e),
                     ERR_DATA);
    assert_null(tokens);
    if (!strstr(e.text, words))
        fail_msg("'%s' does not say '%s'", e.text, words);
}

static const char *text_file(const char *name)
{
    static const char line[] = "the cat sat on the mat\n";
    char text[40 * sizeof line] = "";
    for (int i = 0; i < 40; i++)
        strcat(text, line);
    return test_write_text(name, text);
}

static void test_spell__bytes_are_tokens_of_a_text(void **state)
{
    (void)state;
    struct speller x;
    open_speller(&x, "text", text_file("whole"));
    assert_spelt(&x, "no z here: \xc3\xa9 \xff\x01\n", 17);
    assert_spelt(&x, "", 0);
    close_speller(&x);
}

static void test_spell__a_table_has_bytes_of_its_text_alone(void **state)
{
    (void)state;
    struct speller x;
    open_speller(&x, "bigram-backcopy", text_file("table"));
    assert_spelt(&x, "the mat\n", 8);
    assert_refused(&x, "the dog", "--it: byte 5, 0x64, is none of the 11 ");
    close_speller(&x);
}

static void test_spell__other_tokens_are_told_by_number(void **state)
{
    (void)state;
    struct speller x;
    open_speller(&x, "random", NULL);
    assert_spelt(&x, "3 0 63", 3);
    assert_refused(&x, "3 x", "--it: got 'x', want numbers of tokens, 0 to 64");
    assert_refused(&x, "65", "got '65'");
    assert_refused(&x, "-1", "got '-1'");
    assert_refused(&x, "1.5", "got '1.5'");
    assert_refused(&x, "99999999999999999999", "got '9999");
    close_speller(&x);
}

static void test_spell__numbers_name_tokens_of_ours_too(void **state)
{
    (void)state;
    struct speller x;
    struct err e = { 0 };
    int32_t *tokens;
    idx n;
    open_speller(&x, "text", text_file("numbers"));
    assert_int_equal(
        spell_numbers(&tokens, &n, &x.source, " 256,97\t98 ", "--it", &e), OK);
    const int32_t want[] = { 256, 97, 98 };
    assert_int_equal(n, 3);
    assert_memory_equal(tokens, want, sizeof want);
    free(tokens);
    assert_int_equal(spell_numbers(&tokens, &n, &x.source, "257", "--it", &e),
                     ERR_DATA);
    assert_null(tokens);
    close_speller(&x);
}

static void test_tokens_write__names_tokens_of_ours(void **state)
{
    (void)state;
    struct speller x;
    const int32_t tokens[] = { 256, 'a', 0, 'b' };
    char *text = NULL;
    size_t n;
    open_speller(&x, "text", text_file("ours"));
    FILE *f = open_memstream(&text, &n);
    assert_non_null(f);
    tokens_write(f, &x.text, 0, tokens, 4);
    fclose(f);
    assert_int_equal(n, 8);
    assert_memory_equal(text, "<BOS>a\0b", 8);
    free(text);
    close_speller(&x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spell__bytes_are_tokens_of_a_text),
        cmocka_unit_test(test_spell__a_table_has_bytes_of_its_text_alone),
        cmocka_unit_test(test_spell__other_tokens_are_told_by_number),
        cmocka_unit_test(test_spell__numbers_name_tokens_of_ours_too),
        cmocka_unit_test(test_tokens_write__names_tokens_of_ours),
    };
    return cmocka_run_group_tests_name("spelling", tests, NULL, NULL);
}
