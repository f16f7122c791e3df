/* The files of a part: Megatron's layout, and the hash. */
#include "prepare/token_part.h"

#include "harness.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "io/fsys_calls.h"

enum { CAP_BYTES = 1 << 24, CALLS_MAX = 100 };

static uint64_t number(const char *at, int n)
{
    uint64_t value = 0;
    for (int i = 0; i < n; i++)
        value |= (uint64_t)(unsigned char)at[i] << 8 * i;
    return value;
}

static char *read_file(const char *name, size_t *n)
{
    struct err e = { 0 };
    char *bytes = NULL;
    if (fsys_read_file(&bytes, n, test_path(name), CAP_BYTES, &e))
        fail_msg("%s", e.text);
    return bytes;
}

/* Documents of 1, 2, ... n tokens, which count up from `first`. */
static int write_part(struct token_facts *facts, idx width, idx n,
                      int32_t first, struct err *e)
{
    struct token_part p = { 0 };
    int32_t token = first;
    *facts = (struct token_facts){ 0 };
    token_part_open(&p, test_dir(), "part", width, e);
    for (idx i = 1; i <= n && !e->code; i++) {
        for (idx k = 0; k < i && !e->code; k++, token++)
            token_part_add(&p, &token, 1, e);
        if (!e->code)
            token_part_end_document(&p, (size_t)i * 3, e);
    }
    if (!e->code && token_part_finish(&p, e) == OK) {
        *facts = p.facts;
        token_part_place(&p, e);
    }
    token_part_drop(&p);
    return e->code;
}

static void check_part(idx width, idx n, int32_t first)
{
    struct token_facts facts;
    struct err e = { 0 };
    size_t n_bin, n_index, total = (size_t)(n * (n + 1) / 2);
    char hex[HASH_HEX_MAX];
    assert_int_equal(write_part(&facts, width, n, first, &e), OK);
    char *bin = read_file("part.bin", &n_bin),
         *index = read_file("part.idx", &n_index);
    assert_int_equal(n_bin, total * (size_t)width);
    for (size_t i = 0; i < total; i++)
        if (number(bin + i * (size_t)width, (int)width) != (size_t)first + i)
            fail_msg("token %zu", i);
    hash_hex(hex, hash_bytes(bin, n_bin));
    assert_string_equal(facts.hash, hex);
    assert_int_equal(facts.tokens, total);
    assert_int_equal(facts.documents, n);
    assert_int_equal(facts.text_bytes, 3 * total);

    size_t N = (size_t)n;
    assert_int_equal(n_index, 34 + 4 * N + 8 * N + 8 * (N + 1));
    assert_memory_equal(index, "MMIDIDX\0\0", 9);
    assert_int_equal(number(index + 9, 8), 1);
    assert_int_equal(index[17], width == 2 ? 8 : 4);
    assert_int_equal(number(index + 18, 8), n);
    assert_int_equal(number(index + 26, 8), n + 1);
    uint64_t place = 0;
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(number(index + 34 + 4 * i, 4), i + 1);
        assert_int_equal(number(index + 34 + 4 * N + 8 * i, 8), place);
        assert_int_equal(number(index + 34 + 12 * N + 8 * i, 8), i);
        place += (i + 1) * (uint64_t)width;
    }
    assert_int_equal(number(index + 34 + 20 * N, 8), n);
    free(bin);
    free(index);
}

static void test_token_part__files_are_megatrons(void **state)
{
    (void)state;
    check_part(2, 1, 0);
    check_part(2, 300, 7);
    check_part(4, 300, 1 << 20);
}

/* More than the buffers hold: 1 MiB of tokens, 8192 lengths. */
static void test_token_part__grows_beyond_its_buffers(void **state)
{
    (void)state;
    enum { N = 30000 };
    struct token_part p = { 0 };
    struct err e = { 0 };
    size_t n_bin, n_index;
    int32_t tokens[37];
    for (int i = 0; i < 37; i++)
        tokens[i] = i;
    assert_int_equal(token_part_open(&p, test_dir(), "large", 2, &e), OK);
    for (idx i = 0; i < N; i++) {
        token_part_add(&p, tokens, 37, &e);
        token_part_end_document(&p, 37, &e);
    }
    assert_int_equal(token_part_finish(&p, &e), OK);
    assert_int_equal(token_part_place(&p, &e), OK);
    char *bin = read_file("large.bin", &n_bin),
         *index = read_file("large.idx", &n_index);
    assert_int_equal(n_bin, 2 * 37 * N);
    for (size_t i = 0; i < 37 * N; i++)
        if (number(bin + 2 * i, 2) != i % 37)
            fail_msg("token %zu", i);
    assert_int_equal(n_index, 34 + 20 * N + 8);
    for (size_t i = 0; i < N; i++) {
        assert_int_equal(number(index + 34 + 4 * i, 4), 37);
        assert_int_equal(number(index + 34 + 4 * N + 8 * i, 8), 74 * i);
    }
    token_part_drop(&p);
    free(bin);
    free(index);
}

/* A document of 2^31 + 5 tokens, which are not written here: only counted. */
static void test_token_part__a_huge_document_is_several_sequences(void **state)
{
    (void)state;
    struct token_part p = { 0 };
    struct err e = { 0 };
    size_t n;
    const int32_t token = 1;
    assert_int_equal(token_part_open(&p, test_dir(), "huge", 2, &e), OK);
    token_part_add(&p, &token, 1, &e);
    p.n_now = ((idx)1 << 31) + 5;
    token_part_end_document(&p, 1, &e);
    token_part_add(&p, &token, 1, &e);
    token_part_end_document(&p, 1, &e);
    assert_int_equal(token_part_finish(&p, &e), OK);
    assert_int_equal(token_part_place(&p, &e), OK);
    char *index = read_file("huge.idx", &n);
    static const uint64_t lengths[] = { 1 << 30, 1 << 30, 5, 1 },
                          places[] = { 0, 1U << 31, (uint64_t)1 << 32,
                                       ((uint64_t)1 << 32) + 10 },
                          documents[] = { 0, 3, 4 };
    assert_int_equal(n, 34 + 12 * 4 + 8 * 3);
    assert_int_equal(number(index + 18, 8), 4);
    assert_int_equal(number(index + 26, 8), 3);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(number(index + 34 + 4 * i, 4), lengths[i]);
        assert_int_equal(number(index + 50 + 8 * i, 8), places[i]);
    }
    for (int i = 0; i < 3; i++)
        assert_int_equal(number(index + 82 + 8 * i, 8), documents[i]);
    token_part_drop(&p);
    free(index);
}

static void test_token_part__without_tokens_there_are_no_files(void **state)
{
    (void)state;
    struct token_part p = { 0 };
    struct err e = { 0 };
    assert_int_equal(token_part_open(&p, test_dir(), "none", 2, &e), OK);
    assert_int_equal(token_part_end_document(&p, 0, &e), OK);
    assert_int_equal(token_part_finish(&p, &e), OK);
    assert_int_equal(token_part_place(&p, &e), OK);
    assert_int_equal(p.facts.documents, 0);
    token_part_drop(&p);
    assert_int_equal(test_count("none"), 0);
    assert_int_equal(test_count(".tmp-"), 0);
}

static void test_token_part__any_failure_leaves_nothing(void **state)
{
    (void)state;
    int rc = ERR_IO;
    long n = 1;
    for (; rc != OK && n < CALLS_MAX; n++) {
        struct token_facts facts;
        struct err e = { 0 };
        fsys_remove(test_path("part.bin"), &e);
        fsys_remove(test_path("part.idx"), &e);
        fsys_fail_at(n, ENOSPC);
        rc = write_part(&facts, 2, 5, 0, &e);
        fsys_fail_at(0, 0);
        assert_int_equal(rc, e.code);
        assert_int_equal(test_count(".tmp-"), 0);
        assert_true(rc == OK || test_count("part.") <= 1);
    }
    assert_int_equal(rc, OK);
    assert_true(n > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_token_part__files_are_megatrons),
        cmocka_unit_test(test_token_part__grows_beyond_its_buffers),
        cmocka_unit_test(test_token_part__a_huge_document_is_several_sequences),
        cmocka_unit_test(test_token_part__without_tokens_there_are_no_files),
        cmocka_unit_test(test_token_part__any_failure_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
