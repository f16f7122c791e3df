/* Libraries whose files were cut short: the loader ends the process that maps
 * one, and that is not this one. */
#include "kern/library.h"
#include "harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char cut[] = "cut.so";

/* A library that is there in any case: cmocka's. */
static const char *whole(void)
{
    void *address;
    int (*of)(const char *, const struct CMUnitTest *, size_t,
              CMFixtureFunction, CMFixtureFunction) = _cmocka_run_group_tests;
    Dl_info info;
    memcpy(&address, &of, sizeof address);
    assert_int_not_equal(dladdr(address, &info), 0);
    return info.dli_fname;
}

/* Returns its bytes, which the caller frees. */
static char *read_whole(size_t *n)
{
    struct stat st;
    FILE *f = fopen(whole(), "rb");
    assert_non_null(f);
    assert_int_equal(fstat(fileno(f), &st), 0);
    char *bytes = malloc((size_t)st.st_size);
    *n = fread(bytes, 1, (size_t)st.st_size, f);
    assert_int_equal(*n, st.st_size);
    fclose(f);
    return bytes;
}

static void write_cut(const char *bytes, size_t n)
{
    remove(cut); /* a new file, nobody's mapping */
    FILE *f = fopen(cut, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static struct library_failure open_cut(void **handle)
{
    static const char *const files[] = { "./cut.so", "./none.so" };
    struct library_failure why = { .fault = LIBRARY_MISSING };
    *handle = library_open(files, COUNT_OF(files), &why);
    return why;
}

static void test_library__a_file_cut_short_is_refused_in_words(void **state)
{
    size_t n;
    char *bytes = read_whole(&n);
    void *handle;
    (void)state;
    idx n_damaged = 0;
    for (size_t part = 0; part < 16; part++) {
        write_cut(bytes, n * part / 16);
        struct library_failure why = open_cut(&handle);
        if (handle) { /* nothing that is loaded was cut off */
            dlclose(handle);
            continue;
        }
        assert_true(why.fault != LIBRARY_NO_MEMORY && why.text[0]);
        if (why.fault == LIBRARY_DAMAGED)
            assert_non_null(strstr(why.text, cut));
        n_damaged += why.fault == LIBRARY_DAMAGED;
    }
    assert_true(n_damaged > 0);
    write_cut(bytes, n);
    open_cut(&handle);
    assert_non_null(handle);
    dlclose(handle);
    remove(cut);
    free(bytes);
}

static void test_library__one_that_is_not_there_is_missing(void **state)
{
    void *handle;
    (void)state;
    remove(cut);
    struct library_failure why = open_cut(&handle);
    assert_null(handle);
    assert_int_equal(why.fault, LIBRARY_MISSING);
    assert_non_null(strstr(why.text, "none.so"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_library__a_file_cut_short_is_refused_in_words),
        cmocka_unit_test(test_library__one_that_is_not_there_is_missing),
    };
    return cmocka_run_group_tests_name("library", tests, NULL, NULL);
}
