/* A prepared folder, opened part by part by its manifest. */
#include "data/prepared.h"
#include "data/stored_open.h"
#include "harness.h"
#include "token_files.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/sealed_text.h"

static const char good[] = "[prepare]\nsource 1 = a name of any kind\n"
                           "[corpus]\nformat = megatron\nvocab = 300\n"
                           "train_tokens = 80\ntrain_bytes = 200\n"
                           "val_tokens = 20\nval_bytes = 50\n";

/* A folder with both parts, tokens 0 .. 79 and 80 .. 99, and this manifest. */
static const char *prepare(const char *dir, const char *manifest)
{
    char name[64];
    struct err e = { 0 };
    mkdir(test_path(dir), 0700);
    snprintf(name, sizeof name, "%s/train", dir);
    save_megatron(name, 0, 2, (const idx[]){ 50, 30, -1 },
                  (const idx[]){ 0, 1, -1 });
    snprintf(name, sizeof name, "%s/val", dir);
    save_megatron(name, 80, 2, (const idx[]){ 20, -1 }, (const idx[]){ 0, -1 });
    snprintf(name, sizeof name, "%s/%s", dir, PREPARED_MANIFEST);
    assert_int_equal(
        sealed_text_write(test_path(name), manifest, strlen(manifest), &e), OK);
    return test_path(dir);
}

static void check_part(const struct stored_query *q, idx first, idx n,
                       idx n_documents, double text_bytes)
{
    struct stored s;
    struct err e = { 0 };
    int32_t out[100];
    if (stored_open(&s, q, &e))
        fail_msg("%s", e.text);
    assert_int_equal(s.n, n);
    stored_read(&s, out, 0, n);
    for (idx i = 0; i < n; i++)
        assert_int_equal(out[i], first + i);
    assert_int_equal(s.n_documents, n_documents);
    assert_int_equal(s.vocab, 300);
    assert_true(s.is_prepared);
    assert_true(s.text_bytes == text_bytes);
    stored_close(&s);
}

static void test_prepared__both_parts_are_opened(void **state)
{
    (void)state;
    static const char *const formats[] = { "auto", "megatron" };
    for (idx i = 0; i < COUNT_OF(formats); i++) {
        struct stored_query q = query_of(prepare("whole", good), formats[i]);
        check_part(&q, 0, 80, 2, 200);
        q.part = STORED_VAL;
        check_part(&q, 80, 20, 1, 50);
    }
}

static void check_refused(const struct stored_query *q, const char *words)
{
    struct stored s;
    struct err e = { 0 };
    if (stored_open(&s, q, &e) != ERR_DATA)
        fail_msg("not refused: %s", words);
    if (!strstr(e.text, words))
        fail_msg("%s", e.text);
    stored_close(&s);
}

static void test_prepared__without_a_held_out_part_there_is_none(void **state)
{
    (void)state;
    struct stored s;
    struct err e = { 0 };
    struct stored_query q =
        query_of(prepare("half", "[corpus]\nformat = megatron\nvocab = 300\n"
                                 "train_tokens = 80\nval_tokens = 0\n"),
                 "auto");
    unlink(test_path("half/val.bin"));
    unlink(test_path("half/val.idx"));
    assert_int_equal(stored_open(&s, &q, &e), OK);
    assert_false(s.is_prepared);
    assert_true(s.text_bytes == 0);
    stored_close(&s);
    q.part = STORED_VAL;
    check_refused(&q, "without a held-out part");
}

/* The manifest with this line changed. */
static void check_manifest(const char *line, const char *instead,
                           const char *words)
{
    char text[1024];
    const char *at = strstr(good, line), *end = strchr(at, '\n') + 1;
    snprintf(text, sizeof text, "%.*s%s\n%s", (int)(at - good), good, instead,
             end);
    struct stored_query q = query_of(prepare("odd", text), "auto");
    check_refused(&q, words);
}

static void test_prepared__refuses_a_manifest_that_makes_no_sense(void **state)
{
    (void)state;
    check_manifest("format", "format = llmc", "[corpus] format");
    check_manifest("format", "", "[corpus] format");
    check_manifest("vocab", "vocab = 0", "[corpus] vocab");
    check_manifest("vocab", "vocab = -3", "[corpus] vocab");
    check_manifest("vocab", "vocab = 3000000000", "[corpus] vocab");
    check_manifest("vocab", "vocab = 300 or so", "[corpus] vocab");
    check_manifest("vocab", "", "[corpus] vocab");
    check_manifest("train_tokens", "train_tokens = 81", "says 81");
    check_manifest("train_tokens", "train_tokens = x", "train_tokens");
    check_manifest("train_tokens", "", "train_tokens");
    check_manifest("train_bytes", "train_hash = 0123456789abcdef",
                   "with 0123456789abcdef");
    check_manifest("train_bytes", "train_hash = 0123456789ABCDEF",
                   "[corpus] train_hash");
    check_manifest("train_bytes", "train_hash = 01", "[corpus] train_hash");
    check_manifest("val_tokens", "val_tokens = 99999999999999999999",
                   "[corpus] val_tokens");
}

static void test_prepared__refuses_a_manifest_that_was_changed(void **state)
{
    (void)state;
    char text[1024];
    struct stored_query q = query_of(prepare("changed", good), "auto");
    FILE *f = fopen(test_path("changed/" PREPARED_MANIFEST), "r+");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    text[n / 2] ^= 1;
    test_write_file(test_path("changed/" PREPARED_MANIFEST), text, n);
    check_refused(&q, "seal");
}

static void test_prepared__a_part_that_is_missing_is_named(void **state)
{
    (void)state;
    struct stored_query q = query_of(prepare("lost", good), "auto");
    assert_int_equal(unlink(test_path("lost/train.idx")), 0);
    check_refused(&q, "lost/train.idx: No such file");
    q = query_of(prepare("lost", good), "auto");
    assert_int_equal(unlink(test_path("lost/val.bin")), 0);
    q.part = STORED_VAL;
    check_refused(&q, "lost/val.bin: No such file");
}

static void test_prepared__other_uses_are_refused(void **state)
{
    (void)state;
    struct stored_query q = query_of(prepare("uses", good), "text");
    check_refused(&q, "data.source = tokens");
    q = query_of(test_path("uses"), "nanogpt");
    q.token_bytes = 2;
    check_refused(&q, "leave data.format away");
}

/* manifest.ini of something else, as in a run folder. */
static void test_prepared__other_manifests_are_passed_over(void **state)
{
    (void)state;
    struct stored s;
    struct err e = { 0 };
    struct stored_query q =
        query_of(prepare("run", "[run]\nvocab = 3\nformat = x\n"), "auto");
    check_refused(&q, "has train.bin and val.bin");
    assert_int_equal(unlink(test_path("run/val.bin")), 0);
    assert_int_equal(stored_open(&s, &q, &e), OK);
    assert_false(s.is_prepared);
    assert_int_equal(s.vocab, 0);
    stored_close(&s);
    assert_int_equal(mkdir(test_path("text"), 0700), 0);
    assert_int_equal(mkdir(test_path("text/" PREPARED_MANIFEST), 0700), 0);
    test_write_text("text/words", "some");
    q = query_of(test_path("text"), "text");
    assert_int_equal(stored_open(&s, &q, &e), OK);
    assert_int_equal(s.n, 4);
    stored_close(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prepared__both_parts_are_opened),
        cmocka_unit_test(test_prepared__without_a_held_out_part_there_is_none),
        cmocka_unit_test(test_prepared__refuses_a_manifest_that_makes_no_sense),
        cmocka_unit_test(test_prepared__refuses_a_manifest_that_was_changed),
        cmocka_unit_test(test_prepared__a_part_that_is_missing_is_named),
        cmocka_unit_test(test_prepared__other_uses_are_refused),
        cmocka_unit_test(test_prepared__other_manifests_are_passed_over),
    };
    return cmocka_run_group_tests_name("prepared", tests, NULL, NULL);
}
