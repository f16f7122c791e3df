#include "harness.h"
#include "io/fsys.h"
#include "io/sealed_text.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "[run]\nseed = 3   ; default\n";

static void seal(char sealed[128], size_t *n, const char *of)
{
    char line[SEAL_LINE_MAX];
    sealed_text_line(line, of, strlen(of));
    *n = (size_t)snprintf(sealed, 128, "%s%s", of, line);
}

static void test_sealed_text__is_cut_off(void **state)
{
    char sealed[128];
    size_t n;
    (void)state;
    seal(sealed, &n, text);
    assert_int_equal(n, strlen(text) + SEAL_LINE_BYTES);
    assert_int_equal(sealed_text_open(sealed, &n), SEAL_GOOD);
    assert_string_equal(sealed, text);
    assert_int_equal(n, strlen(text));
    seal(sealed, &n, "");
    assert_int_equal(sealed_text_open(sealed, &n), SEAL_GOOD);
    assert_int_equal(n, 0);
}

/* Any byte becomes any other: found. */
static void test_sealed_text__every_changed_byte_is_found(void **state)
{
    char sealed[128];
    size_t n;
    (void)state;
    seal(sealed, &n, text);
    for (size_t i = 0; i < n; i++)
        for (int to = 0; to < 256; to++) {
            char changed[128];
            size_t n_changed = n;
            memcpy(changed, sealed, n + 1);
            changed[i] = (char)to;
            enum seal_state want =
                changed[i] == sealed[i] ? SEAL_GOOD : SEAL_BROKEN;
            assert_int_equal(sealed_text_open(changed, &n_changed), want);
        }
}

static void test_sealed_text__a_cut_seal_is_found(void **state)
{
    char sealed[128];
    size_t n;
    (void)state;
    seal(sealed, &n, text);
    for (size_t cut = strlen(text) + 1; cut < n; cut++) {
        char changed[128];
        size_t left = cut;
        memcpy(changed, sealed, cut);
        changed[cut] = '\0';
        assert_int_equal(sealed_text_open(changed, &left), SEAL_BROKEN);
    }
}

static void test_sealed_text__files_without_are_read(void **state)
{
    static const char *const plain[] = { text, "done\nstep 3, T\n", "x" };
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/plain", test_dir());
    for (idx i = 0; i < COUNT_OF(plain); i++) {
        char *got;
        size_t n;
        bool is_sealed = true;
        struct err e = { 0 };
        test_write_file(path, plain[i], strlen(plain[i]));
        assert_int_equal(sealed_text_read(&got, &n, &is_sealed, path, 100,
                                          ERR_DATA, "do so", &e),
                         OK);
        assert_false(is_sealed);
        assert_string_equal(got, plain[i]);
        free(got);
    }
}

static void test_sealed_text__an_empty_file_is_damage(void **state)
{
    static const char *const blank[] = { "", "\n", " \n\n" };
    char path[256];
    (void)state;
    snprintf(path, sizeof path, "%s/blank", test_dir());
    for (idx i = 0; i < COUNT_OF(blank); i++) {
        char *got;
        size_t n;
        struct err e = { 0 };
        test_write_file(path, blank[i], strlen(blank[i]));
        assert_int_equal(
            sealed_text_read(&got, &n, NULL, path, 100, ERR_DATA, "do so", &e),
            ERR_DATA);
        assert_null(got);
        assert_non_null(strstr(e.text, i ? "was changed" : "blank: is empty"));
        assert_non_null(strstr(e.text, "; do so"));
    }
}

static void test_sealed_text__says_what_to_do(void **state)
{
    char path[256], *got, *bytes;
    size_t n;
    bool is_sealed = false;
    struct err e = { 0 };
    (void)state;
    snprintf(path, sizeof path, "%s/sealed", test_dir());
    assert_int_equal(sealed_text_write(path, text, strlen(text), &e), OK);
    assert_int_equal(sealed_text_read(&got, &n, &is_sealed, path, 100, ERR_DATA,
                                      "do so", &e),
                     OK);
    assert_true(is_sealed);
    assert_string_equal(got, text);
    free(got);
    assert_int_equal(fsys_read_file(&bytes, &n, path, 100, &e), OK);
    bytes[3]++;
    test_write_file(path, bytes, n);
    free(bytes);
    assert_int_equal(
        sealed_text_read(&got, &n, NULL, path, 100, ERR_CONFIG, "do so", &e),
        ERR_CONFIG);
    assert_null(got);
    assert_non_null(strstr(e.text, "sealed: was changed after sinklab wrote "));
    assert_non_null(strstr(e.text, "; do so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sealed_text__is_cut_off),
        cmocka_unit_test(test_sealed_text__every_changed_byte_is_found),
        cmocka_unit_test(test_sealed_text__a_cut_seal_is_found),
        cmocka_unit_test(test_sealed_text__files_without_are_read),
        cmocka_unit_test(test_sealed_text__an_empty_file_is_damage),
        cmocka_unit_test(test_sealed_text__says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
