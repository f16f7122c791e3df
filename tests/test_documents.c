/* Which documents files hold, by each rule, wherever they lie. */
#include "prepare/documents.h"

#include "harness.h"
#include "prepare/text_pass.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FOUND_MAX = 64 };

struct found {
    char *texts[FOUND_MAX];
    size_t sizes[FOUND_MAX], froms[FOUND_MAX];
    idx lines[FOUND_MAX], n;
};

static void found_release(struct found *f)
{
    for (idx i = 0; i < f->n; i++)
        free(f->texts[i]);
    *f = (struct found){ 0 };
}

static int read_text(struct found *f, struct documents *d, struct err *e)
{
    const unsigned char *bytes;
    size_t n, size = 0;
    char *text = malloc(d->now.size + 1);
    assert_true(text && f->n < FOUND_MAX);
    while (documents_read(d, &bytes, &n, e) == OK && n) {
        assert_true(size + n <= d->now.size);
        memcpy(text + size, bytes, n);
        size += n;
    }
    text[size] = '\0';
    f->texts[f->n] = text;
    f->sizes[f->n] = size;
    f->froms[f->n] = d->now.from;
    f->lines[f->n++] = d->now.line;
    assert_int_equal(size, d->now.size);
    return e->code;
}

static int find(struct found *f, const struct file_list *files,
                enum document_rule rule, const char *text,
                char (*hashes)[HASH_HEX_MAX], struct err *e)
{
    struct documents d = {
        .files = files, .rule = rule, .text = text, .hashes = hashes
    };
    bool is_there = true;
    *f = (struct found){ 0 };
    while (documents_next(&d, &is_there, e) == OK && is_there &&
           read_text(f, &d, e) == OK)
        continue;
    if (!e->code)
        assert_int_equal(documents_done(&d), d.done);
    documents_release(&d);
    return e->code;
}

/* The documents of one file that holds this. */
static int find_in(struct found *f, const char *bytes, size_t n,
                   enum document_rule rule, const char *text, struct err *e)
{
    struct file_list files = { 0 };
    const char *path = test_path("source");
    test_write_file(path, bytes, n);
    assert_int_equal(file_list_add(&files, path, "", e), OK);
    find(f, &files, rule, text, NULL, e);
    file_list_release(&files);
    return e->code;
}

static void assert_finds(const char *bytes, enum document_rule rule,
                         const char *text, const char *const *want)
{
    struct found f;
    struct err e = { 0 };
    idx n = 0;
    if (find_in(&f, bytes, strlen(bytes), rule, text, &e))
        fail_msg("%s", e.text);
    for (; want[n]; n++) {
        assert_true(n < f.n);
        assert_string_equal(f.texts[n], want[n]);
    }
    assert_int_equal(f.n, n);
    found_release(&f);
}

static void test_documents__are_what_the_rule_says(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        enum document_rule rule;
        const char *text, *want[5];
    } cases[] = {
        { "a\nb\n", DOCUMENT_FILE, NULL, { "a\nb\n" } },
        { "", DOCUMENT_FILE, NULL, { NULL } },
        { "a\nb\n", DOCUMENT_LINE, NULL, { "a", "b" } },
        { "\n\na\r\n\r\n b", DOCUMENT_LINE, NULL, { "a", " b" } },
        { "a\rb\n\r", DOCUMENT_LINE, NULL, { "a\rb", "\r" } },
        { "", DOCUMENT_LINE, NULL, { NULL } },
        { "a\n--\nb\nc\n--\n", DOCUMENT_SEPARATOR, "--", { "a\n", "b\nc\n" } },
        { "--\n--\na", DOCUMENT_SEPARATOR, "--", { "a" } },
        { "a\r\n--\r\nb\r\n", DOCUMENT_SEPARATOR, "--", { "a\r\n", "b\r\n" } },
        { "a\n--", DOCUMENT_SEPARATOR, "--", { "a\n" } },
        { "--- \n --\n---\n",
          DOCUMENT_SEPARATOR,
          "--",
          { "--- \n --\n---\n" } },
        { "\n\n", DOCUMENT_SEPARATOR, "--", { "\n\n" } },
        { "{\"t\":\"a\\n\"}\n\n{\"t\":\"\"}\r\n{\"t\":\"b\"}",
          DOCUMENT_JSONL,
          "t",
          { "a\n", "b" } },
        { "\xef\xbb\xbf{\"t\":\"a\"}\n", DOCUMENT_JSONL, "t", { "a" } },
    };
    for (idx i = 0; i < COUNT_OF(cases); i++)
        assert_finds(cases[i].bytes, cases[i].rule, cases[i].text,
                     cases[i].want);
}

static void test_documents__say_where_they_are(void **state)
{
    (void)state;
    struct found f;
    struct err e = { 0 };
    static const char text[] = "a\n--\nbb\nc\n--\nd\n";
    find_in(&f, text, sizeof text - 1, DOCUMENT_SEPARATOR, "--", &e);
    assert_int_equal(f.n, 3);
    assert_int_equal(f.froms[1], 5);
    assert_int_equal(f.lines[1], 3);
    assert_int_equal(f.froms[2], 13);
    assert_int_equal(f.lines[2], 6);
    found_release(&f);
    find_in(&f, "\n\nx\ny", 5, DOCUMENT_LINE, NULL, &e);
    assert_int_equal(f.froms[0], 2);
    assert_int_equal(f.lines[0], 3);
    found_release(&f);
    assert_int_equal(
        find_in(&f, "{\"t\":\"a\"}\nno\n", 13, DOCUMENT_JSONL, "t", &e),
        ERR_DATA);
    assert_non_null(strstr(e.text, "source:2: byte 1 of the line: no JSON"));
    found_release(&f);
}

/* Lines, separators and JSON that begin, end and lie across windows. */
static void test_documents__do_not_depend_on_windows(void **state)
{
    (void)state;
    enum { W = SOURCE_WINDOW_BYTES, N = 3 * W + 1000 };
    static const size_t lengths[] = { 65536 - 9, W - 3, 5, W - 65536, 1, W };
    char *text = malloc(N), *line = malloc(2 * W);
    struct found f;
    assert_true(text && line);
    for (int rule = DOCUMENT_LINE; rule <= DOCUMENT_SEPARATOR; rule++) {
        struct err e = { 0 };
        size_t n = 0;
        for (idx i = 0; i < COUNT_OF(lengths); i++) {
            memset(line, 'a' + (int)i, lengths[i]);
            line[lengths[i]] = '\0';
            n += (size_t)snprintf(text + n, N - n,
                                  rule == DOCUMENT_LINE ? "%s\r\n"
                                  : rule == DOCUMENT_JSONL
                                      ? "{\"text\": \"%s\"}\n"
                                      : "%s\n<|end|>\n",
                                  line);
            assert_true(n < N);
        }
        find_in(&f, text, n, (enum document_rule)rule,
                rule == DOCUMENT_JSONL ? "text" : "<|end|>", &e);
        assert_int_equal(e.code, OK);
        assert_int_equal(f.n, COUNT_OF(lengths));
        for (idx i = 0; i < f.n; i++) {
            size_t feed = rule == DOCUMENT_SEPARATOR;
            assert_int_equal(f.sizes[i], lengths[i] + feed);
            for (size_t k = 0; k < lengths[i]; k++)
                if (f.texts[i][k] != 'a' + (int)i)
                    fail_msg("document %td, byte %zu", i, k);
        }
        found_release(&f);
    }
    free(text);
    free(line);
}

static void test_documents__hash_every_byte_of_their_files(void **state)
{
    (void)state;
    enum { N = 2 * SOURCE_WINDOW_BYTES + 77 };
    char *bytes = calloc(N, 1), want[HASH_HEX_MAX], hashes[2][HASH_HEX_MAX];
    struct file_list files = { 0 };
    struct found f;
    struct err e = { 0 };
    assert_non_null(bytes);
    for (size_t i = 0; i < N; i++)
        bytes[i] = (char)(i % 251 ? 'x' : '\n');
    test_write_file(test_path("hashed"), bytes, N);
    test_write_text("second", "");
    file_list_add(&files, test_path("hashed"), "", &e);
    file_list_add(&files, test_path("second"), "", &e);
    for (int rule = 0; rule < DOCUMENT_JSONL; rule++) {
        struct documents d = { .files = &files,
                               .rule = (enum document_rule)rule,
                               .hashes = hashes };
        bool is_there = true;
        while (is_there) /* whether their text is read or not */
            assert_int_equal(documents_next(&d, &is_there, &e), OK);
        documents_release(&d);
        hash_hex(want, hash_bytes(bytes, N));
        assert_string_equal(hashes[0], want);
        hash_hex(want, hash_bytes("", 0));
        assert_string_equal(hashes[1], want);
    }
    assert_int_equal(find(&f, &files, DOCUMENT_FILE, NULL, hashes, &e), OK);
    hash_hex(want, hash_bytes(bytes, N));
    assert_string_equal(hashes[0], want);
    found_release(&f);
    file_list_release(&files);
    free(bytes);
}

/* Nobody reads what nobody asks for. */
static void test_documents__are_counted_without_reading(void **state)
{
    (void)state;
    struct file_list files = { 0 };
    struct err e = { 0 };
    file_list_add(&files, test_write_text("unread", "one\ntwo\n"), "", &e);
    struct documents d = { .files = &files, .rule = DOCUMENT_FILE };
    bool is_there = true, has;
    while (is_there)
        assert_int_equal(documents_next(&d, &is_there, &e), OK);
    assert_int_equal(d.file.n, 0);
    documents_release(&d);
    for (int i = 1; i < HELD_OUT_MANY; i++)
        file_list_add(&files, test_path("unread"), "", &e);
    struct text_sources s = { .files = &files, .rule = DOCUMENT_FILE };
    assert_int_equal(unlink(test_path("unread")), 0);
    assert_int_equal(text_has_many(&has, &s, &e), OK);
    assert_true(has);
    files.items[7].stamp.bytes = 0; /* is none */
    assert_int_equal(text_has_many(&has, &s, &e), OK);
    assert_false(has);
    s.rule = DOCUMENT_LINE;
    assert_int_equal(text_has_many(&has, &s, &e), ERR_IO);
    file_list_release(&files);
}

static void test_documents__a_file_that_changes_is_told(void **state)
{
    (void)state;
    struct file_list files = { 0 };
    const char *path = test_write_text("changing", "one\ntwo\n");
    struct err e = { 0 }, later = { 0 };
    struct found f;
    struct documents d = { .files = &files, .rule = DOCUMENT_LINE };
    bool is_there;
    file_list_add(&files, path, "", &e);
    assert_int_equal(documents_next(&d, &is_there, &e), OK);
    assert_int_equal(truncate(path, 4), 0);
    while (!e.code && is_there)
        documents_next(&d, &is_there, &e);
    assert_int_equal(e.code, ERR_DATA);
    assert_non_null(strstr(e.text, "was changed while it was read"));
    documents_release(&d);
    assert_int_equal(find(&f, &files, DOCUMENT_FILE, NULL, NULL, &later),
                     ERR_DATA);
    found_release(&f);
    file_list_release(&files);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_documents__are_what_the_rule_says),
        cmocka_unit_test(test_documents__say_where_they_are),
        cmocka_unit_test(test_documents__do_not_depend_on_windows),
        cmocka_unit_test(test_documents__hash_every_byte_of_their_files),
        cmocka_unit_test(test_documents__are_counted_without_reading),
        cmocka_unit_test(test_documents__a_file_that_changes_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
