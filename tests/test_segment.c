/* Text cut into lines: nothing is lost, and where it is cut depends on the text
 * alone. */
#include "prepare/text_batch.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#define MARK "\xe2\x96\x81"

static void assert_cut(const char *text, size_t n, size_t want, bool is_bytes)
{
    struct segment s = segment_next(text, n, true);
    assert_int_equal(s.n, want);
    assert_int_equal(s.is_bytes, is_bytes);
}

static void test_segment__a_line_ends_where_no_line_can_go_on(void **state)
{
    (void)state;
    assert_cut("abc", 3, 3, false);
    assert_cut("abc\ndef", 7, 3, false);
    assert_cut("\n\nabc", 5, 1, true);
    assert_cut("ab\0c", 4, 2, false);
    assert_cut("\0c", 2, 1, true);
    assert_cut("a b" MARK "c", 7, 3, false);
    assert_cut(MARK MARK "c", 7, 3, true);
    assert_cut("a\r\n", 3, 2, false);
    assert_cut("a\xe2\x96", 3, 3, false);
}

static void test_segment__a_long_line_is_cut_in_front_of_a_word(void **state)
{
    (void)state;
    enum { N = 3 * SEGMENT_MAX };
    static char text[N + 1];
    memset(text, 'x', N);
    assert_cut(text, N, SEGMENT_MAX, false);
    assert_cut(text, SEGMENT_MAX, SEGMENT_MAX, false);
    text[100] = text[1000] = text[1001] = ' ';
    assert_cut(text, N, 1000, false);
    text[SEGMENT_MAX] = ' ';
    assert_cut(text, N, SEGMENT_MAX, false);
    assert_cut(text, SEGMENT_MAX, SEGMENT_MAX, false);
    memset(text, ' ', N);
    assert_cut(text, N, SEGMENT_MAX, false);
}

static void test_segment__no_character_is_cut(void **state)
{
    (void)state;
    enum { N = SEGMENT_MAX + 64 };
    for (size_t offset = 0; offset < 4; offset++) {
        static char text[N + 8];
        memset(text, 'x', sizeof text);
        for (size_t i = offset; i + 4 <= N; i += 4)
            memcpy(text + i, "\xf0\x9f\x98\x80", 4);
        struct segment s = segment_next(text, N, true);
        assert_true(s.n > SEGMENT_MAX - 4 && s.n <= SEGMENT_MAX);
        assert_int_equal(segment_invalid(text, s.n), s.n);
    }
}

static void test_segment__what_is_not_seen_whole_waits(void **state)
{
    (void)state;
    assert_int_equal(segment_next("abc\ndef", 7, false).n, 0);
    assert_int_equal(segment_next("\n", 1, false).n, 0);
}

static void test_segment__the_first_invalid_byte_is_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t n, want;
    } cases[] = {
        { "abc", 3, 3 },
        { "", 0, 0 },
        { "a\xff", 2, 1 },
        { "\x80", 1, 0 },
        { "ab\xc3\xa9", 4, 4 },
        { "ab\xc3\xa9", 3, 2 },   /* cut, though its end stands behind */
        { "\xc0\xaf", 2, 0 },     /* longer than need be */
        { "\xed\xa0\x80", 3, 0 }, /* half of a pair */
        { "\xf4\x90\x80\x80", 4, 0 },
        { "a\0b\xf0\x9f\x98\x80", 7, 7 },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(segment_invalid(cases[i].text, cases[i].n),
                         cases[i].want);
}

/* ---- batches ------------------------------------------------------------- */

enum { TEXT_BYTES = 40000, LOG_MAX = 20000 };

/* What was handed over: the lengths of segments, negative as bytes, 0 for the
 * end of a document; and the text itself. */
struct seen {
    idx lengths[LOG_MAX], n;
    char text[TEXT_BYTES];
    size_t n_text, n_all;
};

static int see(void *user, const char *text, struct segment s, size_t at,
               struct err *e)
{
    struct seen *seen = user;
    (void)at, (void)e;
    assert_true(seen->n < LOG_MAX && seen->n_text + s.n <= TEXT_BYTES);
    seen->lengths[seen->n++] = s.is_bytes ? -(idx)s.n : (idx)s.n;
    memcpy(seen->text + seen->n_text, text, s.n);
    seen->n_text += s.n;
    return OK;
}

static int see_end(void *user, size_t n_all, struct err *e)
{
    struct seen *seen = user;
    (void)e;
    seen->lengths[seen->n++] = 0;
    seen->n_all += n_all;
    return OK;
}

/* Two documents, in pieces of so many bytes; emptied after each. */
static void pass(struct seen *seen, const char *text, size_t first,
                 size_t piece)
{
    struct text_batch b = { 0 };
    struct err e = { 0 };
    const struct text_visit visit = { see, see_end, seen };
    const struct document d = { .path = "file" };
    size_t ends[] = { first, TEXT_BYTES }, at = 0;
    memset(seen, 0, sizeof *seen);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(text_batch_begin(&b, &d, 0, &e), OK);
        for (size_t n; at < ends[i]; at += n) {
            n = piece < ends[i] - at ? piece : ends[i] - at;
            assert_int_equal(
                text_batch_add(&b, (const unsigned char *)text + at, n, &e),
                OK);
            assert_int_equal(text_batch_visit(&b, &visit, &e), OK);
            assert_int_equal(text_batch_drop(&b, &e), OK);
        }
        text_batch_end(&b);
        assert_int_equal(text_batch_visit(&b, &visit, &e), OK);
        assert_int_equal(text_batch_drop(&b, &e), OK);
        assert_int_equal(b.n, 0);
    }
    text_batch_release(&b);
}

static void test_text_batch__pieces_of_any_size_give_the_same(void **state)
{
    (void)state;
    static const char *const words[] = {
        "word ", "\n", "a ", "   ", "\xc3\xa9", "x", MARK, "\xf0\x9f\x98\x80"
    };
    static char text[TEXT_BYTES];
    static const size_t pieces[] = { 1, 7, 4096, 5000, 33333 };
    struct seen *whole = malloc(sizeof *whole), *cut = malloc(sizeof *cut);
    assert_true(whole && cut);
    uint32_t r = 1;
    for (size_t n = 0; n < TEXT_BYTES;) {
        r = r * 1664525 + 1013904223;
        const char *word = words[n < 25000 ? r >> 29 : 5]; /* a long one */
        size_t length = strlen(word);
        if (n + length > TEXT_BYTES) { /* its last bytes are one each */
            word = "y";
            length = 1;
        }
        memcpy(text + n, word, length);
        n += length;
    }
    size_t first = 20000;
    while (((unsigned char)text[first] & 0xc0) == 0x80)
        first++;
    pass(whole, text, first, TEXT_BYTES);
    assert_int_equal(whole->n_text, TEXT_BYTES);
    assert_int_equal(whole->n_all, TEXT_BYTES);
    assert_memory_equal(whole->text, text, TEXT_BYTES);
    for (idx i = 0; i < COUNT_OF(pieces); i++) {
        pass(cut, text, first, pieces[i]);
        assert_memory_equal(cut, whole, sizeof *whole);
    }
    free(whole);
    free(cut);
}

static void test_text_batch__a_place_is_one_of_the_file(void **state)
{
    (void)state;
    struct text_batch b = { 0 };
    struct err e = { 0 };
    char place[TEXT_PLACE_MAX];
    const struct document raw = { .path = "a.txt", .from = 100 }, json = {
        .path = "b.jsonl", .from = 7, .line = 3, .is_json = true
    };
    const unsigned char text[] = "0123456789";
    text_batch_begin(&b, &raw, 5, &e);
    text_batch_add(&b, text, 10, &e);
    text_batch_end(&b);
    text_batch_begin(&b, &json, 0, &e);
    text_batch_add(&b, text, 10, &e);
    text_batch_end(&b);
    text_batch_place(place, &b, 2);
    assert_string_equal(place, "a.txt: byte 108");
    text_batch_place(place, &b, 10);
    assert_string_equal(place, "b.jsonl:3: byte 1 of its text");
    text_batch_release(&b);
}

/* The place of a byte is right also where its document's beginning is gone. */
static void
test_text_batch__invalid_bytes_are_told_with_their_place(void **state)
{
    (void)state;
    enum { N = 10000 };
    static unsigned char text[N];
    const struct document d = { .path = "file" };
    const struct text_visit visit = { .segment = NULL };
    memset(text, 'x', N);
    for (size_t i = 50; i < N; i += 50)
        text[i] = '\n';
    text[9000] = 0xff;
    for (size_t piece = 1; piece < N; piece *= 10) {
        struct text_batch b = { 0 };
        struct err e = { 0 };
        text_batch_begin(&b, &d, 0, &e);
        for (size_t at = 0; at < N && !e.code; at += piece)
            if (text_batch_add(&b, text + at, piece, &e) == OK &&
                text_batch_visit(&b, &visit, &e) == OK)
                text_batch_drop(&b, &e);
        text_batch_end(&b);
        if (!e.code)
            text_batch_visit(&b, &visit, &e);
        assert_int_equal(e.code, ERR_DATA);
        assert_non_null(strstr(e.text, "file: byte 9001 is no UTF-8"));
        text_batch_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_segment__a_line_ends_where_no_line_can_go_on),
        cmocka_unit_test(test_segment__a_long_line_is_cut_in_front_of_a_word),
        cmocka_unit_test(test_segment__no_character_is_cut),
        cmocka_unit_test(test_segment__what_is_not_seen_whole_waits),
        cmocka_unit_test(test_segment__the_first_invalid_byte_is_found),
        cmocka_unit_test(test_text_batch__pieces_of_any_size_give_the_same),
        cmocka_unit_test(test_text_batch__a_place_is_one_of_the_file),
        cmocka_unit_test(
            test_text_batch__invalid_bytes_are_told_with_their_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
