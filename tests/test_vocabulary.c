/* Vocabularies: what pieces mean, and models that are none. */
#include "data/vocabulary.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

/* A model of four pieces as SentencePiece writes it: text, score, type; then
 * settings, which are passed over. */
static const unsigned char model[] = {
    0x0a, 14,   0x0a, 5,    '<',  'u',  'n',  'k',  '>',  0x15, 0,
    0,    0,    0,    0x18, 2,    0x0a, 15,   0x0a, 6,    '<',  '0',
    'x',  '0',  'A',  '>',  0x15, 0,    0,    0,    0,    0x18, 6,
    0x0a, 12,   0x0a, 5,    0xe2, 0x96, 0x81, 't',  'o',  0x15, 0,
    0,    0x80, 0xbf, 0x0a, 8,    0x0a, 6,    0xe2, 0x96, 0x81, 0xe2,
    0x96, 0x81, 0x12, 4,    0x0a, 2,    'x',  'y',
};

static int parse(struct vocabulary *v, const unsigned char *bytes, size_t n,
                 struct err *e)
{
    char *copy = malloc(n ? n : 1); /* so that a sanitizer sees its end */
    assert_non_null(copy);
    if (n)
        memcpy(copy, bytes, n);
    int rc = vocabulary_parse(v, copy, n, "it.model", e);
    if (rc != OK)
        free(copy);
    return rc;
}

static void assert_spells(const struct vocabulary *v, int32_t token,
                          const char *want, size_t n)
{
    idx length = -1;
    const char *text = vocabulary_text(v, token, &length);
    assert_non_null(text);
    assert_int_equal(length, n);
    assert_memory_equal(text, want, n);
}

static void test_vocabulary__pieces_are_what_they_spell(void **state)
{
    (void)state;
    struct vocabulary v;
    struct err e = { 0 };
    idx n;
    if (parse(&v, model, sizeof model, &e))
        fail_msg("%s", e.text);
    assert_int_equal(v.n, 4);
    assert_spells(&v, 0, "<unk>", 5);
    assert_spells(&v, 1, "\n", 1);
    assert_spells(&v, 2, " to", 3);
    assert_spells(&v, 3, "  ", 2);
    assert_int_equal(v.pieces[0].type, PIECE_UNKNOWN);
    assert_int_equal(v.pieces[1].type, PIECE_BYTE);
    assert_int_equal(v.pieces[3].type, PIECE_NORMAL);
    assert_null(vocabulary_text(&v, 4, &n));
    assert_null(vocabulary_text(&v, -1, &n));
    vocabulary_release(&v);
}

static void
test_vocabulary__a_model_that_is_cut_is_none_or_shorter(void **state)
{
    (void)state;
    idx n_refused = 0;
    for (size_t cut = 0; cut < sizeof model; cut++) {
        struct vocabulary v;
        struct err e = { 0 };
        if (parse(&v, model, cut, &e) == OK) {
            assert_true(v.n < 4 || cut == sizeof model - 6);
            vocabulary_release(&v);
        } else {
            assert_int_equal(e.code, ERR_DATA);
            assert_non_null(strstr(e.text, "it.model: is no whole model"));
            n_refused++;
        }
    }
    /* It can end behind each of the four pieces, and is none only there */
    assert_int_equal(n_refused, sizeof model - 4);
}

static void test_vocabulary__any_changed_byte_is_harmless(void **state)
{
    (void)state;
    for (size_t at = 0; at < sizeof model; at++)
        for (int value = 0; value < 256; value++) {
            unsigned char bytes[sizeof model];
            struct vocabulary v;
            struct err e = { 0 };
            memcpy(bytes, model, sizeof model);
            bytes[at] = (unsigned char)value;
            if (parse(&v, bytes, sizeof bytes, &e) != OK)
                continue;
            for (int32_t i = 0; i < v.n; i++) {
                idx n;
                const char *text = vocabulary_text(&v, i, &n);
                assert_true(text >= v.memory && n > 0 &&
                            text + n <= v.memory + sizeof bytes);
            }
            vocabulary_release(&v);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vocabulary__pieces_are_what_they_spell),
        cmocka_unit_test(
            test_vocabulary__a_model_that_is_cut_is_none_or_shorter),
        cmocka_unit_test(test_vocabulary__any_changed_byte_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
