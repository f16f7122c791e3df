/* Tokens in files: every layout, across files, and what is refused. */
#include "data/stored.h"
#include "harness.h"
#include "token_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void open_stored(struct stored *s, const struct stored_query *q)
{
    struct err e = { 0 };
    if (stored_open(s, q, &e))
        fail_msg("%s", e.text);
}

/* Tokens count up from `first`, read in every window of a few lengths. */
static void check_ramp(const struct stored *s, idx n, idx first)
{
    int32_t out[300];
    assert_int_equal(s->n, n);
    assert_in_range(n, 1, COUNT_OF(out) - 1);
    for (idx length = 0; length <= n; length = 2 * length + 1)
        for (idx from = 0; from + length <= n; from++) {
            out[length] = -7;
            stored_read(s, out, from, length);
            for (idx i = 0; i < length; i++)
                assert_int_equal(out[i], first + from + i);
            assert_int_equal(out[length], -7);
        }
    assert_int_equal(s->max_token, first + n - 1);
}

static void check_documents(const struct stored *s, const idx *starts)
{
    idx n = 0;
    assert_non_null(s->documents);
    for (; starts[n] >= 0; n++)
        assert_int_equal(s->documents[n], starts[n]);
    assert_int_equal(s->n_documents, n);
    assert_int_equal(s->documents[n], s->n);
}

static void test_stored__llmc_shards_are_read(void **state)
{
    (void)state;
    static const char *const formats[] = { "auto", "llmc" };
    for (idx width = 2; width <= 4; width += 2)
        for (idx f = 0; f < COUNT_OF(formats); f++) {
            idx first = width == 2 ? 65400 : 100000;
            struct bytes b = llmc_bytes((uint64_t)first, 100, width);
            struct stored_query q =
                query_of(bytes_save("shard.bin", &b), formats[f]);
            struct stored s;
            open_stored(&s, &q);
            check_ramp(&s, 100, first);
            assert_int_equal(s.width, width);
            assert_null(s.documents);
            assert_true(s.text_bytes == 0);
            stored_close(&s);
        }
}

static void test_stored__text_is_bytes_and_a_file_a_document(void **state)
{
    (void)state;
    unsigned char bytes[256];
    struct stored s;
    for (int i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    assert_int_equal(mkdir(test_path("tree"), 0700), 0);
    assert_int_equal(mkdir(test_path("tree/b"), 0700), 0);
    test_write_file(test_path("tree/a"), bytes, 100);
    test_write_file(test_path("tree/b/x"), bytes + 100, 50);
    test_write_file(test_path("tree/b/y"), bytes, 0);
    test_write_file(test_path("tree/c"), bytes + 150, 106);
    test_write_file(test_path("tree/.hidden"), bytes, 7);
    struct stored_query q = query_of(test_path("tree"), "text");
    open_stored(&s, &q);
    check_ramp(&s, 256, 0);
    check_documents(&s, (const idx[]){ 0, 100, 150, 150, -1 });
    assert_true(s.text_bytes == 256);
    stored_close(&s);
}

/* The hash of a text is that of its bytes as 16-bit numbers, as data.hash of
 * old runs has it. */
static void test_stored__hash_of_a_text_is_of_16_bit_tokens(void **state)
{
    (void)state;
    static uint16_t tokens[100000];
    static unsigned char bytes[COUNT_OF(tokens)];
    char want[HASH_HEX_MAX];
    struct stored s;
    for (idx i = 0; i < COUNT_OF(tokens); i++)
        tokens[i] = bytes[i] = (unsigned char)(i * i % 251);
    hash_hex(want, hash_bytes(tokens, sizeof tokens));
    test_write_file(test_path("long.txt"), bytes, sizeof bytes);
    struct stored_query q = query_of(test_path("long.txt"), "text");
    open_stored(&s, &q);
    assert_string_equal(s.hash, want);
    stored_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored__llmc_shards_are_read),
        cmocka_unit_test(test_stored__text_is_bytes_and_a_file_a_document),
        cmocka_unit_test(test_stored__hash_of_a_text_is_of_16_bit_tokens),
    };
    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
