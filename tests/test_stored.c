/* Tokens in files: every layout, across files, and what is refused. */
#include "data/stored.h"
#include "harness.h"
#include "token_files.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/identity_note.h"

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

static void test_stored__nanogpt_files_are_read(void **state)
{
    (void)state;
    static const char *const formats[] = { "auto", "nanogpt" };
    for (idx width = 2; width <= 4; width += 2)
        for (idx f = 0; f < COUNT_OF(formats); f++) {
            idx first = width == 2 ? 65400 : 100000;
            struct bytes b = { 0 };
            struct stored s;
            bytes_tokens(&b, (uint64_t)first, 100, width);
            struct stored_query q =
                query_of(bytes_save("bare.bin", &b), formats[f]);
            q.token_bytes = width;
            open_stored(&s, &q);
            check_ramp(&s, 100, first);
            assert_null(s.documents);
            stored_close(&s);
        }
}

/* Documents of one sequence, of several, and of none. */
static void test_stored__megatron_files_are_read_with_documents(void **state)
{
    (void)state;
    static const idx lengths[] = { 30, 1, 0, 49, 20, -1 };
    static const idx documents[] = { 0, 1, 1, 4, 5, -1 };
    static const char *const names[] = { "m.bin", "m", "m.idx" };
    for (idx width = 1; width <= 4; width *= 2) {
        idx first = width == 1 ? 150 : width == 2 ? 65400 : 100000;
        save_megatron("m", (uint64_t)first, width, lengths, documents);
        for (idx i = 0; i < COUNT_OF(names); i++) {
            struct stored_query q =
                query_of(test_path(names[i]), i ? "megatron" : "auto");
            struct stored s;
            open_stored(&s, &q);
            check_ramp(&s, 100, first);
            check_documents(&s, (const idx[]){ 0, 30, 30, 80, 100, -1 });
            assert_int_equal(s.width, width);
            stored_close(&s);
        }
    }
}

/* Many files of uneven lengths: every window is that of all of them in one. */
static void test_stored__windows_go_across_files(void **state)
{
    (void)state;
    enum { FILES = 40 };
    char pattern[512];
    static int32_t all[4000];
    idx n = 0;
    struct stored s;
    assert_int_equal(mkdir(test_path("many"), 0700), 0);
    for (idx i = 0; i < FILES; i++) {
        char name[64];
        struct bytes b = { 0 };
        for (idx k = 0; k < 1 + i * 7 % 100; k++, n++) {
            all[n] = (int32_t)((n * 40503) % 65536);
            bytes_number(&b, (uint64_t)all[n], 2);
        }
        snprintf(name, sizeof name, "many/part-%02td.bin", i);
        bytes_save(name, &b);
    }
    snprintf(pattern, sizeof pattern, "%s/part-*.bin", test_path("many"));
    struct stored_query q = query_of(pattern, "nanogpt");
    q.token_bytes = 2;
    open_stored(&s, &q);
    assert_int_equal(s.n, n);
    assert_int_equal(s.n_pieces, FILES);
    for (idx length = 1; length <= n; length = length * 3 + 1)
        for (idx from = 0; from + length <= n; from++) {
            static int32_t out[COUNT_OF(all)];
            stored_read(&s, out, from, length);
            assert_memory_equal(out, all + from, (size_t)length * sizeof *out);
        }
    stored_close(&s);
}

static void test_stored__documents_of_several_files_are_joined(void **state)
{
    (void)state;
    struct stored s;
    assert_int_equal(mkdir(test_path("join"), 0700), 0);
    save_megatron("join/a", 0, 2, (const idx[]){ 10, 20, -1 },
                  (const idx[]){ 0, 1, -1 });
    save_megatron("join/b", 30, 2, (const idx[]){ 5, 5, -1 },
                  (const idx[]){ 0, -1 });
    save_megatron("join/c", 40, 2, (const idx[]){ 60, -1 },
                  (const idx[]){ 0, -1 });
    struct stored_query q = query_of(test_path("join"), "auto");
    open_stored(&s, &q);
    check_ramp(&s, 100, 0);
    check_documents(&s, (const idx[]){ 0, 10, 30, 40, -1 });
    stored_close(&s);
}

/* One hash for the same tokens, whatever holds them; those of 32 bits have
 * another. */
static void test_stored__the_hash_is_of_tokens_alone(void **state)
{
    (void)state;
    static uint16_t ramp[100];
    char want[HASH_HEX_MAX];
    struct stored s;
    for (int i = 0; i < 100; i++)
        ramp[i] = (uint16_t)i;
    hash_hex(want, hash_bytes(ramp, sizeof ramp));
    struct bytes b = llmc_bytes(0, 100, 2);
    bytes_save("ramp-llmc.bin", &b);
    bytes_tokens(&b, 0, 100, 2);
    bytes_save("ramp-bare.bin", &b);
    bytes_tokens(&b, 0, 100, 1);
    bytes_save("ramp.txt", &b);
    save_megatron("ramp-m", 0, 1, (const idx[]){ 60, 40, -1 },
                  (const idx[]){ 0, -1 });
    static const struct {
        const char *name, *format;
    } files[] = { { "ramp-llmc.bin", "auto" },
                  { "ramp-bare.bin", "nanogpt" },
                  { "ramp-m.bin", "auto" },
                  { "ramp.txt", "text" } };
    for (idx i = 0; i < COUNT_OF(files); i++) {
        struct stored_query q =
            query_of(test_path(files[i].name), files[i].format);
        q.token_bytes = 2;
        open_stored(&s, &q);
        assert_string_equal(s.hash, want);
        stored_close(&s);
    }
    uint32_t wide[100];
    for (int i = 0; i < 100; i++)
        wide[i] = ramp[i];
    hash_hex(want, hash_bytes(wide, sizeof wide));
    b = llmc_bytes(0, 100, 4);
    struct stored_query q = query_of(bytes_save("wide.bin", &b), "llmc");
    open_stored(&s, &q);
    assert_string_equal(s.hash, want);
    stored_close(&s);
}

static void check_foreign(const struct stored *s, idx vocab, const char *words)
{
    struct err e = { 0 };
    assert_int_equal(stored_check_vocab(s, vocab, &e), ERR_DATA);
    if (!strstr(e.text, words))
        fail_msg("%s", e.text);
}

/* A folder with two shards: the second of 7s, but for 1000 at token `at` and
 * 2000 behind it. */
static const char *save_foreign(const char *dir, idx width, idx n, idx at)
{
    char name[64];
    struct bytes b = llmc_bytes(0, 50, width);
    mkdir(test_path(dir), 0700);
    snprintf(name, sizeof name, "%s/a.bin", dir);
    bytes_save(name, &b);
    b = llmc_bytes(0, 0, width);
    memcpy(b.at + 8, &(int32_t){ (int32_t)n }, 4);
    b.at = realloc(b.at, b.n + (size_t)(n * width));
    assert_non_null(b.at);
    for (idx i = 0; i < n; i++) {
        uint32_t token = i == at ? 1000 : i == at + 9 ? 2000 : 7;
        memcpy(b.at + b.n, &token, (size_t)width);
        b.n += (size_t)width;
    }
    snprintf(name, sizeof name, "%s/b.bin", dir);
    bytes_save(name, &b);
    return test_path(dir);
}

/* The first of them, in its file, also far into a long one. */
static void test_stored__a_token_beyond_the_vocabulary_is_named(void **state)
{
    (void)state;
    static const idx places[] = { 0, 77, 65535, 65536, 65537, 131149, 199990 };
    for (idx width = 2; width <= 4; width += 2)
        for (idx i = 0; i < COUNT_OF(places); i++) {
            char first[64], second[64];
            struct stored s;
            struct err e = { 0 };
            struct stored_query q = query_of(
                save_foreign("foreign", width, 200000, places[i]), "auto");
            open_stored(&s, &q);
            snprintf(first, sizeof first, "b.bin: token %td is 1000, ",
                     places[i]);
            snprintf(second, sizeof second, "b.bin: token %td is 2000, ",
                     places[i] + 9);
            assert_int_equal(s.max_token, 2000);
            assert_int_equal(stored_check_vocab(&s, 2001, &e), OK);
            check_foreign(&s, 2000, second);
            check_foreign(&s, 1001, second);
            check_foreign(&s, 1000, first);
            check_foreign(&s, 49, "a.bin: token 49 is 49, ");
            stored_close(&s);
        }
}

/* What stands for a negative number of 32 bits is beyond every vocabulary. */
static void test_stored__tokens_of_32_bits_have_no_sign(void **state)
{
    (void)state;
    struct bytes b = { 0 };
    struct stored s;
    bytes_number(&b, 5, 4);
    bytes_number(&b, 0xffffffff, 4);
    struct stored_query q = query_of(bytes_save("minus.bin", &b), "nanogpt");
    q.token_bytes = 4;
    open_stored(&s, &q);
    assert_int_equal(s.max_token, 4294967295);
    check_foreign(&s, INT32_MAX, "token 1 is 4294967295, ");
    stored_close(&s);
}

/* --- files larger than 4 GiB, of holes ----------------------------------- */

enum { LAST = 1000 }; /* tokens behind the hole */

/* A file of n tokens of this width, all 0 but the last. false: the file system
 * has no such files. */
static bool save_sparse(const char *name, idx n, idx width)
{
    struct bytes b = { 0 };
    int fd = open(test_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    bytes_tokens(&b, 60000, LAST, width);
    bool is_there = fd >= 0 && ftruncate(fd, n * width) == 0;
    if (is_there)
        assert_int_equal(pwrite(fd, b.at, b.n, (n - LAST) * width), b.n);
    free(b.at);
    close(fd);
    return is_there;
}

/* The note says a hash, so that nobody reads gigabytes of nothing for it. */
static void note_sparse(const struct stored_query *q, const char *path)
{
    struct identity_note note;
    struct stored s = { 0 };
    struct mapping *m;
    struct err e = { 0 };
    assert_int_equal(stored_map(&s, &m, path, path, &e), OK);
    if (q->format->add(&s, m, q, &e))
        fail_msg("%s", e.text);
    strcpy(s.hash, "0123456789abcdef");
    s.max_token = 60000 + LAST - 1;
    assert_int_equal(identity_note_of(&note, &s, q, &e), OK);
    identity_note_write(&note, &s, 99999999999);
    stored_close(&s);
}

static void check_sparse(const struct stored_query *q, const char *path, idx n)
{
    int32_t out[LAST + 8];
    struct stored s;
    note_sparse(q, path);
    open_stored(&s, q);
    assert_string_equal(s.hash, "0123456789abcdef");
    assert_false(s.is_hashed);
    assert_int_equal(s.n, n);
    stored_read(&s, out, n - LAST - 8, LAST + 8);
    for (idx i = 0; i < LAST + 8; i++)
        assert_int_equal(out[i], i < 8 ? 0 : 60000 + i - 8);
    stored_read(&s, out, n - 1, 1);
    assert_int_equal(out[0], 60000 + LAST - 1);
    stored_close(&s);
}

static void test_stored__a_file_over_4_gib_is_read_at_its_end(void **state)
{
    (void)state;
    const idx n = ((idx)5 << 30) / 2;
    if (!save_sparse("large.bin", n, 2))
        skip();
    struct stored_query q = query_of(test_path("large.bin"), "nanogpt");
    q.token_bytes = 2;
    check_sparse(&q, q.path, n);
    const idx lengths[] = { n / 2, n / 2 - LAST, LAST, -1 };
    struct bytes b = megatron_index(2, lengths, (const idx[]){ 0, 1, 2, -1 });
    bytes_save("large.idx", &b);
    q = query_of(test_path("large.bin"), "auto");
    struct stored_query given = q;
    given.format = &stored_megatron;
    note_sparse(&given, q.path);
    check_sparse(&given, q.path, n);
    struct stored s;
    open_stored(&s, &q);
    check_documents(&s, (const idx[]){ 0, n / 2, n - LAST, -1 });
    stored_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stored__llmc_shards_are_read),
        cmocka_unit_test(test_stored__text_is_bytes_and_a_file_a_document),
        cmocka_unit_test(test_stored__hash_of_a_text_is_of_16_bit_tokens),
        cmocka_unit_test(test_stored__nanogpt_files_are_read),
        cmocka_unit_test(test_stored__megatron_files_are_read_with_documents),
        cmocka_unit_test(test_stored__windows_go_across_files),
        cmocka_unit_test(test_stored__documents_of_several_files_are_joined),
        cmocka_unit_test(test_stored__the_hash_is_of_tokens_alone),
        cmocka_unit_test(test_stored__a_token_beyond_the_vocabulary_is_named),
        cmocka_unit_test(test_stored__tokens_of_32_bits_have_no_sign),
        cmocka_unit_test(test_stored__a_file_over_4_gib_is_read_at_its_end),
    };
    return cmocka_run_group_tests_name("stored", tests, NULL, NULL);
}
