/* Token files that are damaged, foreign or mixed: one sentence each, with the
 * file in it, and nothing is left open. */
#include "data/stored_open.h"
#include "harness.h"
#include "token_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Is refused as ERR_DATA, with the file's name and these words. */
static void check_query(const struct stored_query *q, const char *file,
                        const char *words)
{
    struct stored s;
    struct err e = { 0 };
    int rc = stored_open(&s, q, &e);
    if (rc != ERR_DATA)
        fail_msg("%d, want '%s'", rc, words);
    if (!strstr(e.text, words) || !strstr(e.text, file) ||
        strncmp(e.text, "data.path ", strlen("data.path ")) != 0)
        fail_msg("%s", e.text);
    assert_null(strchr(e.text, '\n'));
    stored_close(&s);
}

static void check_refused(const char *path, const char *format, idx token_bytes,
                          const char *words)
{
    struct stored_query q = query_of(path, format);
    q.token_bytes = token_bytes;
    check_query(&q, path, words);
}

/* A shard with one number of its header changed, or cut. */
static void check_llmc(idx number, int32_t value, const char *words)
{
    struct bytes b = llmc_bytes(0, 100, 2);
    memcpy(b.at + 4 * number, &value, sizeof value);
    check_refused(bytes_save("shard.bin", &b), "llmc", 0, words);
}

static void check_llmc_cut(idx n, const char *words)
{
    struct bytes b = llmc_bytes(0, 100, 2);
    b.at = realloc(b.at, b.n + 8);
    assert_non_null(b.at);
    b.n = (size_t)n;
    const char *path = bytes_save("shard.bin", &b);
    check_refused(path, "llmc", 0, words);
    if (n >= 4) /* its magic is there */
        check_refused(path, "auto", 2, words);
}

static void test_refused__llmc(void **state)
{
    (void)state;
    check_llmc(0, 20240521, "begins with 20240521");
    check_llmc(0, 0, "begins with 0");
    check_llmc(0, 20240328, "a tokenizer");
    check_llmc(0, 20240522, "questions");
    check_llmc(0, 20240801, "version 1, but with magic 20240801");
    check_llmc(1, 2, "version 2");
    check_llmc(2, 99, "damaged");
    check_llmc(2, 101, "cut off");
    check_llmc(2, 0, "holds 0 tokens");
    check_llmc(2, -1, "holds -1 tokens");
    check_llmc(2, INT32_MAX, "cut off");
    check_llmc(2, INT32_MIN, "holds -2147483648 tokens");
    check_llmc_cut(0, "header of 1024");
    check_llmc_cut(3, "header of 1024");
    check_llmc_cut(1023, "header of 1024");
    check_llmc_cut(1024, "cut off");
    check_llmc_cut(1223, "cut off");
    check_llmc_cut(1225, "damaged");
}

static void test_refused__nanogpt(void **state)
{
    (void)state;
    struct bytes b = { 0 };
    bytes_tokens(&b, 0, 7, 1);
    const char *path = bytes_save("bare.bin", &b);
    check_refused(path, "nanogpt", 2, "no whole number of tokens of 2");
    check_refused(path, "nanogpt", 4, "no whole number of tokens of 4");
    check_refused(path, "nanogpt", 0, "data.token_bytes = 2");
    check_refused(path, "auto", 0, "data.token_bytes = 2");
    check_refused(path, "auto", 2, "no whole number");
    path = bytes_save("bare.bin", &b);
    check_refused(path, "nanogpt", 2, "is empty");
    check_refused(path, "auto", 2, "is empty");
    check_refused(path, "text", 0, "the text is empty");
    b = llmc_bytes(0, 100, 2);
    check_refused(bytes_save("shard.bin", &b), "nanogpt", 2, "an llm.c file");
}

/* --- Megatron ------------------------------------------------------------ */

static const idx lengths[] = { 30, 1, 0, 49, 20, -1 };
static const idx documents[] = { 0, 1, 4, -1 };

/* Where things stand in the index of those. */
enum {
    VERSION = 9,
    TYPE = 17,
    SEQUENCES = 18,
    DOCUMENTS = 26,
    LENGTHS = 34,
    PLACES = LENGTHS + 5 * 4,
    ENDS = PLACES + 5 * 8,
    ALL = ENDS + 4 * 8,
};

static void check_bin(idx n_bytes, const char *words)
{
    struct bytes b = { 0 };
    char path[512];
    save_megatron("m", 0, 2, lengths, documents);
    bytes_tokens(&b, 0, n_bytes, 1);
    snprintf(path, sizeof path, "%s", bytes_save("m.bin", &b));
    struct stored_query q = query_of(path, "auto");
    check_query(&q, test_path("m."), words);
}

/* The index with one number changed, and this many bytes of it (0: all). */
static void check_index(idx at, uint64_t value, idx width, idx n,
                        const char *words)
{
    struct bytes b = megatron_index(2, lengths, documents);
    char path[512];
    assert_int_equal(b.n, ALL);
    b.at = realloc(b.at, b.n + 64);
    assert_non_null(b.at);
    memset(b.at + b.n, 0, 64);
    memcpy(b.at + at, &value, (size_t)width);
    b.n = n ? (size_t)n : b.n;
    save_megatron("m", 0, 2, lengths, documents);
    bytes_save("m.idx", &b);
    snprintf(path, sizeof path, "%s", test_path("m.bin"));
    struct stored_query q = query_of(path, "auto");
    check_query(&q, test_path("m.idx"), words);
}

static void test_refused__megatron_headers(void **state)
{
    (void)state;
    check_index(0, 'X', 1, 0, "MMIDIDX");
    check_index(8, 1, 1, 0, "MMIDIDX");
    check_index(VERSION, 2, 8, 0, "version 2");
    check_index(VERSION, UINT64_MAX, 8, 0, "version 18446744073709551615");
    static const char *const names[] = { "0 (unknown)", "2 (int8)",
                                         "3 (int16)",   "5 (int64)",
                                         "6 (float64)", "7 (float32)",
                                         "9 (unknown)", "255 (unknown)" };
    for (idx i = 0; i < COUNT_OF(names); i++)
        check_index(TYPE, (uint64_t)atoi(names[i]), 1, 0, names[i]);
    static const uint64_t counts[] = { 0,         4,
                                       6,         UINT64_MAX,
                                       1u << 31,  UINT64_MAX / 12,
                                       INT64_MAX, UINT64_MAX / 12 + 6 };
    for (idx i = 0; i < COUNT_OF(counts); i++) {
        check_index(SEQUENCES, counts[i], 8, 0, "cut off or damaged");
        check_index(DOCUMENTS, counts[i] == 4 ? 5 : counts[i], 8, 0,
                    "cut off or damaged");
    }
    /* Sizes that would be right, were they counted modulo 2^64 */
    check_index(SEQUENCES, 5 + (UINT64_C(1) << 62), 8, 0, "cut off or damaged");
    check_index(DOCUMENTS, 4 + (UINT64_C(1) << 61), 8, 0, "cut off or damaged");
    for (idx n = 1; n < ALL + 64; n++)
        if (n != ALL)
            check_index(0, 'M', 1, n, n < LENGTHS ? "MMIDIDX" : "cut off");
}

static void test_refused__megatron_tables(void **state)
{
    (void)state;
    const char *const before = "it does not begin where the one before ends";
    const char *const end = "it does not end within the file";
    const char *const order = "sequences are in no order";
    check_index(LENGTHS, 31, 4, 0, before);
    check_index(LENGTHS, 101, 4, 0, end);
    check_index(LENGTHS, UINT32_MAX, 4, 0, end); /* -1 */
    check_index(LENGTHS, 1u << 31, 4, 0, end);
    check_index(LENGTHS + 4 * 4, 19, 4, 0,
                "tokens in no sequence, from token 99");
    check_index(LENGTHS + 4 * 4, 21, 4, 0, end);
    check_index(PLACES, 2, 8, 0, before);
    check_index(PLACES, UINT64_MAX, 8, 0, before);
    check_index(PLACES + 8, 58, 8, 0, before); /* one over the other */
    check_index(PLACES + 8, 62, 8, 0, before); /* one in no sequence */
    check_index(PLACES + 8, 61, 8, 0, before); /* between two tokens */
    check_index(ENDS, 1, 8, 0, "no document begins with sequence 0");
    check_index(ENDS + 8, 5, 8, 0, order);
    check_index(ENDS + 8, 6, 8, 0, order);
    check_index(ENDS + 8, UINT64_MAX, 8, 0, order);
    check_index(ENDS + 16, 0, 8, 0, order);
    check_index(ENDS + 24, 4, 8, 0, order);
    check_index(ENDS + 24, 6, 8, 0, order);
}

static void test_refused__megatron_tokens(void **state)
{
    (void)state;
    check_bin(0, "is empty");
    check_bin(199, "no whole number");
    check_bin(198, "it does not end within the file");
    check_bin(202, "tokens in no sequence, from token 100");
    struct bytes b = { 0 };
    bytes_tokens(&b, 0, 10, 2);
    const char *path = bytes_save("alone.bin", &b);
    struct stored_query q = query_of(path, "megatron");
    check_query(&q, "alone.idx", "No such file");
    save_megatron("void", 0, 2, (const idx[]){ 0, -1 }, (const idx[]){ 0, -1 });
    check_refused(test_path("void.bin"), "auto", 0, "is empty");
    b = megatron_index(2, (const idx[]){ 10, -1 }, (const idx[]){ -1 });
    b.n -= 8; /* no document at all */
    memset(b.at + DOCUMENTS, 0, 8);
    bytes_save("alone.idx", &b);
    q = query_of(test_path("alone.bin"), "auto");
    check_query(&q, "alone.idx", "no document begins with sequence 0");
}

/* --- several files ------------------------------------------------------- */

static void test_refused__mixed_files(void **state)
{
    (void)state;
    char pattern[512];
    struct bytes b = llmc_bytes(0, 10, 2);
    assert_int_equal(mkdir(test_path("mixed"), 0700), 0);
    bytes_save("mixed/a.bin", &b);
    b = llmc_bytes(0, 10, 4);
    bytes_save("mixed/b.bin", &b);
    check_refused(test_path("mixed"), "auto", 0, "give files of one width");
    bytes_tokens(&b, 0, 10, 2);
    bytes_save("mixed/b.bin", &b);
    check_refused(test_path("mixed"), "auto", 2, "give files of one format");
    check_refused(test_path("mixed"), "auto", 0, "data.token_bytes");
    check_refused(test_path("mixed"), "llmc", 0, "b.bin: ");
    save_megatron("mixed/b", 0, 2, lengths, documents);
    check_refused(test_path("mixed"), "auto", 0, "give files of one format");
    b = llmc_bytes(0, 10, 2);
    b.n--;
    bytes_save("mixed/c.bin", &b);
    snprintf(pattern, sizeof pattern, "%s/[ac].bin", test_path("mixed"));
    struct stored_query q = query_of(pattern, "auto");
    check_query(&q, "mixed/c.bin", "cut off");
    snprintf(pattern, sizeof pattern, "%s", test_path(""));
    q = query_of(pattern, "text"); /* a pipe among them */
    assert_int_equal(mkfifo(test_path("pipe"), 0600), 0);
    check_query(&q, "pipe", "neither a file");
}

/* The index might be there, and the documents with it. */
static void test_refused__what_cannot_be_looked_at_is_not_absent(void **state)
{
    (void)state;
    struct bytes b = { 0 };
    struct stored s;
    struct err e = { 0 };
    bytes_tokens(&b, 0, 10, 2);
    struct stored_query q = query_of(bytes_save("looped.bin", &b), "auto");
    q.token_bytes = 2;
    assert_int_equal(symlink("looped.idx", test_path("looped.idx")), 0);
    assert_int_equal(stored_open(&s, &q, &e), ERR_IO);
    assert_non_null(strstr(e.text, "looped.idx"));
    stored_close(&s);
}

static void test_refused__what_is_not_there(void **state)
{
    (void)state;
    check_refused(test_path("missing"), "auto", 0, "No such file");
    check_refused(test_path("missing"), "text", 0, "No such file");
    check_refused("", "auto", 0, "is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused__llmc),
        cmocka_unit_test(test_refused__nanogpt),
        cmocka_unit_test(test_refused__megatron_headers),
        cmocka_unit_test(test_refused__megatron_tables),
        cmocka_unit_test(test_refused__megatron_tokens),
        cmocka_unit_test(test_refused__mixed_files),
        cmocka_unit_test(test_refused__what_is_not_there),
        cmocka_unit_test(test_refused__what_cannot_be_looked_at_is_not_absent),
    };
    return cmocka_run_group_tests_name("stored_refused", tests, NULL, NULL);
}
